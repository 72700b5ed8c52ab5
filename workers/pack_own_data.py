"""Somebody wants all that we hold on them: make the file, seal it, and say that it is ready."""

from app.files.store import picture_store
from app.outbox.models import DeliveryState, OutboxEvent
from app.personal import query, service
from app.personal.events import OwnFileWanted
from app.personal.models import OwnFile
from app.personal.pack import file_path, packed, seal
from app.personal.query import Owner
from workers.work import Work

CHANNEL = "local"
QUEUE = "heavy"


def handle(work: Work, event: OutboxEvent) -> None:
    """Run twice, the second file takes the place of the first."""
    file_id = OwnFileWanted.model_validate(event.payload).file_id
    with work.transaction() as session:
        wanted = session.get(OwnFile, file_id)
        found = [] if wanted is None else list(query.own_rows(session, Owner(wanted.device_key, wanted.participant_id)))
    if wanted is None:
        with work.settle(DeliveryState.NEVER, reason="Slettet før den ble laget"):
            return
    content = packed(found, picture_store(work.settings), made_at=work.now, language=wanted.language)
    key = seal(content, file_path(work.settings.instance, file_id))
    with work.settle(DeliveryState.ACCEPTED) as session:
        service.file_is_ready(session, file_id, key=key, now=work.clock())
