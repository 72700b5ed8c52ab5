"""What staff do with an input. Each act is one revision of it, stands on its way, and is noted in the audit log.

Whoever acts says which revision they saw; when it is another one by now, nothing is done and Changed is raised.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from sqlalchemy.orm import Session

from app.accounts import query as accounts
from app.areas.query import areas
from app.audit import service as audit
from app.core.actor import Actor
from app.core.dialect import insert_once
from app.core.errors import Conflict, NotFound, RuleBroken
from app.core.submission import Submission
from app.core.text import N_, clean_text
from app.desk import query
from app.desk.kinds import AnswerDraft, Kind
from app.desk.models import DeskChange, DeskNote
from app.desk.policy import READERS, may_answer, may_decide, may_place
from app.moderation import service as moderation
from app.parcels import service as parcels
from app.parcels.models import ORDER, Parcel, Step

PLACED = ("handler_id", "group_id", "area_id", "due_at")


@dataclass(frozen=True, slots=True)
class Seen:
    """An input as somebody saw it who now acts."""

    input_id: UUID
    revision: int


@dataclass(frozen=True, slots=True)
class NoteDraft:
    """A note as typed: 1-4000 characters."""

    text: str
    submission: Submission


def assign(session: Session, seen: Seen, handler_id: UUID | None, *, actor: Actor, now: datetime) -> None:
    """Let one of the staff have an input, or nobody. Raises RuleBroken for whoever cannot have it."""
    _require(may_place(actor))
    if handler_id is not None and handler_id not in {one.id for one in accounts.staff_at_work(session, READERS)}:
        raise RuleBroken(N_("Velg noen som jobber her."), field="who")
    parcel = parcels.claim(session, seen.input_id, revision=seen.revision)
    before = _placed(parcel)
    parcel.handler_id, parcel.group_id = handler_id, None
    _note(session, parcel, "assigned", str(handler_id or ""), before, actor=actor, now=now)


def send_to_group(
    session: Session, seen: Seen, area_id: UUID, *, comment: str = "", actor: Actor, now: datetime
) -> None:
    """Let the group of an area have an input; from now on it belongs to that area at the desk."""
    _require(may_place(actor))
    if area_id not in {area.id for area in areas(session)}:
        raise RuleBroken(N_("Velg en gruppe."), field="who")
    parcel = parcels.claim(session, seen.input_id, revision=seen.revision)
    before = _placed(parcel)
    parcel.handler_id, parcel.group_id, parcel.area_id = None, area_id, area_id
    _note(session, parcel, "sent", str(area_id), before, comment=comment, actor=actor, now=now)


def set_due(session: Session, seen: Seen, due_at: datetime | None, *, actor: Actor, now: datetime) -> None:
    """Say until when it should be answered; None: as long as was promised to all."""
    _require(may_place(actor))
    parcel = parcels.claim(session, seen.input_id, revision=seen.revision)
    before = _placed(parcel)
    parcel.due_at = due_at
    _note(session, parcel, "due", due_at.isoformat() if due_at else "", before, actor=actor, now=now)


def set_step(
    session: Session, seen: Seen, step: Step, reason: str, *, actor: Actor, now: datetime, undo_seconds: float
) -> None:
    """Move an input forward; its followers hear of it when the time to regret is over.

    Raises RuleBroken when «Ikke nå» has no reason, and when the step lies behind the present one.
    """
    _require(may_decide(actor))
    kind = _kind(session, seen.input_id, now)
    parcel = parcels.claim(session, seen.input_id, revision=seen.revision)
    before = {"step": parcel.step, "waits": "ja" if parcel.waits else ""}
    if step not in kind.steps:
        raise RuleBroken(N_("Det steget passer ikke her."), field="step")
    if ORDER[step] <= ORDER[Step(parcel.step)]:
        raise RuleBroken(N_("Den har kommet lenger enn det. Velg et senere steg."), field="step")
    tell_at = now + timedelta(seconds=undo_seconds)
    parcels.move(session, seen.input_id, step, now=now, reason=reason, tell_at=tell_at)
    _note(session, parcel, "step", step.value, before, actor=actor, now=now)


def undo(session: Session, seen: Seen, *, actor: Actor, now: datetime, undo_seconds: float) -> None:
    """Take the last change of an input back, if it is the actor's own.

    Raises Conflict when it is somebody else's or cannot be taken back, and for a step when followers may have heard.
    """
    _require(may_place(actor))
    parcel = parcels.claim(session, seen.input_id, revision=seen.revision)
    change = query.change_or_none(session, seen.input_id, seen.revision)
    if change is None or change.by_id != actor.participant_id or not change.before or change.undone_at:
        raise Conflict(N_("Dette kan ikke angres."))
    if change.what == "step":
        if now >= change.at + timedelta(seconds=undo_seconds) or parcel.step != change.value:
            raise Conflict(N_("Det er for sent å angre. De som følger, har fått vite det."))
        waited = change.before.get("waits", "ja") == "ja"
        parcels.take_back(session, parcel, earlier=Step(change.before["step"]), waits=waited, now=now)
    else:
        _put_back(parcel, change.before)
    change.undone_at = now
    _note(session, parcel, "undone", change.what, {}, actor=actor, now=now)


def answer(
    session: Session, seen: Seen, draft: AnswerDraft, *, actor: Actor, role_name: str, now: datetime,
    undo_seconds: float,
) -> None:  # fmt: skip
    """Answer in public, once however often the same form comes; see the kind's own rules."""
    _require(may_answer(actor))
    kind = _kind(session, seen.input_id, now)
    if kind.is_answered(session, draft.submission):
        return
    parcel = parcels.claim(session, seen.input_id, revision=seen.revision)
    kind.answer(
        session, seen.input_id, draft, actor=actor, role_name=role_name, now=now, undo_seconds=undo_seconds
    )  # fmt: skip
    _change(session, parcel, "answered", draft.step.value if draft.step else "", {}, actor=actor, now=now)


def _kind(session: Session, input_id: UUID, now: datetime) -> Kind:
    return query.get_handling(session, input_id, now=now, answer_days=0).kind


def hide(session: Session, seen: Seen, reason: str, *, actor: Actor, now: datetime) -> None:
    """Take an input off the public pages; everybody sees why."""
    _require(may_answer(actor))
    kind = _kind(session, seen.input_id, now)
    moderation.hold(session, seen.input_id)  # as moderators do first, so that nobody waits for the other
    parcel = parcels.claim(session, seen.input_id, revision=seen.revision)
    kind.hide(session, seen.input_id, reason, actor, now)
    _change(session, parcel, "hidden", "", {}, actor=actor, now=now)


def show(session: Session, seen: Seen, *, actor: Actor, now: datetime) -> None:
    """Put a hidden input back on the public pages."""
    _require(may_answer(actor))
    kind = _kind(session, seen.input_id, now)
    moderation.hold(session, seen.input_id)
    parcel = parcels.claim(session, seen.input_id, revision=seen.revision)
    kind.show(session, seen.input_id, actor, now)
    _change(session, parcel, "shown", "", {}, actor=actor, now=now)


def write_note(session: Session, input_id: UUID, draft: NoteDraft, *, actor: Actor, now: datetime) -> None:
    """Store a note for colleagues; it changes nothing that others may be changing. Raises RuleBroken, NotFound."""
    _require(may_place(actor))
    query.get_handling(session, input_id, now=now, answer_days=0)
    values = {
        "id": uuid4(),
        "submission_hash": draft.submission.key_hash,
        "content_digest": draft.submission.digest,
        "input_id": input_id,
        "text": clean_text(draft.text),
        "author_id": actor.participant_id,
        "at": now,
    }
    if not insert_once(session, DeskNote, values):
        query.require_same_note(session, draft.submission)
        return
    audit.note(session, "note_written", f"input:{input_id}", actor=actor, now=now, said={"text": draft.text})


def read_email(session: Session, input_id: UUID, *, actor: Actor, now: datetime) -> str | None:
    """Return the sender's e-mail, None when none was left; that somebody looked is noted first."""
    _require(may_answer(actor))
    kind = _kind(session, input_id, now)
    audit.note(session, "email_read", f"input:{input_id}", actor=actor, now=now)
    return kind.email(session, input_id)


def search_by_email(session: Session, email: str, *, actor: Actor, now: datetime) -> list[UUID]:
    """Return the inputs whose sender left this e-mail; that somebody searched, and a keyed hash of it, is noted."""
    _require(may_answer(actor))
    audit.note(session, "sender_searched", "inputs", actor=actor, now=now, said={"email": email.lower()})
    return list(query.sent_from(session, email))


def _require(allowed: bool) -> None:
    if not allowed:
        raise NotFound(N_("Vi fant ikke siden."))


def _placed(parcel: Parcel) -> dict[str, str | None]:
    """Return who has it and until when, as an undo puts it back."""
    found: dict[str, str | None] = {}
    for name in PLACED:
        value = getattr(parcel, name)
        found[name] = value.isoformat() if isinstance(value, datetime) else str(value) if value else None
    return found


def _put_back(parcel: Parcel, before: Mapping[str, str | None]) -> None:
    for name in PLACED:
        said = before[name]
        read = datetime.fromisoformat if name == "due_at" else UUID
        setattr(parcel, name, read(said) if said else None)


def _note(
    session: Session,
    parcel: Parcel,
    what: str,
    value: str,
    before: Mapping[str, str | None],
    *,
    comment: str = "",
    actor: Actor,
    now: datetime,
) -> None:
    """Store a change, and note it in the audit log as well."""
    _change(session, parcel, what, value, before, comment=comment, actor=actor, now=now)
    said = {"value": value, "comment": comment}
    audit.note(session, f"input_{what}", f"input:{parcel.input_id}", actor=actor, now=now, said=said)


def _change(
    session: Session,
    parcel: Parcel,
    what: str,
    value: str,
    before: Mapping[str, str | None],
    *,
    comment: str = "",
    actor: Actor,
    now: datetime,
) -> None:
    """Store what brought `parcel` to its revision. What the thing's own room notes is not noted again."""
    session.add(
        DeskChange(
            input_id=parcel.input_id,
            revision=parcel.revision,
            what=what,
            value=value,
            comment=clean_text(comment),
            before=dict(before),
            by_id=actor.participant_id,
            at=now,
        )
    )
    session.flush()
