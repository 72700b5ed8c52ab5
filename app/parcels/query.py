"""Where inputs are on their way."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, bindparam, select
from sqlalchemy.orm import Session

from app.core.actor import Actor
from app.core.rows import rows
from app.core.text import N_
from app.parcels.models import ORDER, Follow, Parcel, Step, StepChange

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
    """A parcel as shown: its steps from first to last, and the case number when the archive has given one."""

    input_id: UUID
    step: str
    steps: tuple[StepView, ...]
    case_number: str | None
    forwarded: bool
    received_at: datetime


# Made once: every page of an idea asks them, and making a question costs as much as asking it.
_parcel, _change = Parcel.__table__.c, StepChange.__table__.c
_PARCEL = select(_parcel.input_id, _parcel.step, _parcel.case_number, _parcel.forwarded, _parcel.received_at)
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
    input_id, step, case_number, forwarded, received_at = found
    return ParcelView(input_id, step, _steps(Step(step), changes), case_number, forwarded, received_at)


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


def follows(session: Session, input_id: UUID, actor: Actor) -> bool:
    """Tell whether `actor` hears of this input."""
    if actor.device_key is None and actor.participant_id is None:
        return False
    own = (
        Follow.participant_id == actor.participant_id if actor.participant_id else Follow.device_key == actor.device_key
    )
    return session.scalar(select(Follow.id).where(Follow.input_id == input_id, own)) is not None


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
