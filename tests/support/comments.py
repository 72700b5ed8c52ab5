"""Comments for tests: as a form sends them, and as rows."""

from datetime import datetime
from uuid import UUID, uuid4

from sqlalchemy.orm import Session

from app.comments.models import Comment, Stance
from app.comments.service import CommentDraft
from app.core.actor import Actor
from app.core.submission import submission
from app.ideas import service
from app.ideas.models import Idea


def comment_form(**changed: object) -> dict[str, object]:
    """Return what a browser sends for a new comment, without the CSRF token."""
    form: dict[str, object] = {"submission_id": str(uuid4()), "stance": "for", "text": "Da kan flere trene på kvelden."}
    return form | changed


def make_comment(
    session: Session,
    idea: Idea,
    *,
    actor: Actor,
    now: datetime,
    text: str = "Da kan flere trene på kvelden.",
    stance: Stance = Stance.FOR,
    answers: UUID | None = None,
    role_name: str = "",
    undo_seconds: float = 10,
) -> Comment:
    """Store a comment as the route does, and commit."""
    mark = submission(uuid4(), {"text": text}, [])
    draft = CommentDraft(Stance.REPLY if answers else stance, text, answers, role_name, "nb", mark)
    comment_id, _ = service.comment_idea(session, idea.id, draft, actor=actor, now=now, undo_seconds=undo_seconds)
    comment = session.get_one(Comment, comment_id)
    session.commit()
    return comment
