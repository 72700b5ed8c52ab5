"""What can be seen at the desk: the inbox of every kind of input, one input with its way, and what was saved."""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, false, func, literal_column, or_, select, tuple_
from sqlalchemy.orm import Session

from app.accounts import query as accounts
from app.areas.query import Area, areas
from app.cases import query as cases
from app.comments.models import KIND as COMMENT
from app.core.actor import Actor
from app.core.errors import NotFound, RuleBroken
from app.core.rows import rows
from app.core.submission import Submission
from app.core.text import N_
from app.desk.kinds import KINDS, Alike, Kind, Listed, Shown
from app.desk.models import AnswerTemplate, Bulk, BulkItem, DeskChange, DeskNote, SavedFilter
from app.moderation import query as moderation
from app.outbox import query as outbox
from app.parcels import query as parcels
from app.parcels.models import ANSWERED, Parcel, Step
from app.parcels.query import LABELS

PAGE = 30
COUNTED_AT_MOST = 100
MOST_FOUND = 100
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_CASE = re.compile(r"\A20\d\d/[1-9]\d{0,7}\Z")
_REFERENCE = re.compile(r"\AINL-[A-Z2-7]{26}\Z")


class Pile(str, Enum):
    """Which inputs are looked at: a counter that is a filter."""

    NEW = "nye"
    LATE = "forsinket"
    MINE = "mine"
    UNASSIGNED = "uten"
    QUESTIONS = "sporsmal"
    WAITING = "venter"
    ALL = "alle"


PILES: Mapping[Pile, str] = {
    Pile.NEW: N_("Nye"),
    Pile.LATE: N_("Forsinket"),
    Pile.MINE: N_("Mine"),
    Pile.UNASSIGNED: N_("Uten ansvarlig"),
    Pile.QUESTIONS: N_("Spørsmål"),
    Pile.WAITING: N_("Venter på svar"),
    Pile.ALL: N_("Alle"),
}


@dataclass(frozen=True, slots=True)
class Cursor:
    """A place in the list: an input of it. back: what stands before is wanted, else what stands after."""

    at: datetime
    input_id: UUID
    back: bool = False


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which inputs are wanted. None and "" mean all. words: as typed; ids: only these, when a search has found them."""

    pile: Pile = Pile.NEW
    area_id: UUID | None = None
    kind: str = ""
    step: Step | None = None
    handler_id: UUID | None = None
    words: str = ""
    cursor: Cursor | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """An input in the list. label: what it is. area: its name, "" without one; who: who has it; group: or of an area.

    due_at: until when it should be answered, None when nobody waits or no time was promised.
    """

    id: UUID
    label: str
    title: str
    area: str
    received_at: datetime
    due_at: datetime | None
    late: bool
    step: str
    who: str
    group: str
    mine: bool
    cursor: Cursor


@dataclass(frozen=True, slots=True)
class Inbox:
    """One page of the list, and where the next and the one before begin."""

    lines: Sequence[Line]
    before: Cursor | None
    after: Cursor | None


@dataclass(frozen=True, slots=True)
class Handling:
    """What of an input can be changed at the desk, as somebody sees it who changes it. revision: as they saw it."""

    input_id: UUID
    kind: Kind
    revision: int
    step: Step
    waits: bool
    received_at: datetime
    area_id: UUID | None
    area: str
    handler_id: UUID | None
    group_id: UUID | None
    who: str
    group: str
    due_at: datetime | None
    due_by_hand: bool
    late: bool
    case_number: str | None


@dataclass(frozen=True, slots=True)
class Deed:
    """One event on the way of an input. said: a sentence with named places, translated where it is shown.

    kind: received, letter, filed, step, moderation, reply, change or note; text: what somebody wrote with it.
    """

    at: datetime
    kind: str
    said: str
    values: Mapping[str, str | datetime]
    text: str = ""
    revision: int = 0
    undone: bool = False


@dataclass(frozen=True, slots=True)
class LastChange:
    """The newest thing done to an input. mine: by the one who asks; undoable: it can be taken back at all."""

    revision: int
    by: str
    at: datetime
    mine: bool
    undoable: bool
    deed: Deed


@dataclass(frozen=True, slots=True)
class Item:
    """All that the desk sees of one input."""

    handling: Handling
    shown: Shown
    way: Sequence[Deed]
    last: LastChange | None
    alike: Sequence[Alike]


_parcel = Parcel.__table__.c
_COLUMNS = (
    _parcel.input_id, _parcel.kind, _parcel.step, _parcel.received_at, _parcel.area_id, _parcel.waits,
    _parcel.handler_id, _parcel.group_id, _parcel.due_at, _parcel.case_number, _parcel.revision,
)  # fmt: skip
_BY_TIME = (_parcel.received_at, _parcel.input_id)
# Word for word as the partial indexes (parcels.models): neither database finds them by «waits IS true», or by a value
# that it is told only when it is asked.
_WAITS: ColumnElement[bool] = literal_column("parcels.waits")
_RECEIVED: ColumnElement[bool] = literal_column(f"parcels.step = '{Step.RECEIVED.value}'")
_OF_KIND: Mapping[str, ColumnElement[bool]] = {name: literal_column(f"parcels.kind = '{name}'") for name in KINDS}


def inbox(session: Session, wanted: Wanted, *, actor: Actor, now: datetime, answer_days: int) -> Inbox:
    """Return one page of the inputs that are wanted: newest first; what is late, oldest first.

    The list is walked by what stands at its edge, so page 30,000 costs no more than the first. answer_days: within how
    many days an answer is promised, 0 for no promise.
    """
    conditions = [*_of_pile(wanted.pile, actor, now, answer_days), *_of_filter(session, wanted)]
    cursor = wanted.cursor
    oldest_first = (wanted.pile is Pile.LATE) != (cursor is not None and cursor.back)
    if cursor is not None:
        edge = tuple_(*_BY_TIME)
        place = (cursor.at, cursor.input_id)
        conditions.append(edge > place if oldest_first else edge < place)
    order = [one.asc() if oldest_first else one.desc() for one in _BY_TIME]
    found = rows(session, select(*_COLUMNS).where(*conditions).order_by(*order).limit(PAGE + 1)).all()
    more, kept = len(found) > PAGE, found[:PAGE]
    back = cursor is not None and cursor.back
    lines = _lines(session, kept[::-1] if back else kept, actor, now, answer_days)
    if not lines:
        return Inbox((), None, None)
    has_before, has_after = (more, True) if back else (cursor is not None, more)
    first, last = lines[0].cursor, lines[-1].cursor
    before = Cursor(first.at, first.input_id, back=True)
    return Inbox(lines, before if has_before else None, last if has_after else None)


def lines_of(session: Session, ids: Collection[UUID], *, actor: Actor, now: datetime, answer_days: int) -> Inbox:
    """Return these inputs as one page, newest first."""
    query = select(*_COLUMNS).where(_parcel.input_id.in_(ids)).order_by(_parcel.received_at.desc())
    found = rows(session, query).all() if ids else ()
    return Inbox(_lines(session, found, actor, now, answer_days), None, None)


def counters(session: Session, *, actor: Actor, now: datetime, answer_days: int) -> Mapping[Pile, int]:
    """Return how many there are in each pile, counted to COUNTED_AT_MOST + 1 and no further."""
    piles = [pile for pile in Pile if pile is not Pile.ALL]
    counts = [_bounded(_of_pile(pile, actor, now, answer_days)).label(pile.name) for pile in piles]
    found = rows(session, select(*counts)).one()
    return dict(zip(piles, found, strict=True))


def _bounded(conditions: Iterable[ColumnElement[bool]]) -> Any:
    some = select(_parcel.input_id).where(*conditions).limit(COUNTED_AT_MOST + 1).subquery()
    return select(func.count()).select_from(some).scalar_subquery()


def _of_pile(pile: Pile, actor: Actor, now: datetime, answer_days: int) -> list[ColumnElement[bool]]:
    if pile is Pile.ALL:
        return [_parcel.kind.in_(list(KINDS))]
    if pile is Pile.NEW:
        return [_WAITS, _RECEIVED]
    if pile is Pile.LATE:
        by_hand = and_(_parcel.due_at.is_not(None), _parcel.due_at < now)
        promised = and_(_parcel.due_at.is_(None), _parcel.received_at < now - timedelta(days=answer_days))
        return [_WAITS, or_(by_hand, promised) if answer_days else by_hand]
    if pile is Pile.MINE:
        # What somebody has taken is theirs until it is done, also a comment that nobody waits for an answer to.
        taken = and_(_OF_KIND[COMMENT], _parcel.step.not_in([step.value for step in ANSWERED]))
        return [or_(_WAITS, taken), _parcel.handler_id == actor.participant_id]
    if pile is Pile.UNASSIGNED:
        return [_WAITS, _parcel.handler_id.is_(None), _parcel.group_id.is_(None)]
    return [_WAITS, _OF_KIND[COMMENT]] if pile is Pile.QUESTIONS else [_WAITS]


def _of_filter(session: Session, wanted: Wanted) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.area_id:
        found.append(_parcel.area_id == wanted.area_id)
    if wanted.kind:
        found.append(_OF_KIND[wanted.kind])
    if wanted.step:
        found.append(_parcel.step == wanted.step.value)
    if wanted.handler_id:
        found.append(_parcel.handler_id == wanted.handler_id)
    if wanted.words:
        found.append(_of_words(session, wanted.words))
    return found


def _of_words(session: Session, words: str) -> ColumnElement[bool]:
    """Return the condition for what somebody typed: a case number, a reference, or words of the inputs themselves."""
    if _CASE.match(words):
        return _parcel.case_number == words
    if _REFERENCE.match(words.upper()):
        found = outbox.input_of_reference(session, words.upper())
        return _parcel.input_id == found if found else false()
    ids = {input_id for kind in KINDS.values() for input_id in kind.find(session, words)}
    return _parcel.input_id.in_(ids)


def sent_from(session: Session, email: str) -> Sequence[UUID]:
    """Return the inputs whose sender left this e-mail, at most MOST_FOUND of each kind. The caller notes it."""
    return [input_id for kind in KINDS.values() for input_id in kind.sent_from(session, email, MOST_FOUND)]


def _lines(session: Session, found: Sequence[Any], actor: Actor, now: datetime, answer_days: int) -> Sequence[Line]:
    names = _names(session, {row.handler_id for row in found if row.handler_id})
    named = _areas(session)
    listed = _listed(session, found)
    return [
        Line(
            id=row.input_id,
            label=listed[row.input_id].label if row.input_id in listed else KINDS[row.kind].label,
            title=listed[row.input_id].title if row.input_id in listed else "",
            area=_area(named, row.area_id),
            received_at=row.received_at,
            due_at=due_of(row, answer_days),
            late=_is_late(row, now, answer_days),
            step=LABELS[Step(row.step)],
            who=names.get(row.handler_id, ""),
            group=_area(named, row.group_id),
            mine=row.handler_id is not None and row.handler_id == actor.participant_id,
            cursor=Cursor(row.received_at, row.input_id),
        )
        for row in found
        if row.kind in KINDS
    ]


def due_of(parcel: Any, answer_days: int) -> datetime | None:
    """Return until when it should be answered: what somebody set, else what is promised, while somebody waits."""
    if not parcel.waits:
        return None
    promised: datetime | None = parcel.received_at + timedelta(days=answer_days) if answer_days else None
    return parcel.due_at or promised


def _is_late(parcel: Any, now: datetime, answer_days: int) -> bool:
    due_at = due_of(parcel, answer_days)
    return due_at is not None and due_at < now


def _listed(session: Session, found: Iterable[Any]) -> Mapping[UUID, Listed]:
    by_kind: dict[str, list[UUID]] = {}
    for row in found:
        by_kind.setdefault(row.kind, []).append(row.input_id)
    return {
        input_id: listed
        for name, ids in by_kind.items()
        if name in KINDS
        for input_id, listed in KINDS[name].listed(session, ids).items()
    }


def _names(session: Session, ids: Collection[UUID]) -> Mapping[UUID, str]:
    return accounts.names(session, ids) if ids else {}


def _areas(session: Session) -> Mapping[UUID, Area]:
    return {area.id: area for area in areas(session, with_closed=True)}


def _area(named: Mapping[UUID, Area], area_id: UUID | None) -> str:
    found = named.get(area_id) if area_id else None
    return found.name if found else ""


def get_item(
    session: Session, input_id: UUID, *, actor: Actor, now: datetime, answer_days: int, undo_seconds: float
) -> Item:
    """Return all that the desk sees of an input. undo_seconds: how long a step can be undone. Raises NotFound."""
    handling = get_handling(session, input_id, now=now, answer_days=answer_days)
    shown = handling.kind.shown(session, input_id, actor)
    changes = session.scalars(
        select(DeskChange).where(DeskChange.input_id == input_id).order_by(DeskChange.revision)
    ).all()
    notes = session.scalars(select(DeskNote).where(DeskNote.input_id == input_id)).all()
    people = {change.by_id for change in changes} | {note.author_id for note in notes}
    people |= {UUID(change.value) for change in changes if change.what == "assigned" and change.value}
    names = _names(session, {one for one in people if one})
    authors = {note.id: names.get(note.author_id, "") for note in notes if note.author_id}
    told = [_changed(change, names, _areas(session)) for change in changes]
    way = [*_archived(session, handling), *_steps(session, input_id), *_moderated(session, input_id)]
    way += [*_replied(shown), *told]
    way += [
        Deed(note.at, "note", N_("Notat fra %(name)s"), {"name": authors.get(note.id, "")}, note.text) for note in notes
    ]
    return Item(
        handling=handling,
        shown=shown,
        way=sorted(way, key=lambda deed: deed.at),
        last=_last(changes[-1], told[-1], names, actor, now - timedelta(seconds=undo_seconds)) if changes else None,
        alike=[one for one in handling.kind.alike(session, shown.title) if one.id != input_id],
    )


def get_handling(session: Session, input_id: UUID, *, now: datetime, answer_days: int) -> Handling:
    """Return what of an input can be changed at the desk. Raises NotFound, also for a kind the desk does not know."""
    row = rows(session, select(*_COLUMNS).where(_parcel.input_id == input_id)).first()
    if row is None or row.kind not in KINDS:
        raise NotFound(N_("Vi fant ikke dette innspillet."))
    named = _areas(session)
    return Handling(
        input_id=input_id,
        kind=KINDS[row.kind],
        revision=row.revision,
        step=Step(row.step),
        waits=row.waits,
        received_at=row.received_at,
        area_id=row.area_id,
        area=_area(named, row.area_id),
        handler_id=row.handler_id,
        group_id=row.group_id,
        who=_names(session, {row.handler_id}).get(row.handler_id, "") if row.handler_id else "",
        group=_area(named, row.group_id),
        due_at=due_of(row, answer_days),
        due_by_hand=row.due_at is not None,
        late=_is_late(row, now, answer_days),
        case_number=row.case_number,
    )


def _archived(session: Session, handling: Handling) -> Iterable[Deed]:
    yield Deed(handling.received_at, "received", N_("Mottatt"), {})
    parcel = parcels.parcel_of(session, handling.input_id)
    if parcel and parcel.forwarded and parcel.together_by and not parcel.collected:
        yield Deed(handling.received_at, "letter", N_("Skal i en samlerapport til arkivet, senest %(day)s."),
                   {"day": parcel.together_by})  # fmt: skip
    for letter in cases.letters_of(session, handling.input_id):
        made, filed = _IN_REPORT if letter.in_report else _ALONE
        yield Deed(letter.sealed_at, "letter", made, {"reference": letter.reference})
        if letter.filed_at and letter.case_number:
            yield Deed(letter.filed_at, "filed", filed, {"number": letter.case_number})


_ALONE = N_("Brev til arkivet. Referanse %(reference)s."), N_("Arkivert. Saksnummer %(number)s.")
_IN_REPORT = (
    N_("Tatt med i en samlerapport til arkivet. Referanse %(reference)s."),
    N_("Samlerapporten er arkivert. Saksnummer %(number)s."),
)


def _steps(session: Session, input_id: UUID) -> Iterable[Deed]:
    for step, at, reason in parcels.changes_of(session, input_id):
        if step is not Step.RECEIVED:
            yield Deed(at, "step", LABELS[step], {}, reason)


def _moderated(session: Session, input_id: UUID) -> Iterable[Deed]:
    for asking in moderation.askings(session, input_id):
        yield Deed(asking.asked_at, "moderation", N_("Til moderering: %(why)s"), {"why": asking.why})
        if asking.decided_at and asking.shown:
            yield Deed(asking.decided_at, "moderation", N_("%(by)s viste den."), {"by": asking.by}, asking.words)
        elif asking.decided_at:
            said = {"by": asking.by, "reason": asking.reason}
            yield Deed(asking.decided_at, "moderation", N_("%(by)s skjulte den. Grunn: %(reason)s"), said, asking.words)


def _replied(shown: Shown) -> Iterable[Deed]:
    for reply in shown.replies:
        yield Deed(reply.answered_at, "reply", N_("Svar sendt av %(role)s"), {"role": reply.role_name}, reply.text)


def _changed(change: DeskChange, names: Mapping[UUID, str], named: Mapping[UUID, Area]) -> Deed:
    by = names.get(change.by_id, "") if change.by_id else ""
    said, values = _sentence(change, names, named)
    undone = change.undone_at is not None
    return Deed(change.at, "change", said, {"by": by, **values}, change.comment, change.revision, undone)


def _sentence(
    change: DeskChange, names: Mapping[UUID, str], named: Mapping[UUID, Area]
) -> tuple[str, Mapping[str, str | datetime]]:
    """Return what was done, as a sentence with places, and what goes into them beside who did it."""
    if change.what == "assigned" and not change.value:
        return N_("%(by)s la den tilbake."), {}
    if change.what == "assigned":
        to = UUID(change.value)
        return (N_("%(by)s tok den."), {}) if to == change.by_id else (N_("%(by)s ga den til %(name)s."), {
            "name": names.get(to, "")})  # fmt: skip
    if change.what == "sent":
        return N_("%(by)s sendte den til gruppa for %(area)s."), {"area": _area(named, UUID(change.value))}
    if change.what == "due" and change.value:
        return N_("%(by)s satte fristen til %(day)s."), {"day": datetime.fromisoformat(change.value)}
    if change.what == "step":
        return N_("%(by)s satte steget til «%(step)s»."), {"step": LABELS[Step(change.value)]}
    return _PLAIN[change.what], {}


_PLAIN = {
    "due": N_("%(by)s tok bort fristen."),
    "answered": N_("%(by)s svarte."),
    "hidden": N_("%(by)s skjulte den."),
    "shown": N_("%(by)s viste den igjen."),
    "undone": N_("%(by)s angret."),
}
_UNDOABLE = frozenset({"assigned", "sent", "due", "step"})


def _last(change: DeskChange, deed: Deed, names: Mapping[UUID, str], actor: Actor, steps_since: datetime) -> LastChange:
    told = change.what == "step" and change.at <= steps_since
    return LastChange(
        revision=change.revision,
        by=names.get(change.by_id, "") if change.by_id else "",
        at=change.at,
        mine=change.by_id is not None and change.by_id == actor.participant_id,
        undoable=change.what in _UNDOABLE and change.undone_at is None and not told,
        deed=deed,
    )


def change_or_none(session: Session, input_id: UUID, revision: int) -> DeskChange | None:
    """Return what brought an input to this revision."""
    return session.scalar(select(DeskChange).where(DeskChange.input_id == input_id, DeskChange.revision == revision))


def templates(session: Session) -> Sequence[AnswerTemplate]:
    """Return the answer templates that are offered, by title."""
    query = select(AnswerTemplate).where(AnswerTemplate.removed_at.is_(None)).order_by(AnswerTemplate.title)
    return session.scalars(query.limit(200)).all()


def get_template(session: Session, template_id: UUID) -> AnswerTemplate:
    """Return a template, also one that was removed. Raises NotFound."""
    found = session.get(AnswerTemplate, template_id)
    if found is None:
        raise NotFound(N_("Malen finnes ikke."))
    return found


def saved_filters(session: Session, actor: Actor) -> Sequence[SavedFilter]:
    """Return the views that `actor` has saved, by title."""
    query = select(SavedFilter).where(SavedFilter.owner_id == actor.participant_id).order_by(SavedFilter.title)
    return session.scalars(query.limit(50)).all()


def require_same_note(session: Session, submission: Submission) -> None:
    """Raise RuleBroken when the note stored under this key says something else."""
    query = select(DeskNote.content_digest).where(DeskNote.submission_hash == submission.key_hash)
    if session.scalar(query) != submission.digest:
        raise RuleBroken(N_("Dette skjemaet er alt sendt med noe annet. Last siden på nytt og send igjen."))


def removed_template_or_none(session: Session, template_id: str) -> AnswerTemplate | None:
    """Return a template that can be had back, by the id in an address."""
    try:
        found = session.get(AnswerTemplate, UUID(template_id))
    except ValueError:
        return None
    return found if found is not None and found.removed_at else None


@dataclass(frozen=True, slots=True)
class BulkView:
    """How far one act on many has come. refused: those that were not done, with why; at most 100 of them."""

    id: UUID
    what: str
    total: int
    done: int
    refused_count: int
    ended: bool
    refused: Sequence[tuple[UUID, str, str]]

    @property
    def tried(self) -> int:
        return self.done + self.refused_count


def revisions(session: Session, ids: Collection[UUID]) -> Mapping[UUID, int]:
    """Return the revision that each of these inputs has now, newest first; an id that is none is left out."""
    if not ids:
        return {}
    found = rows(session, _REVISIONS.where(_parcel.input_id.in_(list(ids))))
    return {row.input_id: row.revision for row in found}


_REVISIONS = select(_parcel.input_id, _parcel.revision).order_by(_parcel.received_at.desc(), _parcel.input_id)


def ids_wanted(
    session: Session, wanted: Wanted, *, actor: Actor, now: datetime, answer_days: int, most: int
) -> Sequence[UUID]:
    """Return the ids of all inputs that are wanted, whatever page they are on; at most `most`, newest first."""
    conditions = [*_of_pile(wanted.pile, actor, now, answer_days), *_of_filter(session, wanted)]
    query = select(_parcel.input_id).where(*conditions).order_by(*(one.desc() for one in _BY_TIME)).limit(most)
    return [row.input_id for row in rows(session, query)]


def same_bulk(session: Session, submission: Submission) -> UUID:
    """Return what was asked for under this key. Raises RuleBroken when it was something else."""
    found = session.scalars(select(Bulk).where(Bulk.submission_hash == submission.key_hash)).one()
    if found.content_digest != submission.digest:
        raise RuleBroken(N_("Dette skjemaet er alt sendt med noe annet. Last siden på nytt og send igjen."))
    return found.id


def get_bulk(session: Session, bulk_id: UUID, *, actor: Actor) -> BulkView:
    """Return how far it has come. Raises NotFound, also when somebody else asked for it."""
    bulk = session.get(Bulk, bulk_id)
    if bulk is None or bulk.by_id != actor.participant_id:
        raise NotFound(N_("Vi fant ikke siden."))
    return _bulk(session, bulk)


def unseen_bulks(session: Session, actor: Actor) -> Sequence[BulkView]:
    """Return what `actor` has asked for and not yet seen the end of, the newest first; at most three."""
    query = select(Bulk).where(Bulk.by_id == actor.participant_id, Bulk.seen_at.is_(None)).order_by(Bulk.at.desc())
    return [_bulk(session, bulk) for bulk in session.scalars(query.limit(3))]


def _bulk(session: Session, bulk: Bulk) -> BulkView:
    counted = select(BulkItem.state, func.count()).where(BulkItem.bulk_id == bulk.id).group_by(BulkItem.state)
    counts: dict[str, int] = {state: count for state, count in session.execute(counted)}  # noqa: C416 - as above
    refused = session.scalars(
        select(BulkItem)
        .where(BulkItem.bulk_id == bulk.id, BulkItem.state == "refused")
        .order_by(BulkItem.place)
        .limit(100)
    ).all()
    kinds = rows(session, select(*_COLUMNS).where(_parcel.input_id.in_([one.input_id for one in refused]))).all()
    listed = _listed(session, kinds)
    return BulkView(
        id=bulk.id,
        what=bulk.what,
        total=sum(counts.values()),
        done=counts.get("done", 0),
        refused_count=counts.get("refused", 0),
        ended=bulk.ended_at is not None,
        refused=[
            (one.input_id, listed[one.input_id].title if one.input_id in listed else "", one.refusal) for one in refused
        ],
    )
