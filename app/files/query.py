"""What can be seen of pictures: on pages, by the route that serves them, and by the archive."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, ScalarSelect, bindparam, exists, func, select
from sqlalchemy.orm import Session

from app.core.actor import NOBODY, Actor
from app.core.errors import NotFound
from app.core.rows import rows
from app.core.text import N_
from app.files.models import Picture, PictureState
from app.files.policy import may_see
from app.files.store import ARCHIVE, PictureStore


@dataclass(frozen=True, slots=True)
class ShownPicture:
    """A picture as a page needs it. state: waiting (no file yet), ready or failed. width, height: pixels of "side"."""

    id: UUID
    position: int
    state: str
    width: int
    height: int
    public: bool

    @property
    def is_ready(self) -> bool:
        return self.state == PictureState.READY.value


@dataclass(frozen=True, slots=True)
class ArchivePictures:
    """What the letter to the archive takes along: JPEG files in order. pending: come back later. failed: how many."""

    files: tuple[bytes, ...]
    pending: bool
    failed: int


def pictures_of(session: Session, input_id: UUID) -> Sequence[ShownPicture]:
    """Return the pictures of one input, in order, whatever their state."""
    return tuple(ShownPicture(*found[1:]) for found in rows(session, _SHOWN_OF_ONE, {"input": input_id}))


_pictures = Picture.__table__.c
# Made once: every page asks it, and making a question costs as much as asking it.
_SHOWN = select(
    _pictures.input_id,
    _pictures.id,
    _pictures.position,
    _pictures.state,
    _pictures.width,
    _pictures.height,
    _pictures.public,
).order_by(_pictures.input_id, _pictures.position)
_SHOWN_OF_ONE = _SHOWN.where(_pictures.input_id == bindparam("input"))
_SHOWN_ALONE = _SHOWN.where(_pictures.id == bindparam("picture"))
_SHOWN_OF = _SHOWN.where(_pictures.input_id.in_(bindparam("inputs", expanding=True)))


def any_pictures(input_id: ColumnElement[Any]) -> ColumnElement[bool]:
    """Return whether an input has pictures, whatever their state: a part of another question."""
    return exists().where(_pictures.input_id == input_id)


def first_shown(input_id: ColumnElement[Any]) -> ScalarSelect[Any]:
    """Return the id of the first picture that everybody may see, for a list: a part of its question."""
    return (
        select(_pictures.id)
        .where(_pictures.input_id == input_id, _pictures.state == PictureState.READY.value, _pictures.public)
        .order_by(_pictures.position)
        .limit(1)
        .scalar_subquery()
    )


def pictures_for(session: Session, input_ids: Iterable[UUID]) -> Mapping[UUID, Sequence[ShownPicture]]:
    """Return the pictures of several inputs, each in order, with one question to the database; none: no key."""
    wanted = list(input_ids)
    if not wanted:
        return {}
    found: dict[UUID, list[ShownPicture]] = {}
    for input_id, picture_id, position, state, width, height, public in rows(session, _SHOWN_OF, {"inputs": wanted}):
        found.setdefault(input_id, []).append(ShownPicture(picture_id, position, state, width, height, public))
    return found


def has_pictures(session: Session, input_id: UUID) -> bool:
    return session.scalar(select(Picture.id).where(Picture.input_id == input_id).limit(1)) is not None


def picture_counts(session: Session, input_ids: Collection[UUID]) -> Mapping[UUID, int]:
    """Return how many pictures each of these inputs has, whatever their state; none: no key."""
    counted = select(Picture.input_id, func.count()).where(Picture.input_id.in_(input_ids)).group_by(Picture.input_id)
    return {input_id: count for input_id, count in session.execute(counted)}  # noqa: C416 - a Row is a pair to people


def waiting_pictures(session: Session, input_id: UUID) -> Sequence[Picture]:
    """Return the pictures of an input that are not redrawn yet, in order."""
    return session.scalars(
        select(Picture)
        .where(Picture.input_id == input_id, Picture.state == PictureState.WAITING.value)
        .order_by(Picture.position)
    ).all()


def known_pictures(session: Session, ids: Collection[UUID]) -> Collection[UUID]:
    """Return those of these pictures that are still there."""
    return set(session.scalars(select(Picture.id).where(Picture.id.in_(ids))))


def archive_pictures(session: Session, input_id: UUID, store: PictureStore) -> ArchivePictures:
    """Return the cleaned pictures of an input for the letter. One whose file is gone counts as failed."""
    files: list[bytes] = []
    failed = 0
    pictures = pictures_of(session, input_id)
    for picture in pictures:
        try:
            if picture.is_ready:
                files.append(store.redrawn(picture.id, ARCHIVE).read_bytes())
        except FileNotFoundError:
            failed += 1
        failed += picture.state == PictureState.FAILED.value
    pending = any(picture.state == PictureState.WAITING.value for picture in pictures)
    return ArchivePictures(tuple(files), pending, failed)


def shown_picture_or_none(session: Session, picture_id: UUID) -> ShownPicture | None:
    """Return one picture, whatever its state; None when it is gone."""
    found = rows(session, _SHOWN_ALONE, {"picture": picture_id}).first()
    return ShownPicture(*found[1:]) if found else None


def public_picture_or_none(session: Session, picture_id: UUID) -> Picture | None:
    """Return a picture that anybody may see, or None."""
    picture = session.get(Picture, picture_id)
    return picture if picture is not None and may_see(NOBODY, picture) else None


def get_picture(session: Session, picture_id: UUID, *, actor: Actor) -> Picture:
    """Return a picture that `actor` may see; for anybody else it is not there (NotFound)."""
    picture = session.get(Picture, picture_id)
    if picture is None or not may_see(actor, picture):
        raise NotFound(N_("Vi finner ikke bildet."))
    return picture
