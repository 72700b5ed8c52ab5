"""A moderator has decided: tell the phone that sent the input, and nobody who follows it."""

from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from app.comments import query as comments
from app.core.errors import NotYet
from app.moderation import query as moderation
from app.moderation.events import ModerationDecided
from app.outbox.models import DeliveryState, OutboxEvent
from app.outbox.service import Recipient
from app.push import query, service
from app.settings import Settings
from workers.notify_followers import deliver
from workers.work import Work

CHANNEL = "push"
QUEUE = "push"

_PREFIX = "push:"
# A moderator who slips undoes at once; the writer need not hear of that.
TOLD_AFTER = timedelta(seconds=30)
UNDONE = "Avgjørelsen er angret"


def recipients(session: Session, event: OutboxEvent, _settings: Settings) -> Sequence[Recipient]:
    """Return each active subscription of the one who sent the input. Nobody follows a comment: it says whose it is."""
    input_id = ModerationDecided.model_validate(event.payload).input_id
    said = comments.sent_or_none(session, input_id)
    if said is not None:
        return [Recipient(f"{_PREFIX}{one}") for one in query.subscriptions_of(session, said.sender)]
    found = query.subscriptions_following(session, input_id)
    own = (one for one in found if (who := query.receiver(session, one, input_id=input_id)) and who.own)
    return [Recipient(f"{_PREFIX}{one}") for one in own]


def handle(work: Work, event: OutboxEvent) -> None:
    fact = ModerationDecided.model_validate(event.payload)
    subscription_id = UUID(work.recipient.removeprefix(_PREFIX))
    with work.transaction() as session:
        said = comments.sent_or_none(session, fact.input_id)
        receiver = query.receiver(session, subscription_id, input_id=fact.input_id if said is None else None)
        news = moderation.news_or_none(session, fact.item_id)
    if receiver is None or news is None:
        with work.settle(DeliveryState.NEVER, reason=UNDONE if news is None else "Følger ikke lenger"):
            return
    wait_for_second_thoughts(work, news)
    message = service.moderation_message(
        receiver.language,
        shown=news.shown,
        comment=said is not None,
        url=f"{work.settings.public_url.rstrip('/')}/ideer/{_path(fact.input_id, said)}",
        subscription_id=subscription_id,
        input_id=fact.input_id,
    )
    deliver(work, subscription_id, receiver, message, topic="step")


def _path(input_id: UUID, said: comments.Sent | None) -> str:
    return str(input_id) if said is None else f"{said.input_id}/kommentarer/{input_id}"


def wait_for_second_thoughts(work: Work, news: moderation.News) -> None:
    """Raise NotYet while the moderator may still undo without the writer having heard."""
    left = (news.settled_at + TOLD_AFTER - work.now).total_seconds()
    if left > 0:
        raise NotYet("Moderatoren kan fortsatt angre.", seconds=left)
