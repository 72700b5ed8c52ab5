"""Where inputs are on their way."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, and_, bindparam, func, select
from sqlalchemy.orm import Session

from app.core.actor import Actor
from app.core.errors import NotFound
from app.core.rows import rows
from app.core.text import N_
from app.outbox.models import DeliveryState, OutboxDelivery
from app.parcels.models import ORDER, ArchiveReport, Follow, Parcel, ReportItem, Step, StepChange

LABELS: Mapping[Step, str] = {
    Step.RECEIVED: N_("Mottatt"),
    Step.READ: N_("Lest"),
    Step.CONSIDERED: N_("Vurderes"),
    Step.DECIDED: N_("Bestemt"),
    Step.DONE: N_("Gjort"),
    Step.NOT_NOW: N_("Ikke nå"),
}
USUAL = (Step.RECEIVED, Step.READ, Step.CONSIDERED, Step.DECIDED, Step.DONE)
REFUSED = (Step.RECEIVED, Step.READ, Step.CONSIDERED, Step.NOT_NOW)


@dataclass(frozen=True, slots=True)
class StepView:
    """One step as shown. state: done, now or next. at: when it was reached, if it was noted."""

    key: str
    label: str
    state: str
    at: datetime | None
    reason: str


@dataclass(frozen=True, slots=True)
class ParcelView:
    """A parcel as shown: its steps from first to last, and the case number when the archive has given one.

    together_by: by when it is put into a report with others, None when it goes to the archive alone; collected: it is
    in one, and on its way.
    """

    input_id: UUID
    step: str
    steps: tuple[StepView, ...]
    case_number: str | None
    forwarded: bool
    received_at: datetime
    together_by: datetime | None = None
    collected: bool = False

    @property
    def in_report(self) -> bool:
        return self.together_by is not None


@dataclass(frozen=True, slots=True)
class Report:
    """A report to the archive. part: from 1, of `parts`. since, until: when its first and its last input came."""

    id: UUID
    process_id: UUID
    part: int
    parts: int
    collected_at: datetime
    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class ReportedInput:
    """An input of a report. kind: as in the parcel, e.g. "idea"."""

    id: UUID
    kind: str
    received_at: datetime


# Made once: every page of an idea asks them, and making a question costs as much as asking it.
_parcel, _change, _item = Parcel.__table__.c, StepChange.__table__.c, ReportItem.__table__.c
_PARCEL = select(
    _parcel.input_id, _parcel.step, _parcel.case_number, _parcel.forwarded, _parcel.received_at, _item.due_at,
    _item.report_id.is_not(None),
).select_from(Parcel.__table__.outerjoin(ReportItem.__table__, _item.input_id == _parcel.input_id))  # fmt: skip
_CHANGE = select(_change.input_id, _change.step, _change.at, _change.reason)
_THIS_PARCEL = _PARCEL.where(_parcel.input_id == bindparam("input"))
_THESE_PARCELS = _PARCEL.where(_parcel.input_id.in_(bindparam("inputs", expanding=True)))
_ITS_CHANGES = _CHANGE.where(_change.input_id == bindparam("input"))
_THEIR_CHANGES = _CHANGE.where(_change.input_id.in_(bindparam("inputs", expanding=True)))
_NOT_YET: tuple[datetime | None, str] = (None, "")


def parcel_of(session: Session, input_id: UUID) -> ParcelView | None:
    this = {"input": input_id}
    found = rows(session, _THIS_PARCEL, this).first()
    if found is None:
        return None
    return _view(found, {step: (at, reason) for _, step, at, reason in rows(session, _ITS_CHANGES, this)})


def parcels_of(session: Session, input_ids: Collection[UUID]) -> Mapping[UUID, ParcelView]:
    """Return the parcels of these inputs, in two queries however many they are."""
    if not input_ids:
        return {}
    inputs = {"inputs": list(input_ids)}
    changes: dict[UUID, dict[str, tuple[datetime | None, str]]] = {}
    for input_id, step, at, reason in rows(session, _THEIR_CHANGES, inputs):
        changes.setdefault(input_id, {})[step] = at, reason
    return {found[0]: _view(found, changes.get(found[0], {})) for found in rows(session, _THESE_PARCELS, inputs)}


def _view(found: Row[*tuple[Any, ...]], changes: Mapping[str, tuple[datetime | None, str]]) -> ParcelView:
    input_id, step, case_number, forwarded, received_at, together_by, collected = found
    steps = _steps(Step(step), changes)
    return ParcelView(input_id, step, steps, case_number, forwarded, received_at, together_by, bool(collected))


def _steps(present: Step, changes: Mapping[str, tuple[datetime | None, str]]) -> tuple[StepView, ...]:
    """Return the steps from first to last. changes: step -> when it was reached, and why."""
    route = REFUSED if present is Step.NOT_NOW else USUAL
    return tuple(_step(step, present, *changes.get(step.value, _NOT_YET)) for step in route)


def _step(step: Step, present: Step, at: datetime | None, reason: str) -> StepView:
    state = "now" if step is present else "done" if ORDER[step] < ORDER[present] else "next"
    return StepView(step.value, LABELS[step], state, at, reason)


def changes_of(session: Session, input_id: UUID) -> Sequence[tuple[Step, datetime, str]]:
    """Return the steps that an input has reached, with when and why, oldest first."""
    found = [(Step(step), at, reason) for _, step, at, reason in rows(session, _ITS_CHANGES, {"input": input_id})]
    return sorted(found, key=lambda change: (change[1], ORDER[change[0]]))


def has_reached(session: Session, input_id: UUID, step: str) -> bool:
    """Tell whether an input has been at this step, and nobody took that back."""
    return any(reached == step for _, reached, *_ in rows(session, _ITS_CHANGES, {"input": input_id}))


def goes_in_report(session: Session, input_id: UUID) -> bool:
    """Tell whether an input goes to the archive in a report with others."""
    return session.get(ReportItem, input_id) is not None


def report_of(session: Session, input_id: UUID) -> UUID | None:
    """Return the report that holds an input; None when it goes alone, or waits for one."""
    return session.scalar(select(ReportItem.report_id).where(ReportItem.input_id == input_id))


def processes_due(session: Session, now: datetime) -> Sequence[UUID]:
    """Return the processes with an input that should be in a report by now."""
    late = select(ReportItem.process_id).where(ReportItem.report_id.is_(None), ReportItem.due_at <= now)
    return session.scalars(late.distinct()).all()


_HELD = (OutboxDelivery.held_for == ReportItem.input_id, OutboxDelivery.state == DeliveryState.WAITING.value)


def waiting_for_report(session: Session, process_id: UUID, now: datetime) -> Sequence[UUID]:
    """Return the inputs that the next report of a process can hold, as they came; nobody else can take them meanwhile.

    What its sender can still regret stays behind, and so does what has no delivery yet: the relay makes it.
    """
    waiting = (
        select(ReportItem.input_id)
        .join(Parcel, Parcel.input_id == ReportItem.input_id)
        .join(OutboxDelivery, and_(*_HELD))
        .where(ReportItem.process_id == process_id, ReportItem.report_id.is_(None), OutboxDelivery.due_at <= now)
        .order_by(Parcel.received_at, ReportItem.input_id)
    )
    return session.scalars(waiting.with_for_update(of=ReportItem)).all()


def get_report(session: Session, report_id: UUID) -> Report:
    """Return a report. Raises NotFound."""
    row = session.get(ArchiveReport, report_id)
    if row is None:
        raise NotFound(N_("Rapporten finnes ikke."))
    first_and_last = select(func.min(Parcel.received_at), func.max(Parcel.received_at)).join(
        ReportItem, ReportItem.input_id == Parcel.input_id
    )
    since, until = session.execute(first_and_last.where(ReportItem.report_id == report_id)).one()
    return Report(row.id, row.process_id, row.part, row.parts, row.collected_at, since, until)


def still_in_report(session: Session, report_id: UUID) -> Sequence[ReportedInput]:
    """Return the inputs of a report that the archive is to get in it, as they came; what was erased is not there."""
    there = (
        select(Parcel.input_id, Parcel.kind, Parcel.received_at)
        .join(ReportItem, ReportItem.input_id == Parcel.input_id)
        .join(OutboxDelivery, and_(*_HELD))
        .where(ReportItem.report_id == report_id)
        .order_by(Parcel.received_at, Parcel.input_id)
    )
    return [ReportedInput(*row) for row in session.execute(there)]


def follows(session: Session, input_id: UUID, actor: Actor) -> bool:
    """Tell whether `actor` hears of this input."""
    if actor.device_key is None and actor.participant_id is None:
        return False
    own = (
        Follow.participant_id == actor.participant_id if actor.participant_id else Follow.device_key == actor.device_key
    )
    return session.scalar(select(Follow.id).where(Follow.input_id == input_id, own)) is not None


@dataclass(frozen=True, slots=True)
class FollowedStep:
    """A step that an input reached while somebody followed it. own: they have sent it."""

    input_id: UUID
    step: str
    at: datetime
    own: bool


def steps_followed(session: Session, actor: Actor, steps: Collection[str], *, limit: int) -> Sequence[FollowedStep]:
    """Return which of `steps` the inputs that `actor` follows have reached since, newest first.

    Whoever sent an input follows it from the very moment it was received, and nobody else can.
    """
    own = (
        Follow.participant_id == actor.participant_id if actor.participant_id else Follow.device_key == actor.device_key
    )
    query = (
        select(StepChange.input_id, StepChange.step, StepChange.at, Follow.since == Parcel.received_at)
        .join(Follow, Follow.input_id == StepChange.input_id)
        .join(Parcel, Parcel.input_id == StepChange.input_id)
        .where(own, StepChange.step.in_(sorted(steps)), StepChange.at >= Follow.since, StepChange.told)
        .order_by(StepChange.at.desc(), StepChange.id)
        .limit(limit)
    )
    return [FollowedStep(input_id, step, at, bool(mine)) for input_id, step, at, mine in session.execute(query)]


def any_followed_by(session: Session, device: bytes) -> bool:
    """Tell whether this device follows anything without an account."""
    return session.scalar(select(Follow.id).where(Follow.device_key == device).limit(1)) is not None


def followed_by(session: Session, actor: Actor, *, limit: int = 50) -> Sequence[UUID]:
    """Return the inputs that `actor` follows, the last one first."""
    if actor.device_key is None and actor.participant_id is None:
        return []
    own = (
        Follow.participant_id == actor.participant_id if actor.participant_id else Follow.device_key == actor.device_key
    )
    return session.scalars(select(Follow.input_id).where(own).order_by(Follow.since.desc()).limit(limit)).all()
