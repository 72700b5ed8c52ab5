"""A parcel moved, or somebody commented: tell each phone that follows, one delivery for each subscription."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from app.comments import query as comments
from app.comments.events import CommentsArrived
from app.core.errors import ConfigurationFault, DeliveryFault, Gone, Permanent, UnknownOutcome
from app.outbox.models import DeliveryState, OutboxEvent
from app.outbox.service import Recipient
from app.parcels.events import StepReached
from app.push import query, service
from app.push.client import PushMessage
from app.push.models import PushOutcome
from app.push.query import Receiver
from app.settings import Settings
from workers import regret
from workers.work import Work

CHANNEL = "push"
QUEUE = "push"

_PREFIX = "push:"
# A service that took something from us this lately knows our key: a 403 then speaks of one subscription.
_KEY_IS_KNOWN = timedelta(hours=24)


def recipients(session: Session, event: OutboxEvent, _settings: Settings) -> Sequence[Recipient]:
    """Return each active subscription of those who follow the input; none for a step we do not tell.

    Of comments the phone that wrote the first one of the day hears nothing: it knows.
    """
    if event.kind == CommentsArrived.name:
        arrived = CommentsArrived.model_validate(event.payload)
        writer = comments.writer_device(session, arrived.comment_id)
        return _each(query.subscriptions_following(session, arrived.input_id, other_than=writer))
    fact = StepReached.model_validate(event.payload)
    if fact.step not in service.TOLD_STEPS:
        return []
    return _each(query.subscriptions_following(session, fact.input_id))


def _each(subscriptions: Sequence[UUID]) -> Sequence[Recipient]:
    return [Recipient(f"{_PREFIX}{found}") for found in subscriptions]


def handle(work: Work, event: OutboxEvent) -> None:
    input_id = UUID(event.payload["input_id"])
    news = service.COMMENTED if event.kind == CommentsArrived.name else event.payload["step"]
    subscription_id = UUID(work.recipient.removeprefix(_PREFIX))
    if not regret.is_over(work, event):
        return
    with work.transaction() as session:
        receiver = query.receiver(session, subscription_id, input_id=input_id)
    if receiver is None:
        with work.settle(DeliveryState.NEVER, reason="Følger ikke lenger"):
            return
    message = service.step_message(
        news,
        receiver.language,
        own=receiver.own,
        url=f"{work.settings.public_url.rstrip('/')}/ideer/{input_id}",
        subscription_id=subscription_id,
        input_id=input_id,
    )
    deliver(work, subscription_id, receiver, message, topic="step")


def deliver(work: Work, subscription_id: UUID, receiver: Receiver, message: PushMessage, *, topic: str) -> None:
    """Send once, note what became of it, and settle. A push whose outcome nobody knows is never sent again."""
    step = f"push-{len(work.steps.done) + 1}"
    if work.steps.begun(step) or work.may_have_arrived:
        _note(work, subscription_id, topic, PushOutcome.UNKNOWN)
        raise Permanent("ukjent")
    work.steps.before(step)
    _note(work, subscription_id, topic, PushOutcome.SENT)
    try:
        work.ports.push.send(receiver.address, message)
    except Gone:
        _note(work, subscription_id, topic, PushOutcome.GONE, forget=True)
        raise
    except UnknownOutcome as fault:
        _note(work, subscription_id, topic, PushOutcome.UNKNOWN)
        raise Permanent("ukjent") from fault
    except Permanent:
        _note(work, subscription_id, topic, PushOutcome.REFUSED)
        raise
    except ConfigurationFault as fault:
        _refuse_one(work, subscription_id, receiver, fault, topic)
        work.steps.after(step, "refused")
        raise
    except DeliveryFault:
        # Surely not taken: the mark must not make the next try believe that this one may have been.
        work.steps.after(step, "not taken")
        raise
    with work.settle(DeliveryState.ACCEPTED) as session:
        service.note(session, subscription_id, topic=topic, outcome=PushOutcome.ACCEPTED, now=work.clock())


def _refuse_one(work: Work, subscription_id: UUID, receiver: Receiver, fault: ConfigurationFault, topic: str) -> None:
    """Raise Permanent when the service takes our other messages: then this subscription was made with another key.

    Anybody can hand us such a subscription; it must not stop what goes to others.
    """
    now: datetime = work.clock()
    with work.transaction() as session:
        known = query.origin_takes_ours(session, receiver.origin, since=now - _KEY_IS_KNOWN)
    _note(work, subscription_id, topic, PushOutcome.REFUSED, forget=known)
    if known:
        raise Permanent("Abonnementet er laget med en annen nøkkel.") from fault


def _note(work: Work, subscription_id: UUID, topic: str, outcome: PushOutcome, *, forget: bool = False) -> None:
    now = work.clock()
    with work.transaction() as session:
        service.note(session, subscription_id, topic=topic, outcome=outcome, now=now)
        if forget:
            service.forget(session, subscription_id, now=now)
