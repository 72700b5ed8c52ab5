"""Which processes there are, what they open, and what is being written about them."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, bindparam, or_, select, union_all
from sqlalchemy.orm import Session

from app.accounts.models import Participant
from app.areas.models import FocusArea
from app.core.actor import Actor
from app.core.errors import NotFound
from app.core.rows import rows
from app.core.text import N_
from app.files import query as files
from app.files.models import Picture, PictureState
from app.processes.models import (
    IDEPOOL_SLUG,
    Activity,
    Archiving,
    News,
    Phase,
    PhaseActivity,
    Process,
    ProcessFollow,
    ProcessMember,
    State,
    WorkingCopy,
)
from app.processes.policy import may_change

LISTED = 200
NEWS_SHOWN = 20
ADDRESS = re.compile(r"[a-z0-9-]+")
NOT_THERE = N_("Vi fant ikke siden. Den kan ha fått ny adresse.")


@dataclass(frozen=True, slots=True)
class Offer:
    """How people meet an activity. kind: colour and icon of its card. do, see: endpoints that take a process's slug."""

    label: str
    kind: str
    action: str
    effort: str
    do: str
    see: str
    see_label: str


# All that a new activity adds to the pages of processes, home and the editor.
OFFERS: Mapping[Activity, Offer] = {
    Activity.IDEAS: Offer(
        N_("Idéer"), "idea", N_("Skriv en idé"), N_("1 minutt"), "ideas.new", "ideas.index", N_("Se idéene")
    ),
}


@dataclass(frozen=True, slots=True)
class Door:
    """When a process takes inputs: from opens_at (included) to closes_at (not included); None: it has no end."""

    process_id: UUID
    opens_at: datetime
    closes_at: datetime | None


@dataclass(frozen=True, slots=True)
class ProcessPicture:
    """A picture that is ready to be shown. width, height: pixels of "side". alt: what it shows."""

    id: UUID
    width: int
    height: int
    alt: str


@dataclass(frozen=True, slots=True)
class OpenActivity:
    """Something that people can take part in now."""

    slug: str
    title: str
    activity: Activity
    opens_at: datetime
    closes_at: datetime | None
    picture: ProcessPicture | None = None

    @property
    def offer(self) -> Offer:
        return OFFERS[self.activity]


@dataclass(frozen=True, slots=True)
class ShownPhase:
    """A phase as shown. state: done, now or next."""

    title: str
    opens_at: datetime
    closes_at: datetime | None
    activities: tuple[Activity, ...]
    state: str


@dataclass(frozen=True, slots=True)
class ShownNews:
    """Something new, as everybody reads it."""

    id: UUID
    title: str
    text: str
    published_at: datetime


@dataclass(frozen=True, slots=True)
class ShownProcess:
    """What everybody may see of a process; also what its writers see before that. area: "" for none."""

    slug: str
    title: str
    summary: str
    influence: str
    decided_by: str
    decides_on: date | None
    place: str
    area: str
    area_icon: str
    state: State
    phases: tuple[ShownPhase, ...]
    news: tuple[ShownNews, ...]
    outcome: str
    ended_at: datetime | None
    picture: ProcessPicture | None

    @property
    def open_now(self) -> tuple[OpenActivity, ...]:
        """What can be done at this moment."""
        if self.state is not State.PUBLISHED:
            return ()
        running = [phase for phase in self.phases if phase.state == "now"]
        return tuple(
            OpenActivity(self.slug, self.title, one, phase.opens_at, phase.closes_at)
            for phase in running
            for one in phase.activities
        )


@dataclass(frozen=True, slots=True)
class ListedProcess:
    """A process in a list. closes_at: of its last phase; None: it has no end. …_together: archived in reports."""

    id: UUID
    slug: str
    title: str
    summary: str
    state: State
    opens_at: datetime
    closes_at: datetime | None
    ended_at: datetime | None
    picture: ProcessPicture | None
    ideas_together: bool = False
    comments_together: bool = False


_process = Process.__table__.c
_phase, _opened, _pictures = Phase.__table__.c, PhaseActivity.__table__.c, Picture.__table__.c
_IS_READY = and_(_pictures.id == _process.picture_id, _pictures.state == PictureState.READY.value, _pictures.public)
_PICTURE = (_pictures.id, _pictures.width, _pictures.height, _process.picture_alt)
_BY_SLUG = select(_process.id, _process.opens_at, _process.closes_at).where(_process.slug == bindparam("slug"))
_DOORS = (
    select(_phase.opens_at, _phase.closes_at)
    .join(PhaseActivity.__table__, _opened.phase_id == _phase.id)
    .where(_phase.process_id == bindparam("process_id"), _opened.activity == bindparam("activity"))
    .order_by(_phase.opens_at)
)


def idepool(session: Session) -> Door:
    """Return the door of the process in which ideas lie unless another asked for them. It is never closed."""
    found = rows(session, _BY_SLUG, {"slug": IDEPOOL_SLUG}).first()
    if found is None:
        raise NotFound(NOT_THERE)
    return Door(*found)


def door_to(session: Session, slug: str, activity: Activity, *, now: datetime) -> Door:
    """Return when a published process takes this: the phase that is open at `now`, else the next one, else the last.

    Raises NotFound when there is no such process for the public, or when it never asks for this.
    """
    process = find_published(session, slug)
    found = rows(session, _DOORS, {"process_id": process.id, "activity": activity.value}).all()
    if not found:
        raise NotFound(NOT_THERE)
    doors = [Door(process.id, opens_at, closes_at) for opens_at, closes_at in found]
    not_over = [door for door in doors if door.closes_at is None or door.closes_at > now]
    return not_over[0] if not_over else doors[-1]


def is_open(door: Door, *, now: datetime) -> bool:
    return door.opens_at <= now and (door.closes_at is None or now < door.closes_at)


def find_published(session: Session, slug: str) -> Process:
    """Return a process that everybody may see, running or ended. Raises NotFound, for what is no address too."""
    if not ADDRESS.fullmatch(slug):
        raise NotFound(NOT_THERE)
    found = session.scalar(select(Process).where(Process.slug == slug, Process.state != State.DRAFT.value))
    if found is None:
        raise NotFound(NOT_THERE)
    return found


_OPEN = (
    select(_process.slug, _process.title, _opened.activity, _phase.opens_at, _phase.closes_at, *_PICTURE)
    .select_from(Process.__table__)
    .join(Phase.__table__, _phase.process_id == _process.id)
    .join(PhaseActivity.__table__, _opened.phase_id == _phase.id)
    .outerjoin(Picture.__table__, _IS_READY)
    .where(
        _process.state == State.PUBLISHED.value,
        _process.slug != IDEPOOL_SLUG,
        _phase.opens_at <= bindparam("now"),
        or_(_phase.closes_at.is_(None), _phase.closes_at > bindparam("now")),
    )
    .order_by(_phase.closes_at.is_(None), _phase.closes_at, _process.title)
    .limit(LISTED)
)


def open_activities(session: Session, *, now: datetime) -> Sequence[OpenActivity]:
    """Return what is open at `now` beside the Idepool, which always is: what closes first stands first."""
    return tuple(
        OpenActivity(slug, title, Activity(activity), opens_at, closes_at, _picture(*picture))
        for slug, title, activity, opens_at, closes_at, *picture in rows(session, _OPEN, {"now": now})
    )


def _picture(picture_id: UUID | None, width: int, height: int, alt: str) -> ProcessPicture | None:
    return ProcessPicture(picture_id, width, height, alt) if picture_id else None


def shown_process(session: Session, slug: str, *, now: datetime) -> ShownProcess:
    """Return what everybody may see of a process. Raises NotFound, for a draft too."""
    return as_shown(session, find_published(session, slug), now=now)


def as_shown(session: Session, process: Process, *, now: datetime) -> ShownProcess:
    area = session.get(FocusArea, process.area_id) if process.area_id else None
    return ShownProcess(
        slug=process.slug,
        title=process.title,
        summary=process.summary,
        influence=process.influence,
        decided_by=process.decided_by,
        decides_on=process.decides_on,
        place=process.place,
        area=area.name if area else "",
        area_icon=area.icon if area else "",
        state=State(process.state),
        phases=tuple(
            shown_phase(phase.title, phase.opens_at, phase.closes_at, activities, now=now)
            for phase, activities in phases_of(session, process.id)
        ),
        news=_news_of(session, process.id),
        outcome=process.outcome,
        ended_at=process.ended_at,
        picture=shown_picture(session, process.picture_id, process.picture_alt),
    )


def shown_picture(session: Session, picture_id: UUID | None, alt: str) -> ProcessPicture | None:
    """Return a picture as it is shown; None when there is none, or none that is ready."""
    found = files.shown_picture_or_none(session, picture_id) if picture_id else None
    return ProcessPicture(found.id, found.width, found.height, alt) if found and found.is_ready else None


def unused_pictures(session: Session, process_id: UUID) -> Sequence[UUID]:
    """Return the pictures of a process, there or gone, that nobody sees and nobody is about to show."""
    used = union_all(
        select(Process.picture_id).where(Process.id == process_id, Process.picture_id.is_not(None)),
        select(WorkingCopy.picture_id).where(WorkingCopy.process_id == process_id, WorkingCopy.picture_id.is_not(None)),
    )
    return session.scalars(select(Picture.id).where(Picture.input_id == process_id, Picture.id.not_in(used))).all()


def shown_phase(
    title: str, opens_at: datetime, closes_at: datetime | None, activities: tuple[Activity, ...], *, now: datetime
) -> ShownPhase:
    over = closes_at is not None and closes_at <= now
    state = "done" if over else "now" if opens_at <= now else "next"
    return ShownPhase(title, opens_at, closes_at, activities, state)


def phases_of(session: Session, process_id: UUID) -> Sequence[tuple[Phase, tuple[Activity, ...]]]:
    """Return the phases of a process, the first one first, each with what it opens."""
    phases = session.scalars(select(Phase).where(Phase.process_id == process_id).order_by(Phase.opens_at)).all()
    opened: dict[UUID, list[Activity]] = {phase.id: [] for phase in phases}
    found = select(PhaseActivity.phase_id, PhaseActivity.activity).where(PhaseActivity.phase_id.in_(opened))
    for phase_id, activity in session.execute(found.order_by(PhaseActivity.activity)):
        opened[phase_id].append(Activity(activity))
    return [(phase, tuple(opened[phase.id])) for phase in phases]


def _news_of(session: Session, process_id: UUID) -> tuple[ShownNews, ...]:
    query = select(News.id, News.title, News.text, News.published_at).where(News.process_id == process_id)
    return tuple(ShownNews(*row) for row in session.execute(query.order_by(News.published_at.desc()).limit(NEWS_SHOWN)))


_LISTED = select(
    Process.id,
    Process.slug,
    Process.title,
    Process.summary,
    Process.state,
    Process.opens_at,
    Process.closes_at,
    Process.ended_at,
    _pictures.id.label("picture_id"),
    _pictures.width,
    _pictures.height,
    Process.picture_alt,
    Process.ideas_archived,
    Process.comments_archived,
).outerjoin(Picture.__table__, _IS_READY)


def published_processes(session: Session) -> Sequence[ListedProcess]:
    """Return the processes that everybody may see: running ones first, what closes first on top; then what ended last.

    The Idepool is not among them: it has pages of its own.
    """
    query = _LISTED.where(Process.state != State.DRAFT.value, Process.slug != IDEPOOL_SLUG).order_by(
        Process.state == State.ENDED.value, Process.ended_at.desc(), Process.closes_at.is_(None), Process.closes_at
    )
    return _listed(session, query)


def processes_for(session: Session, actor: Actor) -> Sequence[ListedProcess]:
    """Return the processes that `actor` may change: drafts first, then running ones, then ended ones."""
    query = _LISTED.order_by(Process.state, Process.opens_at.desc())
    own = select(ProcessMember.process_id).where(ProcessMember.participant_id == actor.participant_id)
    mine = or_(Process.owner_id == actor.participant_id, Process.id.in_(own))
    everything = may_change(actor, Process(), ())
    return _listed(session, query if everything else query.where(mine))


def _listed(session: Session, query: Select[*tuple[Any, ...]]) -> Sequence[ListedProcess]:
    found = session.execute(query.limit(LISTED))
    return tuple(
        ListedProcess(
            row.id,
            row.slug,
            row.title,
            row.summary,
            State(row.state),
            row.opens_at,
            row.closes_at,
            row.ended_at,
            _picture(row.picture_id, row.width, row.height, row.picture_alt),
            row.ideas_archived == Archiving.REPORT.value,
            row.comments_archived == Archiving.REPORT.value,
        )
        for row in found
    )


def process_to_change(session: Session, process_id: UUID, *, actor: Actor) -> Process:
    """Return the row, for whoever may change it; for anybody else it is not there (NotFound)."""
    process = session.get(Process, process_id)
    if process is None or not may_change(actor, process, members_of(session, process_id)):
        raise NotFound(NOT_THERE)
    return process


def members_of(session: Session, process_id: UUID) -> Sequence[UUID]:
    query = select(ProcessMember.participant_id).where(ProcessMember.process_id == process_id)
    return session.scalars(query.order_by(ProcessMember.participant_id)).all()


def working_copy_or_none(session: Session, process_id: UUID) -> WorkingCopy | None:
    """Return what is being written about a process, when that differs from what everybody sees."""
    return session.get(WorkingCopy, process_id)


def saved_by(session: Session, copy: WorkingCopy) -> str:
    """Return the name of whoever saved last; "" when they are known no more."""
    found = session.get(Participant, copy.saved_by) if copy.saved_by else None
    return found.name if found else ""


def followed_as(actor: Actor) -> ColumnElement[bool]:
    """What is true of the follows of `actor`: the account's when somebody is signed in, else the device's."""
    if actor.participant_id is not None:
        return ProcessFollow.participant_id == actor.participant_id
    return and_(ProcessFollow.device_key.is_not(None), ProcessFollow.device_key == actor.device_key)


def follows(session: Session, process_id: UUID, actor: Actor) -> bool:
    """Tell whether `actor` hears of this process."""
    query = select(ProcessFollow.id).where(ProcessFollow.process_id == process_id, followed_as(actor))
    return session.scalar(query) is not None


def any_followed_by(session: Session, device: bytes) -> bool:
    """Tell whether this device follows a process without an account."""
    return session.scalar(select(ProcessFollow.id).where(ProcessFollow.device_key == device).limit(1)) is not None


def followed_by(session: Session, actor: Actor, *, limit: int = 50) -> Sequence[ListedProcess]:
    """Return the processes that `actor` follows, the last one first."""
    followed = select(ProcessFollow.process_id, ProcessFollow.since).where(followed_as(actor)).subquery()
    query = (
        select(_process.slug)
        .join(followed, followed.c.process_id == _process.id)
        .where(_process.state != State.DRAFT.value)
        .order_by(followed.c.since.desc(), _process.slug)
        .limit(limit)
    )
    slugs = session.scalars(query).all()
    listed = {one.slug: one for one in published_processes(session)}
    return [listed[slug] for slug in slugs if slug in listed]


@dataclass(frozen=True, slots=True)
class FollowedNews:
    """News that came while somebody followed the process. title: its own, which is public."""

    id: UUID
    slug: str
    process_title: str
    title: str
    at: datetime


def news_followed(session: Session, actor: Actor, *, limit: int) -> Sequence[FollowedNews]:
    """Return the news of the processes that `actor` follows, since they began to, newest first."""
    query = (
        select(News.id, Process.slug, Process.title, News.title, News.published_at)
        .join(Process, Process.id == News.process_id)
        .join(ProcessFollow, ProcessFollow.process_id == News.process_id)
        .where(followed_as(actor), News.published_at >= ProcessFollow.since, Process.state != State.DRAFT.value)
        .order_by(News.published_at.desc(), News.id)
        .limit(limit)
    )
    return [FollowedNews(*row) for row in session.execute(query)]


@dataclass(frozen=True, slots=True)
class ToldNews:
    """What is told of a piece of news to those who follow. title: its own, which is public."""

    process_id: UUID
    slug: str
    process_title: str
    title: str


def told_news_or_none(session: Session, news_id: UUID) -> ToldNews | None:
    """Return what is told of this news; None when it is there no more."""
    query = (
        select(News.process_id, Process.slug, Process.title, News.title)
        .join(Process, Process.id == News.process_id)
        .where(News.id == news_id, Process.state != State.DRAFT.value)
    )
    row = session.execute(query).first()
    return ToldNews(*row) if row else None
