"""Which events the clock records, and how often."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from app.accounts import service as accounts
from app.audit import query as audit
from app.audit.events import AuditHeadDue
from app.cases import query as cases_query
from app.cases import service as cases
from app.outbox import service as outbox

TURNS_KEPT = timedelta(days=2)


@dataclass(frozen=True, slots=True)
class Stroke:
    """What one stroke of the clock recorded."""

    statuses: int


def strike(session: Session, now: datetime, *, status_every: float) -> Stroke:
    """Record what is due at `now`; each turn is recorded once, whoever strikes."""
    statuses = 0
    for case in cases_query.cases_due(session, now):
        statuses += cases.ask_for_status(session, case, now=now, every=status_every)
    if audit.head(session) is not None:
        day = f"{now:%Y-%m-%d}"
        outbox.record_once(session, AuditHeadDue(day=day), turn=f"audit_head:{day}", now=now)
    accounts.forget_old(session, now=now)
    outbox.forget_turns(session, before=now - TURNS_KEPT)
    return Stroke(statuses)
