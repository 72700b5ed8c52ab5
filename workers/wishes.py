"""When and whether people want to be told: the verdicts of a push job, changed by what each has chosen."""

from datetime import datetime

from sqlalchemy.orm import Session

from app.outbox.models import OutboxEvent
from app.settings import Settings
from workers.notice import Notices, Receivers


def heed(
    session: Session,
    topic: str,
    event: OutboxEvent,
    notices: Notices,
    receivers: Receivers,
    *,
    settings: Settings,
    now: datetime,
) -> Notices:
    """Return `notices` with what is not wanted left out, and what is not wanted now put off.

    topic: of the job. Called once for each batch of up to 500 receivers, inside the transaction that read them; it may
    ask the database, and changes nothing there.
    """
    del session, topic, event, receivers, settings, now
    return notices
