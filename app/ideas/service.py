"""What can be done with ideas."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, cast
from uuid import UUID, uuid4

from sqlalchemy import Select, bindparam, delete, func, select, update
from sqlalchemy.orm import Session

from app.audit import service as audit
from app.core.actor import Actor
from app.core.crash import crash_point
from app.core.db import Model
from app.core.dialect import insert_once
from app.core.errors import Conflict, NotAllowed, NotFound, RuleBroken
from app.core.rows import rows
from app.core.submission import Submission
from app.core.text import N_, clean_text
from app.files import service as files
from app.files.service import Original
from app.files.store import PictureStore
from app.ideas.dialect import index_idea, unindex_ideas
from app.ideas.events import IdeaAnswered, IdeaHidden, IdeaSubmitted, IdeaWithdrawn
from app.ideas.models import Idea, Reply, Support
from app.ideas.policy import may_answer
from app.outbox import service as outbox
from app.parcels import service as parcels
from app.parcels.models import Step
from app.processes.query import Door
from app.processes.service import require_open

# An idea leaves this much after the time to regret: an «Angre» in the last second is stored before the idea is read.
LEAVES_AFTER = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class IdeaDraft:
    """An idea as typed: trimmed, checked for lengths. place, email: "" when left out; language: e.g. "nb"."""

    title: str
    body: str
    area_id: UUID
    place: str
    email: str
    language: str
    submission: Submission


@dataclass(frozen=True, slots=True)
class ReplyDraft:
    """An official answer as typed. step: where it leaves the parcel."""

    text: str
    step: Step
    submission: Submission


def submit_idea(
    session: Session,
    door: Door,
    draft: IdeaDraft,
    pictures: Sequence[Original],
    *,
    store: PictureStore,
    actor: Actor,
    now: datetime,
    undo_seconds: float,
) -> tuple[UUID, bool]:
    """Store an idea and announce it; return its id, and whether it is new.

    The same key and content again gives the first idea. Raises Conflict when `door` is not open at `now`,
    RuleBroken when the key comes with other content.
    """
    earlier = _earlier(session, Idea, draft.submission)
    if earlier is not None:
        files.discard(pictures, store=store)
        return earlier, False
    require_open(door, now=now)
    idea_id = uuid4()
    values = {
        "id": idea_id,
        "submission_hash": draft.submission.key_hash,
        "content_digest": draft.submission.digest,
        "process_id": door.process_id,
        "area_id": draft.area_id,
        "title": draft.title,
        "body": draft.body,
        "place": draft.place,
        "email": draft.email or None,
        "language": draft.language,
        "device_key": actor.device_key,
        "author_id": actor.participant_id,
        "submitted_at": now,
        "support_count": 0,
        "hidden_reason": "",
    }
    if not insert_once(session, Idea, values):
        files.discard(pictures, store=store)
        first = _earlier(session, Idea, draft.submission)
        assert first is not None  # noqa: S101 - the key was taken, so its row is there
        return first, False
    files.attach(session, idea_id, pictures, actor=actor, now=now, public=True)
    index_idea(session, idea_id, f"{draft.title} {draft.body} {draft.place}")
    parcels.start(session, idea_id, kind="idea", actor=actor, now=now)
    leaves_at = now + timedelta(seconds=undo_seconds) + LEAVES_AFTER
    outbox.record(session, IdeaSubmitted(idea_id=idea_id, process_id=door.process_id), now=now, due_at=leaves_at)
    crash_point("submit.after_insert")
    return idea_id, True


def _earlier(session: Session, model: type[Model], submission: Submission) -> UUID | None:
    """Return the id of what was stored under this key. Raises RuleBroken when it was something else."""
    found = rows(session, _under_key(model), {"key_hash": submission.key_hash}).first()
    if found is None:
        return None
    if found.content_digest != submission.digest:
        raise RuleBroken(N_("Dette skjemaet er alt sendt med noe annet. Last siden på nytt og send igjen."))
    return cast("UUID", found.id)


@lru_cache
def _under_key(model: type[Model]) -> Select[Any, Any]:
    """Return the question, made once: it is asked of every submission, and its answer is nearly always no."""
    columns = model.__table__.c
    return select(columns.id, columns.content_digest).where(columns.submission_hash == bindparam("key_hash"))


def undo_idea(session: Session, idea: Idea, *, now: datetime, undo_seconds: float) -> None:
    """Take an idea back before it has left. Raises Conflict when the time is over; a second time changes nothing.

    The caller has shown that the idea is theirs: by its receipt, or by the device that sent it.
    """
    if idea.withdrawn_at is not None:
        return
    if now >= idea.submitted_at + timedelta(seconds=undo_seconds):
        raise Conflict(N_("Idéen er sendt videre. Den kan ikke angres nå."))
    withdraw_idea(session, idea, now=now)


def withdraw_idea(session: Session, idea: Idea, *, now: datetime) -> None:
    """Take an idea off the page, whenever it is; a second time changes nothing. What the archive has, it keeps.

    The caller has shown that the idea is theirs, as for `undo_idea`.
    """
    if idea.withdrawn_at is not None:
        return
    idea.withdrawn_at = now
    files.set_public(session, idea.id, public=False)
    outbox.record(session, IdeaWithdrawn(idea_id=idea.id), now=now)


def support_idea(session: Session, idea: Idea, *, actor: Actor, now: datetime) -> bool:
    """Let `actor` support and follow an idea; return False when they did already."""
    if actor.device_key is None and actor.participant_id is None:
        raise NotAllowed(N_("Slå på informasjonskapsler for å støtte idéen."))
    who = _one(actor)
    new = insert_once(session, Support, {"id": uuid4(), "idea_id": idea.id, "at": now, **who})
    if new:
        _count(session, idea, 1)
    parcels.follow(session, idea.id, actor=actor, now=now)
    return new


def unsupport_idea(session: Session, idea: Idea, *, actor: Actor) -> None:
    """Take support back; one that was not there changes nothing."""
    (name, value), = _one(actor).items()  # fmt: skip
    if value is None:
        return
    gone = session.execute(
        delete(Support).where(Support.idea_id == idea.id, getattr(Support, name) == value).returning(Support.id)
    ).all()
    if gone:
        _count(session, idea, -1)


def _one(actor: Actor) -> dict[str, UUID | bytes | None]:
    return {"participant_id": actor.participant_id} if actor.participant_id else {"device_key": actor.device_key}


def _count(session: Session, idea: Idea, change: int) -> None:
    session.execute(
        update(Idea)
        .where(Idea.id == idea.id)
        .values(support_count=Idea.support_count + change)
        .execution_options(synchronize_session=False)
    )
    session.refresh(idea)


def answer_idea(
    session: Session, idea: Idea, draft: ReplyDraft, *, actor: Actor, role_name: str, now: datetime
) -> Reply:
    """Answer an idea in public, move its parcel, and let the answer be archived in the same case."""
    if not may_answer(actor, idea):
        raise NotFound(N_("Vi fant ikke siden."))
    earlier = _earlier(session, Reply, draft.submission)
    if earlier is not None:
        return session.get_one(Reply, earlier)
    reply = Reply(
        id=uuid4(),
        submission_hash=draft.submission.key_hash,
        content_digest=draft.submission.digest,
        idea_id=idea.id,
        text=clean_text(draft.text),
        step=draft.step.value,
        role_name=role_name,
        author_id=actor.participant_id,
        answered_at=now,
    )
    session.add(reply)
    session.flush()
    parcels.move(session, idea.id, draft.step, now=now, reason=reply.text)
    outbox.record(session, IdeaAnswered(idea_id=idea.id, reply_id=reply.id), now=now)
    said = {"text": reply.text, "step": reply.step}
    audit.note(session, "idea_answered", f"idea:{idea.id}", actor=actor, now=now, said=said)
    return reply


def hide_idea(session: Session, idea: Idea, *, reason: str, actor: Actor, now: datetime) -> None:
    """Take an idea off the page; everybody sees why. Forwarding goes on: this decides what is shown."""
    if not may_answer(actor, idea):
        raise NotFound(N_("Vi fant ikke siden."))
    idea.hidden_at, idea.hidden_reason = now, clean_text(reason)
    files.set_public(session, idea.id, public=False)
    outbox.record(session, IdeaHidden(idea_id=idea.id), now=now)
    said = {"reason": idea.hidden_reason}
    audit.note(session, "idea_hidden", f"idea:{idea.id}", actor=actor, now=now, said=said)


def show_idea(session: Session, idea: Idea, *, actor: Actor, now: datetime) -> None:
    """Put a hidden idea back on the page."""
    if not may_answer(actor, idea):
        raise NotFound(N_("Vi fant ikke siden."))
    idea.hidden_at, idea.hidden_reason = None, ""
    files.set_public(session, idea.id, public=True)
    audit.note(session, "idea_shown", f"idea:{idea.id}", actor=actor, now=now)


def forget_words(session: Session, idea_ids: Sequence[UUID], *, now: datetime) -> None:
    """Take ideas whose words are about to be erased off the page and out of the search.

    None of them is hidden any more: there is nothing left to hide, and why it was may have quoted them.
    """
    if not idea_ids:
        return
    gone = {"withdrawn_at": func.coalesce(Idea.withdrawn_at, now), "erased_at": func.coalesce(Idea.erased_at, now)}
    erased = update(Idea).where(Idea.id.in_(idea_ids))
    session.execute(
        erased.values(hidden_at=None, hidden_reason="", **gone).execution_options(synchronize_session=False)
    )
    unindex_ideas(session, idea_ids)
