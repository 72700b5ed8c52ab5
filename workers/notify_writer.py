"""A moderator has decided: tell the phone that sent the input, and nobody who follows it."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy.orm import Session

from app.comments import query as comments
from app.core import errors
from app.moderation import query as moderation
from app.moderation.events import ModerationDecided
from app.outbox.models import OutboxEvent
from app.outbox.service import Recipient
from app.push import query, service
from app.settings import Settings
from workers.notice import LeftOut, Notices, NotYet, Receivers, to_phone
from workers.work import Work

CHANNEL = "push"
QUEUE = "push"
TOPIC = "step"

# A moderator who slips undoes at once; the writer need not hear of that.
TOLD_AFTER = timedelta(seconds=30)
UNDONE = "Avgjørelsen er angret"


def recipients(session: Session, event: OutboxEvent, _settings: Settings) -> Sequence[Recipient]:
    """Return each active subscription of the one who sent the input. Nobody follows a comment: it says whose it is."""
    input_id = ModerationDecided.model_validate(event.payload).input_id
    said = comments.sent_or_none(session, input_id)
    if said is not None:
        return [to_phone(one) for one in query.subscriptions_of(session, said.sender)]
    found = query.subscriptions_following(session, input_id)
    return [to_phone(one) for one, own in query.following_input(session, found, input_id).items() if own]


def notices(
    session: Session, event: OutboxEvent, receivers: Receivers, *, settings: Settings, now: datetime
) -> Notices:
    """Give the writer the news, when the moderator can no longer undo."""
    fact = ModerationDecided.model_validate(event.payload)
    news = moderation.news_or_none(session, fact.item_id)
    if news is None:
        return dict.fromkeys(receivers, LeftOut(UNDONE))
    if now < news.settled_at + TOLD_AFTER:
        return dict.fromkeys(receivers, NotYet(news.settled_at + TOLD_AFTER, "Moderatoren kan fortsatt angre."))
    said = comments.sent_or_none(session, fact.input_id)
    url = f"{settings.public_url.rstrip('/')}/ideer/{_path(fact.input_id, said)}"
    concerned = receivers if said is not None else query.following_input(session, receivers, fact.input_id)
    return {
        one: service.moderation_message(
            receivers[one].language,
            shown=news.shown,
            comment=said is not None,
            url=url,
            subscription_id=one,
            input_id=fact.input_id,
        )
        for one in concerned
    }


def _path(input_id: UUID, said: comments.Sent | None) -> str:
    return str(input_id) if said is None else f"{said.input_id}/kommentarer/{input_id}"


def wait_for_second_thoughts(work: Work, news: moderation.News) -> None:
    """Raise NotYet while the moderator may still undo without the writer having heard."""
    left = (news.settled_at + TOLD_AFTER - work.now).total_seconds()
    if left > 0:
        raise errors.NotYet("Moderatoren kan fortsatt angre.", seconds=left)
