"""Parcels start, move and are followed."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import cast
from uuid import UUID, uuid4

from sqlalchemy import Table, delete, insert, select, update
from sqlalchemy.orm import Session

from app.core.actor import NOBODY, Actor
from app.core.dialect import insert_once
from app.core.errors import Conflict, NotFound, RuleBroken
from app.core.rows import rows
from app.core.text import N_, clean_text
from app.outbox import service as outbox
from app.outbox.models import DeliveryState
from app.parcels.events import ReportCollected, StepReached
from app.parcels.models import ANSWERED, ORDER, ArchiveReport, Follow, Parcel, ReportItem, Step, StepChange

REPORT = "report"
# When something closes, its report is made this much later: whoever came last has had their time to regret.
AFTER_THE_LAST = timedelta(minutes=1)


class Changed(Conflict):
    """Somebody changed it at the desk after the asker had looked."""


def start(
    session: Session,
    input_id: UUID,
    *,
    kind: str,
    actor: Actor,
    now: datetime,
    area_id: UUID | None = None,
    waits: bool = True,
) -> None:
    """Note that an input has been received; whoever sent it follows it. kind: e.g. "idea"; area_id: of what.

    waits: somebody at the desk is to see to it.
    """
    received = {"input_id": input_id, "step": Step.RECEIVED.value}
    rows(
        session,
        _PARCEL,
        {**received, "kind": kind, "area_id": area_id, "waits": waits, "received_at": now, "moved_at": now},
    )
    rows(session, _CHANGE, {**received, "at": now, "told": False})
    _follow(session, input_id, actor=actor, now=now)


# Sentences, not objects: every idea needs them, and nobody changes these rows in the same transaction.
_PARCEL = insert(cast("Table", Parcel.__table__))
_CHANGE = insert(cast("Table", StepChange.__table__))


def follow(session: Session, input_id: UUID, *, actor: Actor, now: datetime) -> None:
    """Let `actor` hear of an input; a second time changes nothing. Nobody in particular cannot follow."""
    if actor.device_key is None and actor.participant_id is None:
        return
    if session.get(Parcel, input_id) is None:
        raise NotFound(N_("Vi fant ikke dette innspillet."))
    _follow(session, input_id, actor=actor, now=now)


def _follow(session: Session, input_id: UUID, *, actor: Actor, now: datetime) -> None:
    if actor.device_key is None and actor.participant_id is None:
        return
    who = {"participant_id": actor.participant_id} if actor.participant_id else {"device_key": actor.device_key}
    insert_once(session, Follow, {"id": uuid4(), "input_id": input_id, "since": now, **who})


def unfollow(session: Session, input_id: UUID, *, actor: Actor) -> None:
    """Let `actor` hear no more of an input."""
    own = (
        Follow.participant_id == actor.participant_id if actor.participant_id else Follow.device_key == actor.device_key
    )
    session.execute(delete(Follow).where(Follow.input_id == input_id, own))


def take_along(session: Session, device: bytes, *, actor: Actor) -> None:
    """Let the account of `actor` follow what a device followed (see accounts.client.TakeAlong).

    The earlier of two beginnings counts: by it whoever sent an input is known from those who follow it.
    """
    gone = delete(Follow).where(Follow.device_key == device).returning(Follow.input_id, Follow.since)
    for input_id, since in session.execute(gone).all():
        mine = {"id": uuid4(), "input_id": input_id, "since": since, "participant_id": actor.participant_id}
        if not insert_once(session, Follow, mine):
            both = update(Follow).where(Follow.input_id == input_id, Follow.participant_id == actor.participant_id)
            session.execute(both.where(Follow.since > since).values(since=since))


def number(session: Session, input_id: UUID, case_number: str) -> None:
    """Store the case number that the archive has confirmed, e.g. "2026/1042"."""
    session.execute(update(Parcel).where(Parcel.input_id == input_id).values(case_number=case_number))


def not_forwarded(session: Session, input_id: UUID) -> None:
    """Note that the archive will not get this input, by a named rule."""
    session.execute(update(Parcel).where(Parcel.input_id == input_id).values(forwarded=False))


def wait_for_report(
    session: Session, input_id: UUID, process_id: UUID, *, days: int, closes_at: datetime | None, now: datetime
) -> None:
    """Let an input that has just been received go to the archive in a report with others, and never alone.

    days: after how many days at most; closes_at: when no more of its like can come, None for never.
    """
    due_at = now + timedelta(days=days)
    if closes_at is not None and closes_at > now:
        due_at = min(due_at, closes_at + AFTER_THE_LAST)
    item = {"input_id": input_id, "process_id": process_id, "due_at": due_at, "report_id": None}
    insert_once(session, ReportItem, item)


def hurry_report(session: Session, process_id: UUID, *, now: datetime) -> None:
    """Let what waits for a report of this process wait no longer: the process has closed."""
    soon = now + AFTER_THE_LAST
    waiting = update(ReportItem).where(ReportItem.process_id == process_id, ReportItem.report_id.is_(None))
    late = waiting.where(ReportItem.due_at > soon).values(due_at=soon)
    session.execute(late.execution_options(synchronize_session=False))


def make_report(
    session: Session, process_id: UUID, inputs: Sequence[UUID], *, part: int, parts: int, now: datetime
) -> UUID:
    """Settle for good that a report holds these inputs, and announce it; return its id.

    The caller holds their rows (query.waiting_for_report). Raises Conflict when one of them is in a report already.
    """
    report_id = uuid4()
    start(session, report_id, kind=REPORT, actor=NOBODY, now=now, waits=False)
    values = {"id": report_id, "process_id": process_id, "part": part, "parts": parts, "collected_at": now}
    session.execute(insert(cast("Table", ArchiveReport.__table__)), values)
    taken = (
        update(ReportItem)
        .where(ReportItem.input_id.in_(inputs), ReportItem.report_id.is_(None))
        .values(report_id=report_id)
        .returning(ReportItem.input_id)
    )
    if len(session.scalars(taken.execution_options(synchronize_session=False)).all()) != len(inputs):
        raise Conflict(N_("Et av innspillene er alt i en samlerapport."))
    outbox.record(session, ReportCollected(report_id=report_id), now=now)
    return report_id


def leave_out(session: Session, inputs: Sequence[UUID], *, reason: str, now: datetime) -> Sequence[UUID]:
    """Let these inputs reach the archive in no report, by a named rule; return those that would have.

    Those that no report holds yet are no longer waited for. A report that has been filed keeps what it holds.
    """
    left = outbox.end_held(session, inputs, DeliveryState.NEVER, reason=reason, now=now)
    for input_id in left:
        not_forwarded(session, input_id)
    session.execute(delete(ReportItem).where(ReportItem.input_id.in_(left), ReportItem.report_id.is_(None)))
    return left


def move(
    session: Session,
    input_id: UUID,
    step: Step,
    *,
    now: datetime,
    reason: str = "",
    told: bool = True,
    tell_at: datetime | None = None,
    as_of: datetime | None = None,
) -> bool:
    """Move the parcel forward to `step` and tell its followers once; return whether it moved.

    tell_at: until then it can be taken back, and nobody hears of it. as_of: when the archive was asked; an answer not
    newer than the last one applied changes nothing. A step that lies
    before the present one changes nothing either. Raises RuleBroken when «Ikke nå» has no reason.
    """
    if step is Step.NOT_NOW and not clean_text(reason):
        raise RuleBroken(N_("Skriv hvorfor det er nei nå."), field="reason")
    parcel = session.scalar(select(Parcel).where(Parcel.input_id == input_id).with_for_update())
    if parcel is None:
        raise NotFound(N_("Vi fant ikke dette innspillet."))
    if as_of is not None:
        if parcel.as_of is not None and as_of <= parcel.as_of:
            return False
        parcel.as_of = as_of
    if ORDER[step] <= ORDER[Step(parcel.step)]:
        return False
    values = {
        "id": uuid4(),
        "input_id": input_id,
        "step": step.value,
        "at": now,
        "reason": clean_text(reason),
        "told": told,
    }
    if not insert_once(session, StepChange, values):
        return False
    parcel.step, parcel.moved_at, parcel.waits = step.value, now, parcel.waits and step not in ANSWERED
    if told:
        outbox.record(session, StepReached(input_id=input_id, step=step.value), now=now, due_at=tell_at)
    return True


def take_back(session: Session, parcel: Parcel, *, earlier: Step, waits: bool, now: datetime) -> None:
    """Let a parcel stand at `earlier` again, and wait or not, as if the last step had not been.

    The caller knows that nobody was told.
    """
    gone = delete(StepChange).where(StepChange.input_id == parcel.input_id, StepChange.step == parcel.step)
    session.execute(gone)
    parcel.step, parcel.moved_at, parcel.waits = earlier.value, now, waits


def hold(session: Session, input_id: UUID) -> None:
    """Let nobody change this parcel until the transaction ends."""
    session.execute(select(Parcel.input_id).where(Parcel.input_id == input_id).with_for_update())


def wait(session: Session, input_id: UUID, *, waits: bool) -> None:
    """Let an input wait for somebody at the desk, or not. One that has come to its last step waits for nobody."""
    done = [step.value for step in ANSWERED]
    changed = update(Parcel).where(Parcel.input_id == input_id, Parcel.step.not_in(done))
    session.execute(changed.values(waits=waits).execution_options(synchronize_session="fetch"))


def close(session: Session, input_id: UUID) -> None:
    """Note that nobody waits for an answer any more: whoever sent it has taken it back."""
    session.execute(update(Parcel).where(Parcel.input_id == input_id).values(waits=False))


def hold_all(session: Session, inputs: Sequence[UUID]) -> None:
    """Let nothing hang on these inputs until the caller has committed: a new row that names one waits."""
    query = select(Parcel.input_id).where(Parcel.input_id.in_(inputs)).order_by(Parcel.input_id)
    session.execute(query.with_for_update()).all()


def claim(session: Session, input_id: UUID, *, revision: int) -> Parcel:
    """Return the row, locked and one revision on, to be changed in this transaction.

    revision: what the one who changes it has seen. Raises Changed when it is another one now, NotFound.
    """
    query = select(Parcel).where(Parcel.input_id == input_id).with_for_update()
    parcel = session.scalar(query.execution_options(populate_existing=True))
    if parcel is None:
        raise NotFound(N_("Vi fant ikke dette innspillet."))
    if parcel.revision != revision:
        raise Changed(N_("Noen har endret denne i mellomtiden. Det du skrev, er her fortsatt."))
    parcel.revision += 1
    return parcel
