"""What is announced about comments."""

from typing import ClassVar
from uuid import UUID

from app.outbox.events import Event


class CommentSubmitted(Event):
    """A comment is stored, and its writer sees it. input_id: what it hangs on."""

    name: ClassVar[str] = "comment_submitted"

    comment_id: UUID
    input_id: UUID


class CommentsArrived(Event):
    """Somebody has commented on a thing, for the first time that day."""

    name: ClassVar[str] = "comments_arrived"

    comment_id: UUID
    input_id: UUID


class CommentCorrected(Event):
    """Its writer put its words right. input_id: what the comment hangs on; correction_id: an input of its own."""

    name: ClassVar[str] = "comment_corrected"

    comment_id: UUID
    input_id: UUID
    correction_id: UUID


class CommentWithdrawn(Event):
    """Its writer took it back."""

    name: ClassVar[str] = "comment_withdrawn"

    comment_id: UUID


class CommentHidden(Event):
    """Staff took it off the page."""

    name: ClassVar[str] = "comment_hidden"

    comment_id: UUID


class ContentReported(Event):
    """Somebody says that there is something wrong with what stands on a page."""

    name: ClassVar[str] = "content_reported"

    report_id: UUID
