"""What moderation may do with ideas, and with what is said about them: read, put on the page, and take off."""

from collections.abc import Collection, Mapping
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.comments import query as comments
from app.comments import service as talk
from app.comments.models import KIND as COMMENT
from app.comments.models import Comment
from app.core.errors import Conflict
from app.core.text import N_
from app.files import query as files
from app.ideas import service
from app.ideas.models import KIND, Idea
from app.moderation.client import Shelf, Thing

TAKEN_BACK = N_("Den som skrev, har trukket den tilbake.")


class _Reported:
    """What people reported lies with the comments, whatever it is about."""

    def looked_at(self, session: Session, input_id: UUID, *, now: datetime) -> None:
        talk.reports_handled(session, input_id, now=now)


class IdeaShelf(_Reported):
    """The port of app/moderation/client.py. An idea that its writer took back is no longer there."""

    def things(self, session: Session, ids: Collection[UUID]) -> Mapping[UUID, Thing]:
        """Return these ideas, in three questions however many they are."""
        found = session.scalars(select(Idea).where(Idea.id.in_(ids), Idea.withdrawn_at.is_(None))).all() if ids else ()
        pictures = files.pictures_for(session, [idea.id for idea in found])
        said = comments.reported(session, [idea.id for idea in found])
        return {
            idea.id: Thing(
                title=idea.title,
                texts={"title": idea.title, "body": idea.body, "place": idea.place},
                pictures=tuple((one.id, one.position) for one in pictures.get(idea.id, ()) if one.is_ready),
                sent_at=idea.submitted_at,
                reports=said.get(idea.id, ()),
            )
            for idea in found
        }

    def show(self, session: Session, input_id: UUID) -> None:
        """Raises Conflict when it was taken back."""
        service.put_on(session, _idea(session, input_id))

    def hide(self, session: Session, input_id: UUID, *, cause: str, reason: str, now: datetime) -> None:
        """Raises Conflict when it was taken back."""
        service.take_off(session, _idea(session, input_id), cause=cause, reason=reason, now=now)


class CommentShelf(_Reported):
    """The same for comments; their title is that of the idea they hang on."""

    def things(self, session: Session, ids: Collection[UUID]) -> Mapping[UUID, Thing]:
        """Return these comments, in three questions however many they are."""
        there = Comment.id.in_(ids), Comment.withdrawn_at.is_(None)
        found = session.scalars(select(Comment).where(*there)).all() if ids else ()
        about = select(Idea.id, Idea.title).where(Idea.id.in_({comment.input_id for comment in found}))
        titles = {idea_id: title for idea_id, title in session.execute(about)} if found else {}  # noqa: C416
        said = comments.reported(session, [comment.id for comment in found])
        return {
            comment.id: Thing(
                title=titles.get(comment.input_id, ""),
                texts={"text": comment.text},
                pictures=(),
                sent_at=comment.submitted_at,
                reports=said.get(comment.id, ()),
            )
            for comment in found
        }

    def show(self, session: Session, input_id: UUID) -> None:
        """Raises Conflict when it was taken back."""
        service.put_comment_on(session, _comment(session, input_id))

    def hide(self, session: Session, input_id: UUID, *, cause: str, reason: str, now: datetime) -> None:  # noqa: ARG002
        """Raises Conflict when it was taken back. A comment keeps no `cause`: its reason says all."""
        service.take_comment_off(session, _comment(session, input_id), reason=reason, now=now)


def _idea(session: Session, input_id: UUID) -> Idea:
    # Read anew and held: its writer may take it back at this very moment.
    idea = session.get(Idea, input_id, with_for_update=True, populate_existing=True)
    if idea is None or idea.withdrawn_at is not None:
        raise Conflict(TAKEN_BACK)
    return idea


def _comment(session: Session, input_id: UUID) -> Comment:
    comment = session.get(Comment, input_id)
    if comment is not None:
        service.hold_comment(session, comment)
    if comment is None or comment.withdrawn_at is not None:
        raise Conflict(TAKEN_BACK)
    return comment


SHELVES: Mapping[str, Shelf] = {KIND: IdeaShelf(), COMMENT: CommentShelf()}
