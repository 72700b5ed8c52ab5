"""What waits, what was decided lately, what the writer is told, and which words the filter knows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, func, or_, select, tuple_
from sqlalchemy.orm import Session

from app.core.actor import Actor
from app.core.rows import rows
from app.core.text import N_
from app.moderation.client import Shelves, Thing
from app.moderation.models import FilterWord, ModerationItem, Reason, State, Why
from app.moderation.policy.access import is_shown_while_waiting
from app.moderation.policy.filter import Mark, Words
from app.moderation.policy.words import HARD, MILD

PAGE = 20
RECENT = 10
COUNTED_AT_MOST = 100

# In the order of the keys 1 to 6: as staff choose it.
REASONS: Mapping[Reason, str] = {
    Reason.PRIVATE: N_("Private opplysninger"),
    Reason.ABUSE: N_("Hets"),
    Reason.OFF_TOPIC: N_("Ikke om Narvik"),
    Reason.ADVERT: N_("Reklame"),
    Reason.ONGOING_CASE: N_("Gjelder en sak som er i gang"),
    Reason.OTHER: N_("Annet"),
}
# As everybody reads it, after «Denne vises ikke, fordi».
BECAUSE: Mapping[Reason, str] = {
    Reason.PRIVATE: N_("den har private opplysninger."),
    Reason.ABUSE: N_("den er hets mot noen."),
    Reason.OFF_TOPIC: N_("den ikke handler om Narvik."),
    Reason.ADVERT: N_("den er reklame."),
    Reason.ONGOING_CASE: N_("den gjelder en sak som er i gang."),
}
WHYS: Mapping[Why, str] = {
    Why.BEFORE_PUBLISHING: N_("Ny"),
    Why.FILTER: N_("Stoppet av filteret"),
    Why.REPORT: N_("Noen har sagt fra"),
    Why.APPEAL: N_("Den som skrev, er uenig"),
    Why.MENDED: N_("Rettet"),
    Why.DESK: N_("Fra arbeidsflata"),
}
MARK_WORDS: Mapping[str, str] = {
    "national_id": N_("fødselsnummer"),
    "phone": N_("telefon"),
    "email": N_("e-post"),
    "word": N_("hardt ord"),
    "mild": N_("banning"),
}


@dataclass(frozen=True, slots=True)
class Cursor:
    """A place in the queue: what was asked at this instant, with this id."""

    asked_at: datetime
    item_id: UUID


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a text. mark: what the filter calls it, "" when it has nothing to say."""

    text: str
    mark: str = ""


@dataclass(frozen=True, slots=True)
class QueuedItem:
    """One thing that waits, as a moderator reads it. texts: each field's text in pieces, marked or not."""

    id: UUID
    kind: str
    input_id: UUID
    revision: int
    why: Why
    asked_words: str
    asked_at: datetime
    title: str
    texts: tuple[tuple[str, tuple[Piece, ...]], ...]
    pictures: tuple[tuple[UUID, int], ...]
    reports: tuple[tuple[str, str], ...]

    @property
    def why_label(self) -> str:
        return WHYS[self.why]

    @property
    def cursor(self) -> Cursor:
        return Cursor(self.asked_at, self.id)


@dataclass(frozen=True, slots=True)
class QueuePage:
    """One page of the queue, oldest first. count: how many wait in all, as far as we count."""

    items: tuple[QueuedItem, ...]
    has_more: bool
    count: int


@dataclass(frozen=True, slots=True)
class DecidedItem:
    """Something one has decided lately. undoable: nothing has happened to it since."""

    id: UUID
    title: str
    shown: bool
    reason: str
    words: str
    decided_at: datetime
    undoable: bool

    @property
    def reason_label(self) -> str:
        return REASONS[Reason(self.reason)] if self.reason else ""


@dataclass(frozen=True, slots=True)
class AppealStory:
    """What came of the writer's «Jeg er uenig». answered_at: None while it waits."""

    words: str
    answered_at: datetime | None
    shown: bool
    answer: str


@dataclass(frozen=True, slots=True)
class Story:
    """What the writer is told of one input. state: of the newest asking; off_page: whether others do not see it.

    because, words: why it was refused last, as the end of a sentence and as staff wrote; each may be "".
    """

    state: State
    why: Why
    because: str
    words: str
    decided_at: datetime | None
    off_page: bool
    appeal: AppealStory | None

    @property
    def may_mend(self) -> bool:
        return self.off_page

    @property
    def may_appeal(self) -> bool:
        return self.state is State.REFUSED and self.appeal is None


def queue(session: Session, shelves: Shelves, *, actor: Actor, after: Cursor | None = None) -> QueuePage:
    """Return what waits for `actor`, oldest first, PAGE at a time from behind `after`.

    An appeal against one's own decision is for somebody else, and is left out.
    """
    wanted = (ModerationItem.state == State.WAITING.value, _for(actor))
    query = select(ModerationItem).where(*wanted)
    if after is not None:
        place = tuple_(ModerationItem.asked_at, ModerationItem.id)
        query = query.where(place > tuple_(after.asked_at, after.item_id))
    query = query.order_by(ModerationItem.asked_at, ModerationItem.id).limit(PAGE + 1)
    found = session.scalars(query).all()
    things = _things(session, shelves, found[:PAGE])
    items = tuple(_queued(item, things[item.input_id]) for item in found[:PAGE] if item.input_id in things)
    return QueuePage(items, len(found) > PAGE, waiting_count(session, actor=actor))


def waiting_count(session: Session, *, actor: Actor) -> int:
    """Return how many things wait for `actor`, as far as COUNTED_AT_MOST."""
    wanted = select(ModerationItem.id).where(ModerationItem.state == State.WAITING.value, _for(actor))
    return session.scalar(select(func.count()).select_from(wanted.limit(COUNTED_AT_MOST).subquery())) or 0


def _for(actor: Actor) -> ColumnElement[bool]:
    return or_(ModerationItem.not_by.is_(None), ModerationItem.not_by != actor.participant_id)


def left_to_others(session: Session, actor: Actor) -> int:
    """Return how many appeals against `actor`'s own decisions wait for a colleague, as far as we count."""
    own = select(ModerationItem.id).where(
        ModerationItem.state == State.WAITING.value, ModerationItem.not_by == actor.participant_id
    )
    return session.scalar(select(func.count()).select_from(own.limit(COUNTED_AT_MOST).subquery())) or 0


def _things(session: Session, shelves: Shelves, items: Sequence[ModerationItem]) -> Mapping[UUID, Thing]:
    found: dict[UUID, Thing] = {}
    for kind in {item.kind for item in items} & shelves.keys():
        found |= shelves[kind].things(session, [item.input_id for item in items if item.kind == kind])
    return found


def _queued(item: ModerationItem, thing: Thing) -> QueuedItem:
    marks = [Mark(*mark) for mark in item.marks]  # type: ignore[arg-type]
    texts = tuple(
        (field, pieces(text, [mark for mark in marks if mark.field == field]))
        for field, text in thing.texts.items()
        if text
    )
    return QueuedItem(
        item.id, item.kind, item.input_id, item.revision, Why(item.why), item.asked_words,
        item.asked_at, thing.title, texts, thing.pictures, thing.reports,
    )  # fmt: skip


def pieces(text: str, marks: Sequence[Mark]) -> tuple[Piece, ...]:
    """Cut `text` where `marks` (in order, none inside another) begin and end; joined, the pieces are the text."""
    cut: list[Piece] = []
    place = 0
    for mark in marks:
        cut += [Piece(text[place : mark.start]), Piece(text[mark.start : mark.end], MARK_WORDS[mark.kind])]
        place = mark.end
    return tuple(piece for piece in (*cut, Piece(text[place:])) if piece.text)


def recent(session: Session, shelves: Shelves, *, actor: Actor) -> tuple[DecidedItem, ...]:
    """Return what `actor` decided last in the queue, the newest first, at most RECENT."""
    if actor.participant_id is None:
        return ()
    query = (
        select(ModerationItem)
        .where(ModerationItem.decided_by == actor.participant_id, ModerationItem.why != Why.DESK.value)
        .order_by(ModerationItem.decided_at.desc())
        .limit(RECENT)
    )
    found = session.scalars(query).all()
    things = _things(session, shelves, found)
    newest = dict(
        session.execute(
            select(ModerationItem.input_id, func.max(ModerationItem.nr))
            .where(ModerationItem.input_id.in_({item.input_id for item in found}))
            .group_by(ModerationItem.input_id)
        ).all()
    )
    return tuple(
        DecidedItem(
            item.id, things[item.input_id].title, item.state == State.APPROVED.value, item.reason, item.words,
            item.decided_at, newest[item.input_id] == item.nr,
        )
        for item in found
        if item.input_id in things and item.decided_at is not None
    )  # fmt: skip


def item_or_none(session: Session, item_id: UUID) -> ModerationItem | None:
    return session.get(ModerationItem, item_id)


@dataclass(frozen=True, slots=True)
class Asking:
    """That somebody had to look at an input, and what they decided; for staff. decided_at: None while it waits."""

    why: str
    asked_at: datetime
    decided_at: datetime | None
    by: str
    shown: bool
    reason: str
    words: str


def askings(session: Session, input_id: UUID) -> Sequence[Asking]:
    """Return what was asked in the queue about an input, oldest first; what the desk decided itself is not there."""
    query = select(ModerationItem).where(
        ModerationItem.input_id == input_id, ModerationItem.why != Why.DESK.value
    )  # fmt: skip
    return [
        Asking(
            WHYS[Why(item.why)], item.asked_at, item.decided_at, item.decided_name, item.state == State.APPROVED.value,
            REASONS[Reason(item.reason)] if item.reason else "", item.words,
        )
        for item in session.scalars(query.order_by(ModerationItem.nr))
    ]  # fmt: skip


@dataclass(frozen=True, slots=True)
class News:
    """What the writer is told of a decision. shown: as it is now; settled_at: when it was decided."""

    shown: bool
    settled_at: datetime


def news_or_none(session: Session, item_id: UUID) -> News | None:
    """Return what to tell the writer of a decision, or None when it was undone, or changed nothing for them."""
    item = session.get(ModerationItem, item_id)
    if item is None or item.decided_at is None:
        return None
    shown = item.state == State.APPROVED.value
    if shown and item.why == Why.REPORT.value:
        return None
    return News(shown, item.decided_at)


def newest_item(session: Session, input_id: UUID, *, lock: bool = False) -> ModerationItem | None:
    """Return the asking that counts for an input, as the database has it now. lock: until the transaction ends."""
    query = (
        select(ModerationItem)
        .where(ModerationItem.input_id == input_id)
        .order_by(ModerationItem.nr.desc())
        .limit(1)
        .execution_options(populate_existing=True)
    )
    return session.scalars(query.with_for_update() if lock else query).first()


def story(session: Session, input_id: UUID) -> Story | None:
    """Return what the writer of an input is told, or None when nobody has asked about it."""
    query = select(ModerationItem).where(ModerationItem.input_id == input_id).order_by(ModerationItem.nr.desc())
    found = session.scalars(query).all()
    if not found:
        return None
    newest, why = found[0], Why(found[0].why)
    state = State(newest.state)
    off_page = state is State.REFUSED or (state is State.WAITING and not is_shown_while_waiting(why))
    appeals = [_appeal(item) for item in found if item.why == Why.APPEAL.value]
    refused = next((item for item in found if item.state == State.REFUSED.value), None)
    because = BECAUSE.get(Reason(refused.reason), "") if refused else ""
    words = refused.words if refused else ""
    return Story(state, why, because, words, newest.decided_at, off_page, appeals[0] if appeals else None)


def _appeal(item: ModerationItem) -> AppealStory:
    shown = item.state == State.APPROVED.value
    return AppealStory(item.asked_words, item.decided_at, shown, item.words)


def words_in_force(session: Session) -> Words:
    """Return the words the filter starts with, as staff have changed them. What staff add is hard."""
    changed = changed_words(session)
    added = {word for word, listed in changed.items() if listed}
    removed = changed.keys() - added
    return Words(frozenset((HARD | added) - removed), frozenset(MILD - added - removed))


def changed_words(session: Session) -> Mapping[str, bool]:
    """Return what staff have changed, by word: True for those they added, False for those they took out."""
    return {found.word: found.listed for found in rows(session, _CHANGED)}


_word = FilterWord.__table__.c
_CHANGED = select(_word.word, _word.listed).order_by(_word.word)
