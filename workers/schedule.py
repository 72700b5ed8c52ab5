"""Which events the clock records, and how often."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from app.audit import query as audit
from app.audit.events import AuditHeadDue
from app.cases import query as cases_query
from app.cases import service as cases
from app.outbox import query as outbox_query
from app.outbox import service as outbox
from app.personal.events import RetentionDue

TURNS_KEPT = timedelta(days=2)
A_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Stroke:
    """What one stroke of the clock recorded."""

    statuses: int


def strike(session: Session, now: datetime, *, status_every: float) -> Stroke:
    """Record what is due at `now`; each turn is recorded once, whoever strikes."""
    statuses = 0
    for case in cases_query.cases_due(session, now):
        statuses += cases.ask_for_status(session, case, now=now, every=status_every)
    day = f"{now:%Y-%m-%d}"
    if audit.head(session) is not None:
        outbox.record_once(session, AuditHeadDue(day=day), turn=f"audit_head:{day}", now=now)
    if outbox_query.anything_before(session, now - A_DAY):  # in a town of yesterday nothing is old
        outbox.record_once(session, RetentionDue(day=day), turn=f"retention:{day}", now=now)
    outbox.forget_turns(session, before=now - TURNS_KEPT)
    return Stroke(statuses)
