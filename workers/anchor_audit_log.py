"""The newest line of the audit log, kept outside the database: a tail that is cut off later is missed."""

from app.audit import anchors, query
from app.outbox.models import OutboxEvent
from workers.work import Work

CHANNEL = "local"
QUEUE = "heavy"


def handle(work: Work, event: OutboxEvent) -> None:  # noqa: ARG001 - the newest line is the newest, whichever day asks
    with work.transaction() as session:
        newest = query.head(session)
    if newest is not None:
        anchors.keep(work.settings.instance, newest)
    with work.settle():
        return
