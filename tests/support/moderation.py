"""Moderation in tests: what is in the queue, and decisions as the desk makes them."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core.actor import Actor
from app.ideas.moderated import SHELVES
from app.moderation import service
from app.moderation.models import ModerationItem, State
from app.moderation.service import Seen, Verdict


def waiting(session: Session) -> list[ModerationItem]:
    """Return what waits, oldest first, as the database has it now."""
    query = select(ModerationItem).where(ModerationItem.state == State.WAITING.value)
    query = query.order_by(ModerationItem.asked_at, ModerationItem.id)
    return list(session.scalars(query.execution_options(populate_existing=True)))


def the_waiting(session: Session, input_id: UUID) -> ModerationItem:
    """Return the one thing that waits about an input."""
    (found,) = (item for item in waiting(session) if item.input_id == input_id)
    return found


def decide(
    session: Session, item: ModerationItem, verdict: Verdict, *, actor: Actor, now: datetime, name: str = "Mona"
) -> None:
    service.decide(
        session, Seen(item.id, item.revision), verdict, shelves=SHELVES, name=name, actor=actor, now=now
    )  # fmt: skip
    session.commit()
