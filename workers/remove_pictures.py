"""Removes the pictures that a process no longer shows, and that nobody is about to show."""

from app.files import service as files
from app.files.store import picture_store
from app.outbox.models import DeliveryState, OutboxEvent
from app.processes import query
from app.processes.events import ProcessPictureChanged
from workers.work import Work

CHANNEL = "local"
QUEUE = "heavy"


def handle(work: Work, event: OutboxEvent) -> None:
    """Files first: after a crash between, the rows are still there to tell which were left."""
    process_id = ProcessPictureChanged.model_validate(event.payload).process_id
    with work.settle(DeliveryState.ACCEPTED) as session:
        unused = query.unused_pictures(session, process_id)
        files.remove(session, unused, store=picture_store(work.settings))
        files.forget(session, unused)
