"""A step that staff have set is told when the time to take it back is over, and not at all when they did."""

from app.core.errors import NotYet
from app.outbox.models import DeliveryState, OutboxEvent
from app.parcels import query as parcels
from app.parcels.events import StepReached
from workers.work import Work


def is_over(work: Work, event: OutboxEvent) -> bool:
    """Tell whether what is told still stands; a step that was taken back ends its delivery here.

    Nothing but a step can be taken back here. Raises NotYet before its time.
    """
    if event.kind != StepReached.name:
        return True
    wait = (event.due_at - work.now).total_seconds()
    if wait > 0:
        raise NotYet("Steget kan angres ennå.", seconds=wait)
    fact = StepReached.model_validate(event.payload)
    with work.transaction() as session:
        stands = parcels.has_reached(session, fact.input_id, fact.step)
    if not stands:
        with work.settle(DeliveryState.NEVER, reason="Steget ble angret"):
            pass
    return stands
