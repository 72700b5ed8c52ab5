"""Redraws the pictures of something that was sent, in the sizes that pages and the archive need."""

import shutil
from collections.abc import Sequence
from uuid import UUID

from sqlalchemy.orm import Session

from app.core.crash import crash_point
from app.core.errors import Permanent, Transient
from app.files import cleaning, query, service
from app.files.cleaning import Redrawn
from app.files.models import Picture
from app.files.store import PAGE, PictureStore, picture_store
from app.ideas.events import IdeaSubmitted
from app.outbox.models import DeliveryState, OutboxEvent
from app.outbox.service import Recipient
from app.processes.events import ProcessPictureChanged
from app.settings import Settings
from workers.work import Work

CHANNEL = "local"
QUEUE = "heavy"
TRIES_ALLOWED = 3


def recipients(session: Session, event: OutboxEvent, settings: Settings) -> Sequence[Recipient]:  # noqa: ARG001
    """Nobody, when what was sent has no pictures."""
    return [Recipient(CHANNEL)] if query.has_pictures(session, _input_id(event)) else []


def handle(work: Work, event: OutboxEvent) -> None:
    """Redraw what waits. A picture that cannot be drawn is failed, and the rest goes on without it.

    The originals go after the commit: until then another try may need them. After a crash right there, the reconciler
    removes them.
    """
    store = picture_store(work.settings)
    with work.transaction() as session:
        waiting = query.waiting_pictures(session, _input_id(event))
    ends = [(picture, _redraw(work, store, picture)) for picture in waiting]
    crash_point("picture.after_clean")
    with work.settle(DeliveryState.ACCEPTED) as session:
        for picture, redrawn in ends:
            if redrawn is None:
                service.mark_failed(session, picture.id)
            else:
                service.mark_ready(session, picture.id, width=redrawn.width, height=redrawn.height, now=work.now)
        still_there = query.known_pictures(session, [picture.id for picture in waiting])
    crash_point("picture.after_commit")
    for picture in waiting:
        if picture.id not in still_there:  # erased while it was drawn
            shutil.rmtree(store.redrawn(picture.id, PAGE).parent, ignore_errors=True)
        store.original(picture.original_name).unlink(missing_ok=True)


def _redraw(work: Work, store: PictureStore, picture: Picture) -> Redrawn | None:
    """Return the size of the new picture, or None when it will never be drawn. Raises Transient before the last try."""
    try:
        return cleaning.redraw(store, picture.id, picture.original_name, isolate=work.settings.photo_isolation != "off")
    except Permanent:
        return None
    except Transient:
        if work.attempt < TRIES_ALLOWED:
            raise
        return None


def _input_id(event: OutboxEvent) -> UUID:
    if event.kind == ProcessPictureChanged.name:
        return ProcessPictureChanged.model_validate(event.payload).process_id
    return IdeaSubmitted.model_validate(event.payload).idea_id
