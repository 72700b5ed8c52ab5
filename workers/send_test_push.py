"""Somebody asked for a test notice on their own phone."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from app.outbox.models import OutboxEvent
from app.outbox.service import Recipient
from app.push import service
from app.push.events import TestPushWanted
from app.settings import Settings
from workers.notice import Notices, Receivers, to_phone

CHANNEL = "push"
QUEUE = "push"
TOPIC = "test"


def recipients(_session: Session, event: OutboxEvent, _settings: Settings) -> Sequence[Recipient]:
    return [to_phone(TestPushWanted.model_validate(event.payload).subscription_id)]


def notices(
    _session: Session, _event: OutboxEvent, receivers: Receivers, *, settings: Settings, now: datetime
) -> Notices:
    """Give the one who asked the test, at any hour."""
    del now
    url = f"{settings.public_url.rstrip('/')}/varsler"
    return {
        one: service.test_message(receiver.language, url=url, subscription_id=one)
        for one, receiver in receivers.items()
    }
