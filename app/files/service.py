"""What happens to pictures: they come in, belong to something, are ready or failed, and what is left over goes."""

import hashlib
import os
import secrets
import shutil
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import IO, Protocol
from uuid import UUID

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from app.core.actor import Actor
from app.core.crash import crash_point
from app.core.errors import RuleBroken
from app.core.text import N_
from app.files.headers import Header, UnreadableHeaderError, kind_of, read_header
from app.files.models import Picture, PictureState
from app.files.store import PAGE, PictureStore, make_folder, new_file, sync

FIELD = "pictures"
KEPT_AT_MOST = timedelta(hours=24)
_CHUNK = 256 * 1024


class Upload(Protocol):
    """A file part of a form, as werkzeug gives it. filename: "" or None when no file was chosen."""

    @property
    def filename(self) -> str | None: ...
    @property
    def stream(self) -> IO[bytes]: ...


@dataclass(frozen=True, slots=True)
class Limits:
    """What a citizen may send. Pixels are counted as stored: width x height."""

    pictures: int = 3
    bytes_each: int = 10 * 1024 * 1024
    pixels: int = 40_000_000
    webp_pixels: int = 20_000_000


@dataclass(frozen=True, slots=True)
class Original:
    """A file in quarantine. name: ours, 32 hex digits. sha256: 32 bytes. width, height: pixels, as the header says."""

    name: str
    sha256: bytes
    width: int
    height: int


LIMITS = Limits()


def receive(uploads: Iterable[Upload], *, store: PictureStore, limits: Limits = LIMITS) -> tuple[Original, ...]:
    """Check the chosen files and write them to quarantine; when this returns, they and their names are on disk.

    Called before the first query of the request. Every file is checked before any is written. Nothing is decoded.
    Raises RuleBroken for the field `pictures`; OSError when the disk is full, with nothing left behind.
    """
    chosen = [upload.stream for upload in uploads if upload.filename]
    if len(chosen) > limits.pictures:
        raise RuleBroken(N_("Velg høyst tre bilder."), field=FIELD)
    headers = [_check(stream, limits) for stream in chosen]
    if not chosen:
        return ()
    written: list[Original] = []
    try:
        make_folder(store.quarantine, 0o700)
        for stream, header in zip(chosen, headers, strict=True):
            written.append(_write(stream, header, store))
        sync(store.quarantine)
    except OSError:
        discard(written, store=store)
        raise
    crash_point("submit.after_file")
    return tuple(written)


def hand_over(session: Session, input_ids: Collection[UUID], *, actor: Actor) -> None:
    """Let the pictures of these inputs be those of the device that `actor` has now."""
    session.execute(update(Picture).where(Picture.input_id.in_(input_ids)).values(device_key=actor.device_key))


def discard(originals: Iterable[Original], *, store: PictureStore) -> None:
    """Remove what a replayed or refused form has left in quarantine."""
    for original in originals:
        store.original(original.name).unlink(missing_ok=True)


def attach(
    session: Session, input_id: UUID, originals: Sequence[Original], *, actor: Actor, now: datetime, public: bool
) -> None:
    """Let an input have these pictures, in this order, in the transaction that stores it. They wait to be redrawn."""
    session.add_all(
        Picture(
            input_id=input_id, position=position, state=PictureState.WAITING.value, original_name=original.name,
            width=original.width, height=original.height, sha256=original.sha256, public=public,
            device_key=actor.device_key, created_at=now,
        )
        for position, original in enumerate(originals, start=1)
    )  # fmt: skip
    session.flush()


def add(session: Session, input_id: UUID, original: Original, *, now: datetime) -> UUID:
    """Let something of the municipality's have one more picture, behind those it has, and return its id.

    It is no device's. Only staff see it, until `show_only`. It waits to be redrawn.
    """
    last = session.scalar(select(func.max(Picture.position)).where(Picture.input_id == input_id)) or 0
    picture = Picture(
        input_id=input_id, position=last + 1, state=PictureState.WAITING.value, original_name=original.name,
        width=original.width, height=original.height, sha256=original.sha256, public=False, created_at=now,
    )  # fmt: skip
    session.add(picture)
    session.flush()
    return picture.id


def show_only(session: Session, input_id: UUID, picture_id: UUID | None) -> None:
    """Let everybody see this one of something's pictures, and none of the others."""
    pictures = update(Picture).where(Picture.input_id == input_id)
    session.execute(pictures.where(Picture.id != picture_id).values(public=False))
    session.execute(pictures.where(Picture.id == picture_id).values(public=True))


def set_public(session: Session, input_id: UUID, public: bool) -> None:
    """Show or hide all pictures of an input. Says nothing when it has none."""
    session.execute(update(Picture).where(Picture.input_id == input_id).values(public=public))


def mark_ready(session: Session, picture_id: UUID, *, width: int, height: int, now: datetime) -> None:
    """The page size is on disk: width and height are its pixels."""
    _end(session, picture_id, state=PictureState.READY.value, width=width, height=height, cleaned_at=now)


def mark_failed(session: Session, picture_id: UUID) -> None:
    """What it belongs to goes on without it, and its page says so."""
    _end(session, picture_id, state=PictureState.FAILED.value)


def _end(session: Session, picture_id: UUID, **values: object) -> None:
    session.execute(
        update(Picture).where(Picture.id == picture_id, Picture.state == PictureState.WAITING.value).values(**values)
    )


def remove(session: Session, picture_ids: Sequence[UUID], *, store: PictureStore) -> None:
    """Remove all files of these pictures, originals too. Their rows are the caller's to remove."""
    for picture_id in picture_ids:
        folder = store.redrawn(picture_id, PAGE).parent
        if folder.is_dir():
            shutil.rmtree(folder)
    for name in session.scalars(select(Picture.original_name).where(Picture.id.in_(picture_ids))):
        store.original(name).unlink(missing_ok=True)


def forget(session: Session, picture_ids: Sequence[UUID]) -> None:
    """Remove the rows of pictures whose files are gone."""
    session.execute(delete(Picture).where(Picture.id.in_(picture_ids)))


def remove_orphans(session: Session, store: PictureStore, *, now: datetime) -> int:
    """Give up pictures that waited 24 hours, and remove files nobody needs; return how many originals went.

    Removed from quarantine: a file whose picture has ended, at once (a crash came between commit and removal); a file
    without a row after 24 hours (until then its form may still be on its way). Half-made work goes after 24 hours.
    """
    session.execute(
        update(Picture)
        .where(Picture.state == PictureState.WAITING.value, Picture.created_at <= now - KEPT_AT_MOST)
        .values(state=PictureState.FAILED.value)
    )
    oldest = (now - KEPT_AT_MOST).timestamp()
    files = _entries(store.quarantine)
    rows = session.execute(select(Picture.original_name, Picture.state).where(Picture.original_name.in_(files)))
    states = {row.original_name: row.state for row in rows}
    gone = [
        path
        for name, path in files.items()
        if (_modified(path) <= oldest if name not in states else states[name] != PictureState.WAITING.value)
    ]
    for path in gone:
        path.unlink(missing_ok=True)
    for folder in _entries(store.work).values():
        if _modified(folder) <= oldest:
            shutil.rmtree(folder, ignore_errors=True)
    return len(gone)


def _entries(folder: Path) -> dict[str, Path]:
    return {path.name: path for path in folder.iterdir()} if folder.is_dir() else {}


def _modified(path: Path) -> float:
    """Return when it was last written, in seconds since 1970; one that has just gone is new, and left alone."""
    try:
        return path.lstat().st_mtime
    except FileNotFoundError:
        return float("inf")


def _check(stream: IO[bytes], limits: Limits) -> Header:
    if stream.seek(0, os.SEEK_END) > limits.bytes_each:
        raise RuleBroken(N_("Bildet er for stort. Prøv et mindre."), field=FIELD)
    kind = kind_of(stream)
    if kind == "heic":
        raise RuleBroken(
            N_("Bildet er lagret som HEIC, og det kan vi ikke vise. Ta et skjermbilde av det, og velg skjermbildet."),
            field=FIELD,
        )
    if kind == "other":
        raise RuleBroken(N_("Vi kan vise JPG, PNG og WebP."), field=FIELD)
    try:
        header = read_header(stream)
    except UnreadableHeaderError as fault:
        raise RuleBroken(N_("Vi får ikke åpnet bildet. Prøv et annet."), field=FIELD) from fault
    allowed = limits.webp_pixels if kind == "webp" else limits.pixels
    if header.width * header.height > allowed:
        raise RuleBroken(N_("Bildet er for stort. Prøv et mindre."), field=FIELD)
    return header


def _write(stream: IO[bytes], header: Header, store: PictureStore) -> Original:
    """Write one file under a new random name; it is on disk when this returns, its name not yet."""
    name = secrets.token_hex(16)
    digest = hashlib.sha256()
    path = store.original(name)
    try:
        with new_file(path) as descriptor:
            stream.seek(0)
            while chunk := stream.read(_CHUNK):
                digest.update(chunk)
                _write_all(descriptor, chunk)
            crash_point("submit.before_file_fsync")
            os.fsync(descriptor)
    except OSError:
        path.unlink(missing_ok=True)
        raise
    return Original(name, digest.digest(), header.width, header.height)


def _write_all(descriptor: int, chunk: bytes) -> None:
    left = memoryview(chunk)
    while left:
        left = left[os.write(descriptor, left) :]
