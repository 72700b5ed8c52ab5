"""A step that staff have set is told when the time to take it back is over, and not at all when they did."""

from datetime import datetime

from sqlalchemy.orm import Session

from app.core import errors
from app.outbox.models import DeliveryState, OutboxEvent
from app.parcels import query as parcels
from app.parcels.events import StepReached
from workers.notice import LeftOut, NotYet
from workers.work import Work

TAKEN_BACK = "Steget ble angret"


def is_over(work: Work, event: OutboxEvent) -> bool:
    """Tell whether what is told still stands; a step that was taken back ends its delivery here.

    Nothing but a step can be taken back here. Raises NotYet before its time.
    """
    if event.kind != StepReached.name:
        return True
    wait = (event.due_at - work.now).total_seconds()
    if wait > 0:
        raise errors.NotYet("Steget kan angres ennå.", seconds=wait)
    fact = StepReached.model_validate(event.payload)
    with work.transaction() as session:
        stands = parcels.has_reached(session, fact.input_id, fact.step)
    if not stands:
        with work.settle(DeliveryState.NEVER, reason=TAKEN_BACK):
            pass
    return stands


def verdict(session: Session, event: OutboxEvent, now: datetime) -> NotYet | LeftOut | None:
    """Return what keeps a notice of this event back, for all who would hear of it; None when it stands."""
    if event.kind != StepReached.name:
        return None
    if now < event.due_at:
        return NotYet(event.due_at, "Steget kan angres ennå.")
    fact = StepReached.model_validate(event.payload)
    return None if parcels.has_reached(session, fact.input_id, fact.step) else LeftOut(TAKEN_BACK)
