"""What can be seen of ideas: frozen values, with only what its reader may see."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from functools import lru_cache
from typing import Any, Protocol
from uuid import UUID

from sqlalchemy import ColumnElement, Select, bindparam, case, exists, func, select
from sqlalchemy.orm import Session

from app.areas.models import FocusArea
from app.comments.query import has_comments
from app.core.actor import Actor
from app.core.errors import NotFound
from app.core.rows import rows
from app.core.text import N_, likeness
from app.files import query as files
from app.files.query import ShownPicture
from app.files.store import PictureStore
from app.ideas.dialect import IDEAS, find_alike
from app.ideas.models import KIND, Channel, Correction, Idea, IdeaGoal, Reply, Support
from app.ideas.policy import is_writer, may_correct, may_read
from app.moderation.client import WAITING
from app.moderation.query import BECAUSE
from app.parcels.models import Parcel, Step
from app.parcels.query import LABELS, ParcelView, parcel_of
from app.processes.models import IDEPOOL_SLUG, Process

PAGE = 20
COUNTED_AT_MOST = 100
SIMILAR = 3
BECAUSE_OF = {reason.value: because for reason, because in BECAUSE.items()}
ALIKE = 0.2  # by the eye: below it, two titles share words and not their meaning


class Order(str, Enum):
    """How a list of ideas is sorted."""

    NEWEST = "nyeste"
    MOST_SUPPORTED = "stottet"


@dataclass(frozen=True, slots=True)
class Filter:
    """Which ideas are wanted. process, area: slugs; goal: of the UN's; words: as typed; None and "" mean all."""

    process: str = ""
    area: str = ""
    step: Step | None = None
    words: str = ""
    order: Order = Order.NEWEST
    goal: int | None = None


@dataclass(frozen=True, slots=True)
class ListedIdea:
    """An idea in a list. body: how it begins; picture: id of the first one that can be shown."""

    id: UUID
    title: str
    body: str
    area: str
    area_icon: str
    submitted_at: datetime
    support_count: int
    step: str
    picture: UUID | None

    @property
    def step_label(self) -> str:
        return LABELS[Step(self.step)]


@dataclass(frozen=True, slots=True)
class IdeaPage:
    """One page of a list. count: how many there are in all, or None when there are more than we count."""

    ideas: tuple[ListedIdea, ...]
    number: int
    has_more: bool
    count: int | None


@dataclass(frozen=True, slots=True)
class ShownReply:
    """An official answer as everybody sees it."""

    text: str
    role_name: str
    answered_at: datetime


@dataclass(frozen=True, slots=True)
class PublishedIdea:
    """What everybody may see of an idea: pages, feeds and exports use this and nothing more.

    hidden_reason: why its words are not shown to all, "" when they are; hidden_cause: the same as moderation's word for
    it, where it has one. To those who may not read it title and body are "".
    process_slug, process_title: "" for an idea of the Idepool. registered: staff wrote it down for somebody.
    """

    id: UUID
    title: str
    body: str
    place: str
    area: str
    area_icon: str
    process_slug: str
    process_title: str
    submitted_at: datetime
    support_count: int
    pictures: tuple[ShownPicture, ...]
    replies: tuple[ShownReply, ...]
    parcel: ParcelView
    corrected_at: datetime | None
    goals: tuple[int, ...]
    hidden_reason: str
    hidden_cause: str
    withdrawn: bool
    registered: bool
    erased: bool

    @property
    def readable(self) -> bool:
        return bool(self.title)

    @property
    def waits(self) -> bool:
        """Tell whether nobody has looked at it yet."""
        return self.hidden_cause == WAITING

    @property
    def because(self) -> str:
        """Why moderation does not show it, as the end of a sentence; "" when only `own_words` tell."""
        return why_hidden(self)[0]

    @property
    def own_words(self) -> str:
        """What staff wrote about why; "" when they chose from the list and said no more, and while it waits."""
        return why_hidden(self)[1]


@dataclass(frozen=True, slots=True)
class PictureForLetter:
    """A cleaned picture for the archive. number: from 1."""

    number: int
    jpeg: bytes


@dataclass(frozen=True, slots=True)
class IdeaForLetter:
    """Everything the archive is told about an idea."""

    id: UUID
    title: str
    body: str
    place: str
    area_slug: str
    area_name: str
    process_title: str
    received_at: datetime
    written_at: datetime | None
    channel: str
    language: str
    sender_email: str | None
    pictures: tuple[PictureForLetter, ...]
    pictures_pending: bool
    pictures_failed: int
    withdrawn_at: datetime | None
    erased: bool
    goals: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class ReplyForLetter:
    """An official answer, for the archive."""

    id: UUID
    idea_id: UUID
    text: str
    role_name: str
    answered_at: datetime


@dataclass(frozen=True, slots=True)
class CorrectionForLetter:
    """An idea's words as they were put right, for the archive."""

    earlier_title: str
    title: str
    body: str
    place: str
    sender_email: str | None
    language: str
    corrected_at: datetime
    idea_id: UUID


@dataclass(frozen=True, slots=True)
class IdeaInArchive:
    """Where an idea lies in the archive, and what it is called there: for letters about it."""

    title: str
    area_slug: str
    area_name: str
    process_title: str


@dataclass(frozen=True, slots=True)
class WriterContact:
    """Where the writer wants an answer."""

    email: str
    language: str


class _Hidden(Protocol):
    @property
    def hidden_cause(self) -> str: ...
    @property
    def hidden_reason(self) -> str: ...


def why_hidden(idea: _Hidden) -> tuple[str, str]:
    """Return why moderation does not show it, as the end of a sentence, and what staff wrote; each may be ""."""
    if idea.hidden_cause == WAITING:
        return "", ""
    because = BECAUSE_OF.get(idea.hidden_cause, "")
    return because, "" if idea.hidden_reason == because else idea.hidden_reason


def list_ideas(session: Session, wanted: Filter, *, page: int = 1) -> IdeaPage:
    """Return page number `page` (from 1) of the ideas that everybody may see, PAGE at a time.

    Newest first; or by support, then newest. A search gives the hits that are newest, at most MOST_HITS.
    """
    ids = IDEAS.find(session, wanted.words) if wanted.words.strip() else None
    asked = {
        "process": wanted.process,
        "ids": ids,
        "area": wanted.area,
        "goal": wanted.goal,
        "step": wanted.step.value if wanted.step else None,
    }
    kind = (ids is not None, bool(wanted.area), wanted.step is not None, bool(wanted.process), wanted.goal is not None)
    place = {"first": (page - 1) * PAGE, "most": PAGE + 1}
    found = rows(session, _list_query(*kind, wanted.order), {**asked, **place}).all()
    listed = _listed(found[:PAGE])
    count = _count(session, kind, asked) if any(kind) else None
    return IdeaPage(listed, page, len(found) > PAGE, count)


# Tables, not classes: what is only shown need not become objects that follow their changes.
_ideas, _areas, _parcels, _answers, _processes, _corrections, _goals = (
    model.__table__.c for model in (Idea, FocusArea, Parcel, Reply, Process, Correction, IdeaGoal)
)
_LISTED = (
    select(
        _ideas.id,
        _ideas.title,
        func.substr(_ideas.body, 1, 200).label("body"),
        _areas.name.label("area"),
        _areas.icon.label("area_icon"),
        _ideas.submitted_at,
        _ideas.support_count,
        func.coalesce(_parcels.step, Step.RECEIVED.value).label("step"),
        files.first_shown(_ideas.id).label("picture"),
    )
    .select_from(Idea.__table__)
    .join(FocusArea.__table__, _areas.id == _ideas.area_id)
    .outerjoin(Parcel.__table__, _parcels.input_id == _ideas.id)
)
_SHOWN = (_ideas.hidden_at.is_(None), _ideas.withdrawn_at.is_(None))


@lru_cache
def _list_query(
    among_ids: bool, in_area: bool, at_step: bool, in_process: bool, for_goal: bool, order: Order
) -> Select[Any]:
    """Return the question for one page. There are few kinds, and each is made once: making costs more than asking."""
    newest = _ideas.submitted_at.desc()
    sorting = (_ideas.support_count.desc(), newest) if order is Order.MOST_SUPPORTED else (newest,)
    query = _LISTED.where(*_conditions(among_ids, in_area, at_step, in_process, for_goal)).order_by(*sorting)
    return query.offset(bindparam("first")).limit(bindparam("most"))


@lru_cache
def _count_query(among_ids: bool, in_area: bool, at_step: bool, in_process: bool, for_goal: bool) -> Select:  # type: ignore[type-arg]
    some = select(_ideas.id).outerjoin(Parcel.__table__, _parcels.input_id == _ideas.id)
    some = some.where(*_conditions(among_ids, in_area, at_step, in_process, for_goal)).limit(COUNTED_AT_MOST + 1)
    return select(func.count()).select_from(some.subquery())


def _conditions(
    among_ids: bool, in_area: bool, at_step: bool, in_process: bool, for_goal: bool
) -> Sequence[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = list(_SHOWN)
    if among_ids:
        conditions.append(_ideas.id.in_(bindparam("ids", expanding=True)))
    if in_process:
        process_id = select(_processes.id).where(_processes.slug == bindparam("process")).scalar_subquery()
        conditions.append(_ideas.process_id == process_id)
    if in_area:
        area_id = select(_areas.id).where(_areas.slug == bindparam("area")).scalar_subquery()
        conditions.append(_ideas.area_id == area_id)
    if at_step:
        conditions += [_parcels.kind == "idea", _parcels.step == bindparam("step")]
    if for_goal:
        conditions.append(_ideas.id.in_(select(_goals.idea_id).where(_goals.goal == bindparam("goal"))))
    return conditions


def _count(session: Session, kind: tuple[bool, bool, bool, bool, bool], asked: Mapping[str, object]) -> int | None:
    """Count the hits as far as COUNTED_AT_MOST; more than that is None, since counting 100,000 takes its time."""
    found = rows(session, _count_query(*kind), asked).scalar_one()
    return found if found <= COUNTED_AT_MOST else None


def _listed(found: Iterable[Any]) -> tuple[ListedIdea, ...]:
    """Make values of rows of _LISTED, in their order."""
    return tuple(ListedIdea(*row) for row in found)


def ideas_by_id(session: Session, ids: Collection[UUID], *, actor: Actor) -> Mapping[UUID, ListedIdea]:
    """Return those of these ideas whose words `actor` may read: a hidden one for its writer, not for who follows it."""
    if not ids:
        return {}
    readable = [idea.id for idea in session.scalars(select(Idea).where(Idea.id.in_(ids))) if may_read(actor, idea)]
    found = rows(session, _LISTED.where(_ideas.id.in_(readable)))
    return {idea.id: idea for idea in _listed(found)}


def titles(session: Session, ids: Collection[UUID]) -> Mapping[UUID, str]:
    """Return the titles of these ideas, also of those that are hidden, "" of those taken back: for staff alone."""
    found = rows(session, _TITLES, {"ids": list(ids)}) if ids else ()
    return {idea_id: title for idea_id, title in found}  # noqa: C416 - a Row is a pair to people, not to mypy


_TITLES = select(_ideas.id, case((_ideas.withdrawn_at.is_(None), _ideas.title), else_="")).where(
    _ideas.id.in_(bindparam("ids", expanding=True))
)


def find(session: Session, words: str) -> Sequence[UUID]:
    """Return ideas that hold every word, newest first, also hidden ones, but none that is taken back: for staff."""
    found = IDEAS.find(session, words)
    gone = taken_back(session, found)
    return [idea_id for idea_id in found if idea_id not in gone]


def sent_from(session: Session, email: str, *, limit: int) -> Sequence[UUID]:
    """Return the ideas whose sender left this address, newest first. For staff alone, who note that they looked.

    There is no index for it: a search by a person is seldom, and may take its second.
    """
    query = select(Idea.id).where(func.lower(Idea.email) == email.lower()).order_by(Idea.submitted_at.desc())
    return session.scalars(query.limit(limit)).all()


def similar_ideas(session: Session, title: str) -> tuple[ListedIdea, ...]:
    """Return ideas that everybody may see and whose title is like this one, the most alike first, at most SIMILAR."""
    ids = find_alike(session, title)
    if not ids:
        return ()
    found = _listed(rows(session, _LISTED.where(_ideas.id.in_(ids), *_SHOWN)))
    alike = {idea.id: likeness(title, idea.title) for idea in found}
    near = [idea for idea in found if alike[idea.id] >= ALIKE]
    return tuple(sorted(near, key=lambda idea: (alike[idea.id], idea.support_count), reverse=True)[:SIMILAR])


def sent_by(session: Session, actor: Actor, *, limit: int = 50) -> Sequence[UUID]:
    """Return the ideas that this account or device has sent, newest first."""
    if actor.participant_id is None and actor.device_key is None:
        return []
    own = Idea.author_id == actor.participant_id if actor.participant_id else Idea.device_key == actor.device_key
    query = select(Idea.id).where(own, Idea.withdrawn_at.is_(None)).order_by(Idea.submitted_at.desc()).limit(limit)
    return session.scalars(query).all()


def get_idea(session: Session, idea_id: UUID) -> Idea:
    """Return the row, for services. Raises NotFound."""
    found = session.get(Idea, idea_id)
    if found is None:
        raise NotFound(N_("Vi fant ikke siden. Den kan ha fått ny adresse."))
    return found


_ONE = (
    select(
        Idea.__table__,
        _areas.name.label("area"),
        _areas.icon.label("area_icon"),
        _processes.slug.label("process_slug"),
        _processes.title.label("process_title"),
        files.any_pictures(_ideas.id).label("has_pictures"),
        select(func.max(_corrections.corrected_at))
        .where(_corrections.idea_id == _ideas.id)
        .scalar_subquery()
        .label("corrected_at"),
        exists().where(_goals.idea_id == _ideas.id).label("has_goals"),
        exists().where(_answers.idea_id == _ideas.id).label("has_replies"),
    )
    .join(FocusArea.__table__, _areas.id == _ideas.area_id)
    .join(Process.__table__, _processes.id == _ideas.process_id)
    .where(_ideas.id == bindparam("idea_id"))
)
_REPLIES = (
    select(_answers.text, _answers.role_name, _answers.answered_at)
    .where(_answers.idea_id == bindparam("idea_id"))
    .order_by(_answers.answered_at)
)


def published_idea(session: Session, idea_id: UUID, *, actor: Actor) -> PublishedIdea:
    """Return what `actor` may see of an idea; words that are hidden or withdrawn are left out. Raises NotFound."""
    idea = rows(session, _ONE, {"idea_id": idea_id}).first()
    if idea is None:
        raise NotFound(N_("Vi fant ikke siden. Den kan ha fått ny adresse."))
    readable = may_read(actor, idea)
    in_idepool = idea.process_slug == IDEPOOL_SLUG
    parcel = parcel_of(session, idea_id)
    assert parcel is not None  # noqa: S101 - it starts in the transaction that stores the idea
    return PublishedIdea(
        id=idea_id,
        title=idea.title if readable else "",
        body=idea.body if readable else "",
        place=idea.place if readable else "",
        area=idea.area,
        area_icon=idea.area_icon,
        process_slug="" if in_idepool else idea.process_slug,
        process_title="" if in_idepool else idea.process_title,
        submitted_at=idea.submitted_at,
        support_count=idea.support_count,
        pictures=tuple(files.pictures_of(session, idea_id)) if readable and idea.has_pictures else (),
        replies=_replies(session, idea_id) if idea.has_replies else (),
        parcel=parcel,
        corrected_at=idea.corrected_at,
        goals=goals_of(session, idea_id) if readable and idea.has_goals else (),
        hidden_reason=idea.hidden_reason,
        hidden_cause=idea.hidden_cause,
        withdrawn=idea.withdrawn_at is not None,
        registered=idea.channel != Channel.WEB.value,
        erased=idea.erased_at is not None,
    )


def _replies(session: Session, idea_id: UUID) -> tuple[ShownReply, ...]:
    return tuple(ShownReply(*row) for row in rows(session, _REPLIES, {"idea_id": idea_id}))


def goals_of(session: Session, idea_id: UUID) -> tuple[int, ...]:
    """Return which of the UN's goals the writer sees it as for, the lowest first."""
    return tuple(row.goal for row in rows(session, _GOALS, {"idea_id": idea_id}))


_GOALS = select(_goals.goal).where(_goals.idea_id == bindparam("idea_id")).order_by(_goals.goal)


def own_idea(session: Session, idea_id: UUID, *, actor: Actor) -> Idea:
    """Return the row of an idea that `actor` sent. Raises NotFound, also when it is somebody else's."""
    idea = get_idea(session, idea_id)
    if not is_writer(actor, idea):
        raise NotFound(N_("Vi fant ikke siden. Den kan ha fått ny adresse."))
    return idea


def can_correct(session: Session, idea_id: UUID) -> bool:
    """Tell whether its writer can still put the words of this idea right."""
    return may_correct(get_idea(session, idea_id), commented=has_comments(session, idea_id, KIND))


def is_own(session: Session, idea_id: UUID, actor: Actor) -> bool:
    """Tell whether `actor` sent it; nobody in particular sent nothing, and costs no question."""
    if actor.participant_id is None and actor.device_key is None:
        return False
    return is_writer(actor, get_idea(session, idea_id))


def supports(session: Session, idea_id: UUID, actor: Actor) -> bool:
    """Tell whether `actor` supports this idea."""
    if actor.participant_id is None and actor.device_key is None:
        return False
    own = (
        Support.participant_id == actor.participant_id
        if actor.participant_id
        else Support.device_key == actor.device_key
    )
    return session.scalar(select(Support.id).where(Support.idea_id == idea_id, own)) is not None


def any_from(session: Session, device: bytes) -> bool:
    """Tell whether this device has sent or supported anything without an account."""
    sent = select(Idea.id).where(Idea.device_key == device, Idea.author_id.is_(None)).limit(1)
    supported = select(Support.id).where(Support.device_key == device).limit(1)
    return any(session.scalar(query) is not None for query in (sent, supported))


def done_lately(session: Session, *, limit: int = 3) -> Sequence[ListedIdea]:
    """Return ideas that something came of, the last one first."""
    query = (
        _LISTED.where(_parcels.kind == "idea", _parcels.step == Step.DONE.value, *_SHOWN)
        .order_by(_parcels.received_at.desc())
        .limit(limit)
    )
    return _listed(rows(session, query))


def registered_idea(session: Session, idea_id: UUID) -> Idea:
    """Return an idea that staff wrote down for somebody. Raises NotFound for any other."""
    found = get_idea(session, idea_id)
    if found.channel == Channel.WEB.value:
        raise NotFound(N_("Vi fant ikke siden. Den kan ha fått ny adresse."))
    return found


def idea_for_letter(session: Session, idea_id: UUID, store: PictureStore) -> IdeaForLetter:
    """Return what the archive is told: the text as it was sent. Reads the cleaned pictures from disk."""
    idea = get_idea(session, idea_id)
    title, body, place = _as_sent(session, idea)
    area = session.get_one(FocusArea, idea.area_id)
    process = session.get_one(Process, idea.process_id)
    found = files.archive_pictures(session, idea_id, store)
    return IdeaForLetter(
        id=idea.id,
        title=title,
        body=body,
        place=place,
        area_slug=area.slug,
        area_name=area.folder_title,
        process_title=process.title,
        received_at=idea.submitted_at,
        written_at=idea.written_at,
        channel=idea.channel,
        language=idea.language,
        sender_email=idea.email,
        pictures=tuple(PictureForLetter(number, jpeg) for number, jpeg in enumerate(found.files, start=1)),
        pictures_pending=found.pending,
        pictures_failed=found.failed,
        withdrawn_at=idea.withdrawn_at,
        erased=idea.erased_at is not None,
        goals=goals_of(session, idea_id),
    )


def is_erased(session: Session, idea_id: UUID) -> bool:
    """Tell whether its writer has had its words erased."""
    return session.scalars(select(Idea.erased_at).where(Idea.id == idea_id)).one() is not None


def _as_sent(session: Session, idea: Idea) -> tuple[str, str, str]:
    """Return title, body and place before the first correction, each of which is a letter of its own."""
    first = rows(session, _FIRST_CORRECTION, {"idea_id": idea.id}).first()
    if first is None or first.earlier_body is None:
        return idea.title, idea.body, idea.place
    return first.earlier_title, first.earlier_body, first.earlier_place or ""


_FIRST_CORRECTION = (
    select(_corrections.earlier_title, _corrections.earlier_body, _corrections.earlier_place)
    .where(_corrections.idea_id == bindparam("idea_id"))
    .order_by(_corrections.corrected_at, _corrections.id)
    .limit(1)
)


def idea_in_archive(session: Session, idea_id: UUID) -> IdeaInArchive:
    """Return what a letter about an idea says of it; unlike `idea_for_letter` it reads no pictures."""
    idea = get_idea(session, idea_id)
    area, process = session.get_one(FocusArea, idea.area_id), session.get_one(Process, idea.process_id)
    return IdeaInArchive(_as_sent(session, idea)[0], area.slug, area.folder_title, process.title)


def taken_back(session: Session, ids: Collection[UUID]) -> Collection[UUID]:
    """Return those of these ideas, and those corrections of ideas, that their writer has taken back."""
    ideas = select(Idea.id).where(Idea.id.in_(ids), Idea.withdrawn_at.is_not(None))
    corrections = select(Correction.id).join(Idea, Idea.id == Correction.idea_id)
    gone = corrections.where(Correction.id.in_(ids), Idea.withdrawn_at.is_not(None))
    return {*session.scalars(ideas), *session.scalars(gone)}


def reply_for_letter(session: Session, reply_id: UUID) -> ReplyForLetter:
    reply = session.get_one(Reply, reply_id)
    return ReplyForLetter(reply.id, reply.idea_id, reply.text, reply.role_name, reply.answered_at)


def correction_for_letter(session: Session, correction_id: UUID) -> CorrectionForLetter:
    correction = session.get_one(Correction, correction_id)
    idea = session.get_one(Idea, correction.idea_id)
    return CorrectionForLetter(
        correction.earlier_title, correction.title, correction.body, correction.place, idea.email, idea.language,
        correction.corrected_at, correction.idea_id,
    )  # fmt: skip


def writer_contact(session: Session, idea_id: UUID) -> WriterContact | None:
    """Return where the writer wants to hear, or None."""
    idea = session.get(Idea, idea_id)
    return WriterContact(idea.email, idea.language) if idea is not None and idea.email else None
