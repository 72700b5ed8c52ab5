"""Ideas, support, and the municipality's answers."""

from datetime import datetime
from enum import Enum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped

from app.core.db import Identified, Model, SubmittedOnce, column

KIND = "idea"
TITLE_LENGTH = 120
BODY_LENGTH = 4000
PLACE_LENGTH = 200
EMAIL_LENGTH = 254
REPLY_LENGTH = 4000

_SHOWN = text("hidden_at IS NULL AND withdrawn_at IS NULL")


class Channel(str, Enum):
    """By which way an idea came. What did not come by the web, staff have written down."""

    WEB = "nett"
    PHONE = "telefon"
    MAIL = "e-post"
    PAPER = "papir"
    TALK = "samtale"


class Idea(Identified, SubmittedOnce, Model):
    """An idea as it was sent, or as its writer put it right; withdrawn_at: since its writer took it back.

    hidden_at: since it is off the page, because nobody has looked yet or somebody decided so. hidden_cause: which, as
    moderation says it ("" when staff wrote no more than hidden_reason, which everybody reads). One column says what is
    shown, so that no list needs a condition more (docs/adr/0016).
    channel: by which way it came; written_at: the day it was given, where staff wrote it down later.
    erased_at: its writer asked to be erased; then nothing of what they wrote is here.
    """

    __tablename__ = "ideas"
    __table_args__ = (
        CheckConstraint("length(title) BETWEEN 1 AND 120", name="title_has_a_length"),
        CheckConstraint("(hidden_at IS NULL) = (hidden_reason = '')", name="what_is_hidden_has_a_reason"),
        CheckConstraint("hidden_cause = '' OR hidden_at IS NOT NULL", name="a_cause_belongs_to_what_is_hidden"),
        CheckConstraint("support_count >= 0", name="support_is_not_negative"),
        Index("ix_ideas_newest", "submitted_at", postgresql_where=_SHOWN, sqlite_where=_SHOWN),
        Index("ix_ideas_most_supported", "support_count", "submitted_at",
              postgresql_where=_SHOWN, sqlite_where=_SHOWN),
        Index("ix_ideas_process_newest", "process_id", "submitted_at", postgresql_where=_SHOWN, sqlite_where=_SHOWN),
        Index("ix_ideas_author", "author_id", "submitted_at"),
        Index("ix_ideas_area_newest", "area_id", "submitted_at", postgresql_where=_SHOWN, sqlite_where=_SHOWN),
    )  # fmt: skip

    process_id: Mapped[UUID] = column("technical", ForeignKey("processes.id"))
    area_id: Mapped[UUID] = column("technical", ForeignKey("focus_areas.id"))
    title: Mapped[str] = column("content", String(TITLE_LENGTH))
    body: Mapped[str] = column("content", Text)
    place: Mapped[str] = column("content", String(PLACE_LENGTH), default="")
    email: Mapped[str | None] = column("person", String(EMAIL_LENGTH))
    language: Mapped[str] = column("technical", String(5))
    device_key: Mapped[bytes | None] = column("person", LargeBinary(32), index=True)
    author_id: Mapped[UUID | None] = column("person", ForeignKey("participants.id"))
    submitted_at: Mapped[datetime] = column("technical")
    support_count: Mapped[int] = column("technical", default=0)
    hidden_at: Mapped[datetime | None] = column("technical")
    hidden_reason: Mapped[str] = column("content", String(500), default="")
    hidden_cause: Mapped[str] = column("technical", String(20), default="")
    withdrawn_at: Mapped[datetime | None] = column("technical")
    erased_at: Mapped[datetime | None] = column("technical")
    channel: Mapped[str] = column("technical", String(10), default=Channel.WEB.value)
    written_at: Mapped[datetime | None] = column("technical")


class Correction(Identified, SubmittedOnce, Model):
    """An idea's words as its writer put them right, all of them: an input of its own, which the archive gets.

    earlier_title, earlier_body, earlier_place: the idea until then, for the first time as it was sent; the last two are
    None where they were not kept yet.
    """

    __tablename__ = "idea_corrections"
    __table_args__ = (CheckConstraint("length(title) BETWEEN 1 AND 120", name="title_has_a_length"),)

    idea_id: Mapped[UUID] = column("technical", ForeignKey("ideas.id"), index=True)
    earlier_title: Mapped[str] = column("content", String(TITLE_LENGTH))
    earlier_body: Mapped[str | None] = column("content", Text)
    earlier_place: Mapped[str | None] = column("content", String(PLACE_LENGTH))
    title: Mapped[str] = column("content", String(TITLE_LENGTH))
    body: Mapped[str] = column("content", Text)
    place: Mapped[str] = column("content", String(PLACE_LENGTH), default="")
    corrected_at: Mapped[datetime] = column("technical")


class IdeaGoal(Model):
    """One of the UN's goals that an idea is for, 1-17, as its writer sees it."""

    __tablename__ = "idea_goals"
    __table_args__ = (
        CheckConstraint("goal BETWEEN 1 AND 17", name="goal_is_known"),
        Index("ix_idea_goals_goal", "goal", "idea_id"),
    )

    idea_id: Mapped[UUID] = column("technical", ForeignKey("ideas.id"), primary_key=True)
    goal: Mapped[int] = column("technical", primary_key=True, autoincrement=False)


class Support(Identified, Model):
    """One device (or somebody signed in) that supports an idea."""

    __tablename__ = "supports"
    __table_args__ = (
        UniqueConstraint("idea_id", "device_key", name="one_support_per_device"),
        UniqueConstraint("idea_id", "participant_id", name="one_support_per_participant"),
        CheckConstraint("(device_key IS NULL) <> (participant_id IS NULL)", name="one_supporter"),
        Index("ix_supports_device", "device_key"),
    )

    idea_id: Mapped[UUID] = column("technical", ForeignKey("ideas.id"))
    device_key: Mapped[bytes | None] = column("person", LargeBinary(32))
    participant_id: Mapped[UUID | None] = column("person", ForeignKey("participants.id"))
    at: Mapped[datetime] = column("technical")


class Reply(Identified, SubmittedOnce, Model):
    """An official answer. role_name: who speaks, as a role; never a person's name."""

    __tablename__ = "replies"

    idea_id: Mapped[UUID] = column("technical", ForeignKey("ideas.id"), index=True)
    text: Mapped[str] = column("content", Text)
    step: Mapped[str] = column("technical", String(20))
    role_name: Mapped[str] = column("content", String(80))
    author_id: Mapped[UUID | None] = column("person", ForeignKey("participants.id"))
    answered_at: Mapped[datetime] = column("technical")
