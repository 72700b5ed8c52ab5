"""Ideas for tests: as a form sends them, and as rows."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy.orm import Session

from app.areas.query import areas
from app.core.actor import Actor
from app.core.submission import submission
from app.files.store import picture_store
from app.ideas import service
from app.ideas.models import Idea
from app.ideas.service import IdeaDraft
from app.processes.query import idepool
from app.settings import Settings


def idea_form(**changed: object) -> dict[str, object]:
    """Return what a browser sends for a new idea, without the CSRF token."""
    form: dict[str, object] = {
        "submission_id": str(uuid4()),
        "title": "Lys i lysløypa til klokka 23",
        "body": "Mange trener etter jobb. Lyset går av klokka 21.",
        "area": "mobilitet",
        "place": "",
        "email": "",
    }
    form.update(changed)
    return form


def make_idea(
    session: Session,
    settings: Settings,
    *,
    actor: Actor,
    now: datetime,
    title: str = "Lys i lysløypa til klokka 23",
    body: str = "Mange trener etter jobb.",
    area: str = "mobilitet",
    place: str = "",
    email: str = "",
    key: UUID | None = None,
    pictures: Sequence[object] = (),
) -> Idea:
    """Store an idea as the route does, and commit."""
    found = next(a for a in areas(session, with_closed=True) if a.slug == area)
    mark = submission(key or uuid4(), {"title": title, "body": body, "place": place, "email": email}, [])
    draft = IdeaDraft(title, body, found.id, place, email, "nb", mark)
    idea_id, _ = service.submit_idea(
        session,
        idepool(session),
        draft,
        list(pictures),  # type: ignore[arg-type]
        store=picture_store(settings),
        actor=actor,
        now=now,
        undo_seconds=settings.undo_seconds,
    )
    idea = session.get_one(Idea, idea_id)
    session.commit()
    return idea
