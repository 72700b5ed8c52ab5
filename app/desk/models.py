"""What the desk keeps of its own: what was done and by whom, notes, answer templates, saved filters, acts on many."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped

from app.core.db import Identified, Model, SubmittedOnce, column

COMMENT_LENGTH = 500
NOTE_LENGTH = 4000
NAME_LENGTH = 60
TEMPLATE_LENGTH = 4000
QUERY_LENGTH = 300


class DeskChange(Identified, Model):
    """What somebody did to an input. revision: the parcel's, after it.

    what: assigned, sent, due, step, answered, hidden, shown, undone. value: to whom, until when, to which step; ids and
    marks only. before: what an undo puts back. undone_at: it was taken back. comment: for colleagues, never public.
    """

    __tablename__ = "desk_changes"
    __table_args__ = (UniqueConstraint("input_id", "revision", name="one_change_per_revision"),)

    input_id: Mapped[UUID] = column("technical", ForeignKey("parcels.input_id"))
    revision: Mapped[int] = column("technical")
    what: Mapped[str] = column("technical", String(20))
    value: Mapped[str] = column("technical", String(80), default="")
    comment: Mapped[str] = column("content", String(COMMENT_LENGTH), default="")
    before: Mapped[dict[str, Any]] = column("technical", JSON, default=dict)
    by_id: Mapped[UUID | None] = column("person", ForeignKey("participants.id"))
    at: Mapped[datetime] = column("technical")
    undone_at: Mapped[datetime | None] = column("technical")


class DeskNote(Identified, SubmittedOnce, Model):
    """What colleagues write to each other about an input. Never public, and never in a letter to the archive."""

    __tablename__ = "desk_notes"
    __table_args__ = (Index("ix_desk_notes_input", "input_id", "at"),)

    input_id: Mapped[UUID] = column("technical", ForeignKey("parcels.input_id"))
    text: Mapped[str] = column("content", Text)
    author_id: Mapped[UUID | None] = column("person", ForeignKey("participants.id"))
    at: Mapped[datetime] = column("technical")


class AnswerTemplate(Identified, Model):
    """Words to begin an answer with. removed_at: it is offered no more, and can be had back."""

    __tablename__ = "answer_templates"

    title: Mapped[str] = column("content", String(NAME_LENGTH))
    text: Mapped[str] = column("content", Text)
    changed_at: Mapped[datetime] = column("technical")
    removed_at: Mapped[datetime | None] = column("technical")


class SavedFilter(Identified, Model):
    """Somebody's own view of the inbox. query: as it stands in the address, made by us from known names alone."""

    __tablename__ = "saved_filters"
    __table_args__ = (UniqueConstraint("owner_id", "title", name="one_filter_per_title"),)

    owner_id: Mapped[UUID] = column("person", ForeignKey("participants.id"))
    title: Mapped[str] = column("content", String(NAME_LENGTH))
    query: Mapped[str] = column("technical", String(QUERY_LENGTH))


class Bulk(Identified, SubmittedOnce, Model):
    """One act on many inputs, done in the background. what, value: as in DeskChange; reason: for a step.

    ended_at: all of it has been tried; seen_at: whoever asked for it knows.
    """

    __tablename__ = "desk_bulks"
    __table_args__ = (Index("ix_desk_bulks_owner", "by_id", "at"),)

    what: Mapped[str] = column("technical", String(20))
    value: Mapped[str] = column("technical", String(80))
    reason: Mapped[str] = column("content", String(1000), default="")
    by_id: Mapped[UUID] = column("person", ForeignKey("participants.id"))
    at: Mapped[datetime] = column("technical")
    ended_at: Mapped[datetime | None] = column("technical")
    seen_at: Mapped[datetime | None] = column("technical")


class BulkItem(Model):
    """One of the many. revision: as it was when they were chosen. refusal: why it was not done."""

    __tablename__ = "desk_bulk_items"
    __table_args__ = (
        CheckConstraint("state IN ('waiting', 'done', 'refused')", name="state_is_known"),
        Index("ix_desk_bulk_items_state", "bulk_id", "state", "place"),
    )

    bulk_id: Mapped[UUID] = column("technical", ForeignKey("desk_bulks.id"), primary_key=True)
    input_id: Mapped[UUID] = column("technical", ForeignKey("parcels.input_id"), primary_key=True)
    place: Mapped[int] = column("technical")
    revision: Mapped[int] = column("technical")
    state: Mapped[str] = column("technical", String(10), default="waiting")
    refusal: Mapped[str] = column("technical", String(200), default="")
