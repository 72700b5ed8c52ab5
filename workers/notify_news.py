"""A process has something new: tell each phone that follows it."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from app.outbox.models import OutboxEvent
from app.outbox.service import Recipient
from app.processes import query as processes
from app.processes.events import NewsPublished
from app.push import query, service
from app.settings import Settings
from workers.notice import LeftOut, Notices, Receivers, to_phone

CHANNEL = "push"
QUEUE = "push"
TOPIC = "news"


def recipients(session: Session, event: OutboxEvent, _settings: Settings) -> Sequence[Recipient]:
    """Return each active subscription of those who follow the process, in a fixed order."""
    fact = NewsPublished.model_validate(event.payload)
    return [to_phone(one) for one in query.subscriptions_following_process(session, fact.process_id)]


def notices(
    session: Session, event: OutboxEvent, receivers: Receivers, *, settings: Settings, now: datetime
) -> Notices:
    """Give those who still follow the public title of the news."""
    del now
    fact = NewsPublished.model_validate(event.payload)
    news = processes.told_news_or_none(session, fact.news_id)
    if news is None:
        return {one: LeftOut("Nyheten er borte") for one in receivers}
    url = f"{settings.public_url.rstrip('/')}/prosesser/{news.slug}#nytt-{fact.news_id}"
    following = query.following_process(session, receivers, news.process_id)
    return {
        one: service.news_message(
            news.title, receivers[one].language, process=news.process_title, url=url, subscription_id=one,
            news_id=fact.news_id,
        )
        for one in receivers
        if one in following
    }  # fmt: skip
