"""A parcel moved, or somebody commented: tell each phone that follows, one delivery for each subscription."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from app.comments import query as comments
from app.comments.events import CommentsArrived
from app.outbox.models import OutboxEvent
from app.outbox.service import Recipient
from app.parcels.events import StepReached
from app.push import query, service
from app.settings import Settings
from workers import regret
from workers.notice import Notices, Receivers, to_phone

CHANNEL = "push"
QUEUE = "push"
TOPIC = "step"


def recipients(session: Session, event: OutboxEvent, _settings: Settings) -> Sequence[Recipient]:
    """Return each active subscription of those who follow the input; none for a step we do not tell.

    Of comments the phone that wrote the first one of the day hears nothing: it knows.
    """
    if event.kind == CommentsArrived.name:
        arrived = CommentsArrived.model_validate(event.payload)
        writer = comments.writer_device(session, arrived.comment_id)
        return [to_phone(one) for one in query.subscriptions_following(session, arrived.input_id, other_than=writer)]
    fact = StepReached.model_validate(event.payload)
    if fact.step not in service.TOLD_STEPS:
        return []
    return [to_phone(one) for one in query.subscriptions_following(session, fact.input_id)]


def notices(
    session: Session, event: OutboxEvent, receivers: Receivers, *, settings: Settings, now: datetime
) -> Notices:
    """Give each who still follows the sentence for them: whoever sent it hears of «idéen din»."""
    put_off = regret.verdict(session, event, now)
    if put_off is not None:
        return dict.fromkeys(receivers, put_off)
    input_id = UUID(event.payload["input_id"])
    news = service.COMMENTED if event.kind == CommentsArrived.name else event.payload["step"]
    url = f"{settings.public_url.rstrip('/')}/ideer/{input_id}"
    return {
        one: service.step_message(
            news, receivers[one].language, own=own, url=url, subscription_id=one, input_id=input_id
        )
        for one, own in query.following_input(session, receivers, input_id).items()
    }
