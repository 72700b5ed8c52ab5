"""An idea that staff write down for somebody who rang, wrote on paper, mailed or came by."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from app.audit import service as audit
from app.core.actor import NOBODY, Actor
from app.core.errors import NotFound
from app.core.text import N_
from app.desk.policy import may_place
from app.files.store import PictureStore
from app.ideas import service as ideas
from app.ideas.service import IdeaDraft
from app.processes.query import idepool


def register(
    session: Session, draft: IdeaDraft, *, store: PictureStore, actor: Actor, now: datetime, undo_seconds: float
) -> UUID:
    """Store an idea that somebody gave in another way; return its id. It is theirs, never the one's who wrote it down.

    So it stands on nobody's own page here; whoever gave it has the receipt. Raises what ideas.service.submit_idea does.
    """
    if not may_place(actor):
        raise NotFound(N_("Vi fant ikke siden."))
    idea_id, new = ideas.submit_idea(
        session, idepool(session), draft, (), store=store, actor=NOBODY, now=now, undo_seconds=undo_seconds
    )
    if new:
        said = {"channel": draft.channel, "title": draft.title}
        audit.note(session, "input_registered", f"input:{idea_id}", actor=actor, now=now, said=said)
    return idea_id
