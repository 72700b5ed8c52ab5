"""Choosing what to be told of, and having read the list."""

from collections.abc import Mapping
from datetime import datetime
from uuid import uuid4

from sqlalchemy import delete, update
from sqlalchemy.orm import Session

from app.core.actor import Actor
from app.core.dialect import insert_once
from app.notices.models import NoticeChoice, NoticesRead, Topic, Way
from app.notices.query import own_rows


def choose(session: Session, ways: Mapping[Topic, Way], *, actor: Actor, now: datetime) -> None:
    """Keep the way that `actor` wants for each of these topics, in place of what was chosen before."""
    for topic, way in ways.items():
        new = {"id": uuid4(), "topic": topic.value, "way": way.value, "chosen_at": now, **_owner(actor)}
        if not insert_once(session, NoticeChoice, new):
            mine = update(NoticeChoice).where(own_rows(NoticeChoice, actor), NoticeChoice.topic == topic.value)
            session.execute(mine.values(way=way.value, chosen_at=now))


def mark_read(session: Session, *, actor: Actor, now: datetime) -> None:
    """All that has happened until now is read. Nobody in particular has nothing to read."""
    if actor.device_key is None and actor.participant_id is None:
        return
    if not insert_once(session, NoticesRead, {"id": uuid4(), "read_at": now, **_owner(actor)}):
        session.execute(update(NoticesRead).where(own_rows(NoticesRead, actor)).values(read_at=now))


def take_along(session: Session, device: bytes, *, actor: Actor) -> None:
    """Let what a device has chosen be its account's, where that has not chosen (see accounts.client.TakeAlong)."""
    gone = delete(NoticeChoice).where(NoticeChoice.device_key == device)
    chosen = session.execute(gone.returning(NoticeChoice.topic, NoticeChoice.way, NoticeChoice.chosen_at)).all()
    for topic, way, chosen_at in chosen:
        mine = {"id": uuid4(), "topic": topic, "way": way, "chosen_at": chosen_at}
        insert_once(session, NoticeChoice, mine | {"participant_id": actor.participant_id})
    session.execute(delete(NoticesRead).where(NoticesRead.device_key == device))


def _owner(actor: Actor) -> Mapping[str, object]:
    return {"participant_id": actor.participant_id} if actor.participant_id else {"device_key": actor.device_key}
