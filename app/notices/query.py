"""The list of what has happened, read from what has: steps of inputs, and news of processes. Nothing is copied."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session

from app.core.actor import Actor
from app.core.oslo import OSLO
from app.ideas import query as ideas
from app.notices.models import NoticeChoice, NoticesRead, Topic, Way
from app.parcels import query as parcels
from app.processes import query as processes
from app.push import query as push_query
from app.push import service as push
from app.push.models import PushSubscription

PAGE = 20
MOST_UNREAD = 99
LOG_DAYS = 14
LOG_TOPICS = ("step", "follow", "news", "test")
# What the log of push calls a topic.
ABOUT = {"step": Topic.OWN, "follow": Topic.FOLLOW, "news": Topic.NEWS}


@dataclass(frozen=True, slots=True)
class Notice:
    """One line of the list. words: ours, untranslated; title: of the idea, or of the news; input_id or slug: where.

    news_id: of a piece of news. process: its title. unread: it happened after the list was read last.
    """

    at: datetime
    words: str
    title: str
    unread: bool
    input_id: UUID | None = None
    slug: str = ""
    news_id: UUID | None = None
    process: str = ""


def notices_of(session: Session, actor: Actor, *, page: int = 1) -> tuple[Sequence[Notice], bool]:
    """Return one page of what has happened to what `actor` has sent or follows, newest first, and if there is more."""
    found = _newest(session, actor, page * PAGE + 1)
    shown = found[(page - 1) * PAGE : page * PAGE]
    return _with_titles(session, shown, actor), len(found) > page * PAGE


def unread_count(session: Session, actor: Actor) -> int:
    """Return how many lines have come since the list was read last, at most MOST_UNREAD."""
    return sum(notice.unread for notice in _newest(session, actor, MOST_UNREAD))


def _newest(session: Session, actor: Actor, limit: int) -> Sequence[Notice]:
    if actor.device_key is None and actor.participant_id is None:
        return []
    read_at = session.scalar(select(NoticesRead.read_at).where(own_rows(NoticesRead, actor)))
    steps = [
        Notice(one.at, push.step_words(one.step, own=one.own), "", read_at is None or one.at > read_at, one.input_id)
        for one in parcels.steps_followed(session, actor, push.TOLD_STEPS, limit=limit)
    ]
    news = [
        Notice(one.at, "", one.title, read_at is None or one.at > read_at, None, one.slug, one.id, one.process_title)
        for one in processes.news_followed(session, actor, limit=limit)
    ]
    return sorted([*steps, *news], key=lambda one: (one.at, str(one.input_id or one.news_id)), reverse=True)[:limit]


def _with_titles(session: Session, found: Sequence[Notice], actor: Actor) -> Sequence[Notice]:
    """Put the titles in that `actor` may read now; what is hidden or erased is left out."""
    ids = [one.input_id for one in found if one.input_id is not None]
    titles = {one.id: one.title for one in ideas.ideas_by_id(session, ids, actor=actor).values()} if ids else {}
    titled = [one if one.input_id is None else replace(one, title=titles.get(one.input_id, "")) for one in found]
    return [one for one in titled if one.title]


def ways_of(session: Session, actor: Actor) -> Mapping[Topic, Way]:
    """Return the way that `actor` has for each topic: on the phone, where nothing else was chosen."""
    if actor.device_key is None and actor.participant_id is None:
        return dict.fromkeys(Topic, Way.PUSH)
    found = session.execute(select(NoticeChoice.topic, NoticeChoice.way).where(own_rows(NoticeChoice, actor)))
    return dict.fromkeys(Topic, Way.PUSH) | {Topic(topic): Way(way) for topic, way in found}


def wanted_only_here(session: Session, about: Mapping[UUID, str]) -> Collection[UUID]:
    """Return which of these subscriptions want what their message is about only in the list. about: as the log says."""
    owners = or_(
        NoticeChoice.participant_id == PushSubscription.participant_id,
        and_(PushSubscription.participant_id.is_(None), NoticeChoice.device_key == PushSubscription.device_key),
    )
    query = select(PushSubscription.id, NoticeChoice.topic).join(NoticeChoice, owners)
    found = session.execute(query.where(PushSubscription.id.in_(about), NoticeChoice.way == Way.HERE.value))
    return frozenset(one for one, topic in found if ABOUT.get(about[one]) == Topic(topic))


def own_rows(model: type[NoticeChoice] | type[NoticesRead], actor: Actor) -> ColumnElement[bool]:
    """What is true of the rows of `actor`: the account's when somebody is signed in, else the device's."""
    if actor.participant_id is not None:
        return model.participant_id == actor.participant_id
    return and_(model.device_key.is_not(None), model.device_key == actor.device_key)


def anything_chosen(session: Session, device: bytes) -> bool:
    """Tell whether somebody has chosen anything on this device without an account."""
    return session.scalar(select(NoticeChoice.id).where(NoticeChoice.device_key == device).limit(1)) is not None


@dataclass(frozen=True, slots=True)
class LogLine:
    """What became of a day's messages about one thing. accepted: taken by the push service; gone: the phone was."""

    about: str
    accepted: int
    gone: int
    refused: int
    unknown: int


@dataclass(frozen=True, slots=True)
class LogDay:
    """One day in Narvik. noon: of it."""

    noon: datetime
    lines: tuple[LogLine, ...]


def log_days(session: Session, *, now: datetime) -> Sequence[LogDay]:
    """Return what was sent to phones in the last LOG_DAYS days, newest first; a day without any is left out."""
    midnight = now.astimezone(OSLO).replace(hour=0, minute=0, second=0, microsecond=0)
    days = [midnight - timedelta(days=back) for back in range(LOG_DAYS)]
    found = [LogDay(day + timedelta(hours=12), _lines(push_query.log_between(session, *_span(day)))) for day in days]
    return [day for day in found if day.lines]


def _span(midnight: datetime) -> tuple[datetime, datetime]:
    """Return when that day begins and ends, in UTC; it has 23 or 25 hours when the clock is moved."""
    return midnight.astimezone(UTC), (midnight + timedelta(days=1)).astimezone(UTC)


def _lines(counts: Mapping[tuple[str, str], int]) -> tuple[LogLine, ...]:
    ends = ("accepted", "gone", "refused", "unknown")
    lines = [LogLine(topic, *(counts.get((topic, end), 0) for end in ends)) for topic in LOG_TOPICS]
    return tuple(line for line in lines if any((line.accepted, line.gone, line.refused, line.unknown)))
