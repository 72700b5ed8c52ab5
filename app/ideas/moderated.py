"""What moderation may do with ideas: read them, put them on the page, and take them off."""

from collections.abc import Collection, Mapping
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.core.errors import Conflict
from app.core.text import N_
from app.files import query as files
from app.ideas import service
from app.ideas.models import Idea
from app.moderation.client import Thing


class IdeaShelf:
    """The port of app/moderation/client.py. An idea that its writer took back is no longer there."""

    def things(self, session: Session, ids: Collection[UUID]) -> Mapping[UUID, Thing]:
        """Return these ideas, in two questions however many they are."""
        found = session.scalars(select(Idea).where(Idea.id.in_(ids), Idea.withdrawn_at.is_(None))).all() if ids else ()
        pictures = files.pictures_for(session, [idea.id for idea in found])
        return {
            idea.id: Thing(
                title=idea.title,
                texts={"title": idea.title, "body": idea.body, "place": idea.place},
                pictures=tuple((one.id, one.position) for one in pictures.get(idea.id, ()) if one.is_ready),
                sent_at=idea.submitted_at,
            )
            for idea in found
        }

    def show(self, session: Session, input_id: UUID) -> None:
        """Raises Conflict when it was taken back."""
        service.put_on(session, _there(session, input_id))

    def hide(self, session: Session, input_id: UUID, *, cause: str, reason: str, now: datetime) -> None:
        """Raises Conflict when it was taken back."""
        service.take_off(session, _there(session, input_id), cause=cause, reason=reason, now=now)


def _there(session: Session, input_id: UUID) -> Idea:
    # Read anew and held: its writer may take it back at this very moment.
    idea = session.get(Idea, input_id, with_for_update=True, populate_existing=True)
    if idea is None or idea.withdrawn_at is not None:
        raise Conflict(N_("Den som skrev, har trukket den tilbake."))
    return idea
