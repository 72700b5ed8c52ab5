"""Somebody wants to be erased: the ledger first, then files and rows, then the database's own file."""

from uuid import UUID

from app.core import sqlite
from app.core.crash import crash_point
from app.core.errors import NotYet
from app.files.store import picture_store
from app.outbox.models import DeliveryState, OutboxEvent
from app.personal import ledger, service
from app.personal.events import ErasureWanted
from app.personal.models import Erasure
from app.personal.query import Owner, own_keys
from workers.work import Work

CHANNEL = "local"
QUEUE = "heavy"
READERS_S = 5.0


def handle(work: Work, event: OutboxEvent) -> None:
    """Each part can be done again. What the ledger has once said stays true, whatever is restored later."""
    erasure_id = ErasureWanted.model_validate(event.payload).erasure_id
    with work.transaction() as session:
        wish = session.get(Erasure, erasure_id)
        owner = None if wish is None or wish.done_at is not None else Owner(wish.device_key, wish.participant_id)
        classes = [] if owner is None else sorted(table.name for table in own_keys(session, owner))
    if owner is not None:
        ledger.write(work.settings.instance, owner.subjects, classes=classes, now=work.now)
        crash_point("erase.after_ledger")
        _erase(work, owner, erasure_id)
        crash_point("erase.after_rows")
    with work.transaction() as session:
        engine = session.get_bind().engine
    if not sqlite.scrub(engine):
        raise NotYet("Noen leser i databasen. Fila blir skrevet på nytt om litt.", seconds=READERS_S)
    with work.settle(DeliveryState.ACCEPTED):
        return


def _erase(work: Work, owner: Owner, erasure_id: UUID) -> None:
    with work.transaction() as session:
        service.erase(session, owner, store=picture_store(work.settings), instance=work.settings.instance, now=work.now)
        service.erasure_is_done(session, erasure_id, now=work.now)
