"""Does one act to many inputs, each in a transaction of its own, and goes on where another one was stopped."""

from app.desk.events import BulkWanted
from app.desk.service import bulk
from app.outbox.models import DeliveryState, OutboxEvent
from workers.work import Work

CHANNEL = "local"
QUEUE = "heavy"
RENEWED_EACH = 100  # the lease lasts minutes, and one input takes some milliseconds


def handle(work: Work, event: OutboxEvent) -> None:
    """Do all that waits. Raises LeaseLost when another worker has taken over."""
    bulk_id = BulkWanted.model_validate(event.payload).bulk_id
    tried = 0
    while _one(work, event, tried):
        tried += 1
    with work.settle(DeliveryState.ACCEPTED) as session:
        bulk.end(session, bulk_id, now=work.now)


def _one(work: Work, event: OutboxEvent, tried: int) -> bool:
    if tried % RENEWED_EACH == 0:
        work.steps.before("inputs")
    fact = BulkWanted.model_validate(event.payload)
    with work.transaction() as session:
        return bulk.do_next(session, fact.bulk_id, now=work.clock(), undo_seconds=work.settings.undo_seconds)
