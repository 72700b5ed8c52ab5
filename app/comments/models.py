"""Comments on a thing that others know, and what somebody reports."""

from datetime import datetime
from enum import Enum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped

from app.core.db import Identified, Model, SubmittedOnce, column

KIND = "comment"
TEXT_LENGTH = 1000
WORDS_LENGTH = 500


class Stance(str, Enum):
    """What a comment says of the thing; a reply says something to a comment."""

    FOR = "for"
    AGAINST = "against"
    QUESTION = "question"
    REPLY = "reply"


_STANCES = ", ".join(f"'{stance.value}'" for stance in Stance)


class Comment(Identified, SubmittedOnce, Model):
    """A comment as it was sent; an input of its own, which the archive gets.

    input_id, kind: what it hangs on, e.g. an idea's id and "idea". parent_id: the comment that a reply answers.
    role_name: who speaks, as a role, "" for a citizen. hidden_at: staff took it off the page, and why; withdrawn_at:
    its writer did.
    """

    __tablename__ = "comments"
    __table_args__ = (
        CheckConstraint("length(text) BETWEEN 1 AND 1000", name="text_has_a_length"),
        CheckConstraint(f"stance IN ({_STANCES})", name="stance_is_known"),
        CheckConstraint("(stance = 'reply') = (parent_id IS NOT NULL)", name="a_reply_answers_a_comment"),
        CheckConstraint("(hidden_at IS NULL) = (hidden_reason = '')", name="what_is_hidden_has_a_reason"),
        Index("ix_comments_thread", "input_id", "stance", "submitted_at", "id"),
        Index("ix_comments_replies", "parent_id", "submitted_at", "id"),
    )

    input_id: Mapped[UUID] = column("technical")
    kind: Mapped[str] = column("technical", String(20))
    stance: Mapped[str] = column("technical", String(10))
    parent_id: Mapped[UUID | None] = column("technical", ForeignKey("comments.id"))
    text: Mapped[str] = column("content", Text)
    role_name: Mapped[str] = column("content", String(80), default="")
    language: Mapped[str] = column("technical", String(5))
    device_key: Mapped[bytes | None] = column("person", LargeBinary(32), index=True)
    author_id: Mapped[UUID | None] = column("person", ForeignKey("participants.id"))
    submitted_at: Mapped[datetime] = column("technical")
    hidden_at: Mapped[datetime | None] = column("technical")
    hidden_reason: Mapped[str] = column("content", String(500), default="")
    withdrawn_at: Mapped[datetime | None] = column("technical")


class CommentCorrection(Identified, SubmittedOnce, Model):
    """A comment's words as its writer put them right, and what they were until then: an input of its own."""

    __tablename__ = "comment_corrections"
    __table_args__ = (CheckConstraint("length(text) BETWEEN 1 AND 1000", name="text_has_a_length"),)

    comment_id: Mapped[UUID] = column("technical", ForeignKey("comments.id"), index=True)
    earlier_text: Mapped[str] = column("content", Text)
    text: Mapped[str] = column("content", Text)
    corrected_at: Mapped[datetime] = column("technical")


class Reason(str, Enum):
    """What is not right about something."""

    PRIVATE = "private"
    MEAN = "mean"
    ADVERT = "advert"
    OTHER = "other"


_REASONS = ", ".join(f"'{reason.value}'" for reason in Reason)
_UNHANDLED = sql("handled_at IS NULL")


class Report(Identified, Model):
    """Somebody says that the content of an input is not right. handled_at: a person has looked at it.

    input_id, kind: of what it is about, e.g. a comment's id and "comment". words: their own, "" when none.
    """

    __tablename__ = "reports"
    __table_args__ = (
        UniqueConstraint("input_id", "device_key", name="one_report_per_device"),
        CheckConstraint(f"reason IN ({_REASONS})", name="reason_is_known"),
        Index("ix_reports_unhandled", "reported_at", postgresql_where=_UNHANDLED, sqlite_where=_UNHANDLED),
    )

    input_id: Mapped[UUID] = column("technical")
    kind: Mapped[str] = column("technical", String(20))
    reason: Mapped[str] = column("technical", String(10))
    words: Mapped[str] = column("content", String(WORDS_LENGTH), default="")
    device_key: Mapped[bytes] = column("person", LargeBinary(32))
    reported_at: Mapped[datetime] = column("technical")
    handled_at: Mapped[datetime | None] = column("technical")
