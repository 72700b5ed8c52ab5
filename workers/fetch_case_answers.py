"""The archive is asked how the inputs of one case are doing, and the parcels move."""

import structlog

from app.cases import query as cases_query
from app.cases import service as cases
from app.cases.client import CaseRef
from app.cases.events import StatusDue
from app.cases.policy import is_unknown
from app.core.crash import crash_point
from app.outbox.models import DeliveryState, OutboxEvent
from workers.work import Work

CHANNEL = "archive"
QUEUE = "send"

log = structlog.get_logger("workers")


def handle(work: Work, event: OutboxEvent) -> None:
    """Ask once for the whole case. Late and repeated answers change nothing; several moves are one, to the last."""
    number = StatusDue.model_validate(event.payload).case_number
    with work.transaction() as session:
        codes = cases_query.settings_in_force(session, work.settings)
        filings = [known.filing for known in cases_query.open_filings(session, number)]
    statuses = work.ports.archive.fetch_status(CaseRef(number, None, None), filings) if filings else {}
    crash_point("status.after_read")
    for code in {c for s in statuses.values() for c in (s.entry_code, s.reply_code) if is_unknown(c, codes)}:
        log.warning("unknown_archive_code", case=number, code=code)
    with work.settle(DeliveryState.ACCEPTED, external_id=number) as session:
        cases.apply_statuses(session, number, statuses, codes, now=work.now)
        cases.schedule_next(session, number, now=work.now, every=work.settings.status_every)
