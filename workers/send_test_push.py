"""Somebody asked for a test notice on their own phone."""

from app.outbox.models import DeliveryState, OutboxEvent
from app.push import query, service
from app.push.events import TestPushWanted
from workers.notify_followers import deliver
from workers.work import Work

CHANNEL = "push"
QUEUE = "push"


def handle(work: Work, event: OutboxEvent) -> None:
    fact = TestPushWanted.model_validate(event.payload)
    with work.transaction() as session:
        receiver = query.receiver(session, fact.subscription_id)
    if receiver is None:
        with work.settle(DeliveryState.NEVER, reason="Abonnementet er borte"):
            return
    url = f"{work.settings.public_url.rstrip('/')}/varsler"
    message = service.test_message(receiver.language, url=url, subscription_id=fact.subscription_id)
    deliver(work, fact.subscription_id, receiver, message, topic="test")
