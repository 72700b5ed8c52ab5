"""What can be done with what waits: ask, decide, undo, appeal, ask again after mending."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app.audit import service as audit
from app.core.actor import Actor
from app.core.dialect import insert_once
from app.core.errors import Conflict, NotAllowed, NotFound, RuleBroken
from app.core.text import N_, clean_line, clean_text
from app.moderation import query
from app.moderation.client import WAITING, WAITS, Shelves
from app.moderation.events import ModerationDecided
from app.moderation.models import WORD_LENGTH, FilterWord, ModerationItem, Reason, State, Why
from app.moderation.policy.access import is_shown_while_waiting, may_decide, may_moderate
from app.moderation.policy.filter import Mark, marks_in
from app.outbox import service as outbox

NO_TEXTS: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True)
class Seen:
    """What a moderator had before them: an item, and the revision of it that they read."""

    item_id: UUID
    revision: int


@dataclass(frozen=True, slots=True)
class Verdict:
    """Show it, or do not for a reason. reason: None shows it. words: one's own, for the writer and everybody."""

    reason: Reason | None = None
    words: str = ""

    @property
    def shows(self) -> bool:
        return self.reason is None

    @property
    def said(self) -> dict[str, str]:
        return {"reason": self.reason.value if self.reason else "", "words": self.words}


SHOW = Verdict()


def screen(session: Session, texts: Mapping[str, str]) -> tuple[Mark, ...]:
    """Return what the local filter marks in `texts` (field -> text)."""
    return marks_in(texts, query.words_in_force(session))


def ask(
    session: Session,
    kind: str,
    input_id: UUID,
    *,
    why: Why,
    marks: Sequence[Mark],
    now: datetime,
    process_id: UUID | None = None,
    asked_words: str = "",
    not_by: UUID | None = None,
) -> bool:
    """Put an input into the queue; False when it is there already.

    Whether it is shown meanwhile follows from `why`; the caller hides it (policy.access.is_shown_while_waiting).
    """
    newest = query.newest_item(session, input_id, lock=True)
    if newest is not None and newest.state == State.WAITING.value:
        return False
    values = {
        **_blank(kind, input_id, newest, why, now=now, process_id=process_id),
        "marks": _stored(marks),
        "asked_words": clean_text(asked_words),
        "not_by": not_by,
    }
    return insert_once(session, ModerationItem, values)


def _blank(
    kind: str, input_id: UUID, newest: ModerationItem | None, why: Why, *, now: datetime, process_id: UUID | None
) -> dict[str, object]:
    return {
        "id": uuid4(),
        "kind": kind,
        "input_id": input_id,
        "nr": 1 if newest is None else newest.nr + 1,
        "process_id": process_id or (newest.process_id if newest else None),
        "why": why.value,
        "marks": [],
        "asked_at": now,
        "state": State.WAITING.value,
    }


def _stored(marks: Sequence[Mark]) -> list[list[str | int]]:
    return [[mark.field, mark.kind, mark.start, mark.end] for mark in marks]


def reported(
    session: Session, input_id: UUID, kind: str, *, now: datetime, texts: Mapping[str, str] = NO_TEXTS
) -> bool:
    """Somebody reported an input: put it into the queue; it stays on the page until somebody has looked.

    What they said is on the thing's Shelf. texts: field -> text, so that the filter's marks are shown. False when it
    waits already, or is not on the page.
    """
    newest = query.newest_item(session, input_id, lock=True)
    if newest is not None and newest.state != State.APPROVED.value:
        return False
    marks = screen(session, texts) if texts else ()
    return ask(session, kind, input_id, why=Why.REPORT, marks=marks, now=now)


def decide(
    session: Session, seen: Seen, verdict: Verdict, *, shelves: Shelves, name: str, actor: Actor, now: datetime
) -> ModerationItem:
    """Show a thing, or do not; its writer is told. name: the moderator's, for colleagues.

    Raises Conflict when somebody else was faster or the text is not the one that was read, NotAllowed when it is an
    appeal against one's own decision, RuleBroken (words) when «Annet» says no more.
    """
    if not may_moderate(actor):
        raise NotFound(N_("Vi fant ikke siden."))
    item = session.get(ModerationItem, seen.item_id, with_for_update=True, populate_existing=True)
    if item is None:
        raise Conflict(N_("Denne venter ikke lenger."))
    if item.state != State.WAITING.value:
        raise Conflict(N_("%(name)s har alt sett på denne."), name=item.decided_name)
    if item.revision != seen.revision:
        raise Conflict(N_("Teksten er endret. Les den på nytt."))
    _settle(item, verdict, name=name, actor=actor, now=now)
    session.flush()
    if verdict.shows:
        shelves[item.kind].show(session, item.input_id)
    else:
        _hide(session, shelves, item, now=now)
    shelves[item.kind].looked_at(session, item.input_id, now=now)
    _announce(session, item, now=now)
    action = "moderation_shown" if verdict.shows else "moderation_refused"
    audit.note(session, action, f"{item.kind}:{item.input_id}", actor=actor, now=now, said=verdict.said)
    return item


def decide_many(
    session: Session,
    chosen: Sequence[Seen],
    verdict: Verdict,
    *,
    shelves: Shelves,
    name: str,
    actor: Actor,
    now: datetime,
) -> None:
    """Decide the same of several things, all or none. Raises what `decide` does."""
    # In one order for all, so that two moderators who choose the same never wait for each other.
    for seen in sorted(chosen, key=lambda one: one.item_id):
        decide(session, seen, verdict, shelves=shelves, name=name, actor=actor, now=now)


def _settle(item: ModerationItem, verdict: Verdict, *, name: str, actor: Actor, now: datetime) -> None:
    if not may_decide(actor, item.not_by):
        raise NotAllowed(N_("En kollega må se på denne. Du avgjorde den første gangen."))
    if verdict.reason is Reason.OTHER and not verdict.words:
        raise RuleBroken(N_("Skriv hvorfor med egne ord."), field="words")
    item.state = State.APPROVED.value if verdict.shows else State.REFUSED.value
    item.reason = verdict.reason.value if verdict.reason else ""
    item.words = verdict.words
    item.decided_at, item.decided_by, item.decided_name = now, actor.participant_id, name
    item.revision += 1


def _hide(session: Session, shelves: Shelves, refused: ModerationItem, *, now: datetime) -> None:
    """Take it off with its reason: one's own words, or those of the list."""
    because = refused.words or query.BECAUSE[Reason(refused.reason)]
    shelves[refused.kind].hide(session, refused.input_id, cause=refused.reason, reason=because, now=now)


def _announce(session: Session, item: ModerationItem, *, now: datetime) -> None:
    outbox.record(session, ModerationDecided(item_id=item.id, input_id=item.input_id), now=now)


def decided_at_desk(
    session: Session, kind: str, input_id: UUID, verdict: Verdict, *, name: str, actor: Actor, now: datetime
) -> None:
    """Keep in step with what staff decide on a thing's own page; the caller shows or hides it, and notes it.

    What waits is decided by it; else it is an asking of its own, so that the writer is told and can appeal.
    Raises NotAllowed when an appeal against one's own decision waits.
    """
    item = query.newest_item(session, input_id, lock=True)
    if item is None or item.state != State.WAITING.value:
        item = ModerationItem(**_blank(kind, input_id, item, Why.DESK, now=now, process_id=None), revision=0)
        session.add(item)
    _settle(item, verdict, name=name, actor=actor, now=now)
    session.flush()
    _announce(session, item, now=now)


def undo(session: Session, item_id: UUID, *, shelves: Shelves, actor: Actor, now: datetime) -> ModerationItem:
    """Take back one's own decision: it waits again, and is shown or not as it was then.

    Raises NotFound when it is not one's own, Conflict when something has happened to it since.
    """
    item = session.get(ModerationItem, item_id, with_for_update=True, populate_existing=True)
    own = item is not None and actor.participant_id is not None and item.decided_by == actor.participant_id
    if item is None or not own or item.why == Why.DESK.value or not may_moderate(actor):
        raise NotFound(N_("Vi fant ikke siden."))
    newest = query.newest_item(session, item.input_id)
    if newest is None or newest.id != item.id:
        raise Conflict(N_("Det har skjedd noe nytt med denne. Den kan ikke angres."))
    item.state, item.reason, item.words = State.WAITING.value, "", ""
    item.decided_at, item.decided_by, item.decided_name = None, None, ""
    item.revision += 1
    session.flush()
    _as_it_was(session, shelves, item, now=now)
    audit.note(session, "moderation_undone", f"{item.kind}:{item.input_id}", actor=actor, now=now)
    return item


def _as_it_was(session: Session, shelves: Shelves, item: ModerationItem, *, now: datetime) -> None:
    """Show or hide an item's input as it was while the item waited. An appeal leaves the first reason standing."""
    why = Why(item.why)
    if is_shown_while_waiting(why):
        shelves[item.kind].show(session, item.input_id)
    elif why is Why.APPEAL:
        before = ModerationItem.input_id == item.input_id, ModerationItem.nr == item.nr - 1
        _hide(session, shelves, session.scalars(select(ModerationItem).where(*before)).one(), now=now)
    else:
        shelves[item.kind].hide(session, item.input_id, cause=WAITING, reason=WAITS, now=now)


def appeal(session: Session, input_id: UUID, words: str, *, now: datetime) -> None:
    """The writer disagrees, once; somebody else than the one who decided will look.

    The caller has shown that the input is theirs. The same words again change nothing. Raises Conflict when there is
    nothing to disagree with, or they have appealed before; RuleBroken (words) when they say nothing.
    """
    said = clean_text(words)
    if not said:
        raise RuleBroken(N_("Skriv hvorfor du er uenig."), field="words")
    newest = query.newest_item(session, input_id, lock=True)
    if newest is None:
        raise Conflict(N_("Dette er ikke skjult. Da er det ingenting å være uenig i."))
    if newest.state == State.WAITING.value and newest.why == Why.APPEAL.value and newest.asked_words == said:
        return
    earlier = select(ModerationItem.id).where(
        ModerationItem.input_id == input_id, ModerationItem.why == Why.APPEAL.value
    )
    if session.scalar(earlier) is not None:
        raise Conflict(N_("Du har alt sagt at du er uenig. En gang er nok."))
    if newest.state != State.REFUSED.value:
        raise Conflict(N_("Dette er ikke skjult. Da er det ingenting å være uenig i."))
    marks = [Mark(*mark) for mark in newest.marks]  # type: ignore[arg-type]
    ask(
        session, newest.kind, input_id, why=Why.APPEAL, marks=marks, now=now, asked_words=said,
        not_by=newest.decided_by,
    )  # fmt: skip


def hold(session: Session, input_id: UUID) -> None:
    """Let nobody decide on an input until the transaction ends: its words are about to change."""
    query.newest_item(session, input_id, lock=True)


def mended(
    session: Session,
    kind: str,
    input_id: UUID,
    *,
    why: Why | None,
    marks: Sequence[Mark],
    process_id: UUID,
    now: datetime,
) -> bool:
    """The writer changed a text. Return whether the caller has to take it off the page until somebody has looked.

    why: of a new text like this, None when it would be shown at once. What was refused waits again. What waits stays
    where it is in the queue, with the new text, and nobody decides who has read only the old one.
    """
    newest = query.newest_item(session, input_id, lock=True)
    if newest is not None and newest.state == State.REFUSED.value:
        return ask(session, kind, input_id, why=Why.MENDED, marks=marks, now=now)
    if newest is None or newest.state == State.APPROVED.value:
        return why is not None and ask(session, kind, input_id, why=why, marks=marks, process_id=process_id, now=now)
    newest.marks = _stored(marks)
    newest.revision += 1
    if why is None or not is_shown_while_waiting(Why(newest.why)):
        return False
    newest.why = why.value
    return True


def dropped(session: Session, input_id: UUID) -> None:
    """The writer took it back: it waits no longer."""
    session.execute(
        delete(ModerationItem).where(ModerationItem.input_id == input_id, ModerationItem.state == State.WAITING.value)
    )


def list_word(session: Session, word: str, *, listed: bool, actor: Actor, now: datetime) -> None:
    """Let the filter know a word, or know it no longer; it counts for what is sent from now on.

    Raises RuleBroken (word) when it is empty or too long.
    """
    if not may_moderate(actor):
        raise NotFound(N_("Vi fant ikke siden."))
    plain = clean_line(word).lower()
    if not plain or len(plain) > WORD_LENGTH:
        raise RuleBroken(N_("Skriv ett ord, høyst 60 tegn."), field="word")
    row = session.get(FilterWord, plain) or FilterWord(word=plain)
    row.listed, row.changed_at, row.changed_by = listed, now, actor.participant_id
    session.add(row)
    session.flush()
    action = "filter_word_added" if listed else "filter_word_removed"
    audit.note(session, action, "filter_words", actor=actor, now=now, said={"word": plain})
