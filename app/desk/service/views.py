"""One's own views of the inbox, by name."""

from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app.core.actor import Actor
from app.desk.models import SavedFilter


def save(session: Session, title: str, query: str, *, actor: Actor) -> None:
    """Keep a view under a name; the same name again means the new one. query: made of known names alone."""
    assert actor.participant_id is not None  # noqa: S101 - staff have an account
    found = session.scalar(
        select(SavedFilter).where(SavedFilter.owner_id == actor.participant_id, SavedFilter.title == title)
    )
    if found is None:
        found = SavedFilter(owner_id=actor.participant_id, title=title)
        session.add(found)
    found.query = query
    session.flush()


def drop(session: Session, view_id: UUID, *, actor: Actor) -> None:
    """Forget a view of one's own; somebody else's, or none, is left as it is."""
    session.execute(delete(SavedFilter).where(SavedFilter.id == view_id, SavedFilter.owner_id == actor.participant_id))
