"""The files that people fetch with what we hold on them, and wishes to be erased."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped

from app.core.db import Identified, Model, SubmittedOnce, column


class OwnFile(Identified, SubmittedOnce, Model):
    """All that we hold on somebody, as a sealed file on disk. ready_at: None while it is being made.

    device_key, participant_id: who asked, and whose rows are in it. key: an age identity, of this file alone; without
    the row nobody can open the file, and without the file the row says nothing.
    """

    __tablename__ = "own_files"
    __table_args__ = (
        CheckConstraint("device_key IS NOT NULL OR participant_id IS NOT NULL", name="somebody_asked"),
        CheckConstraint("(ready_at IS NULL) = (key = '')", name="what_is_ready_has_a_key"),
    )

    device_key: Mapped[bytes | None] = column("person", LargeBinary(32), index=True)
    participant_id: Mapped[UUID | None] = column("person", ForeignKey("participants.id"), index=True)
    language: Mapped[str] = column("technical", String(5), default="nb")
    asked_at: Mapped[datetime] = column("technical")
    ready_at: Mapped[datetime | None] = column("technical")
    key: Mapped[str] = column("technical", String(100), default="")


class Erasure(Identified, SubmittedOnce, Model):
    """Somebody wants to be erased. done_at: when nothing was left; then it no longer says who it was."""

    __tablename__ = "erasures"
    __table_args__ = (
        CheckConstraint(
            "done_at IS NULL OR (device_key IS NULL AND participant_id IS NULL)", name="what_is_done_is_nobodys"
        ),
    )

    device_key: Mapped[bytes | None] = column("person", LargeBinary(32))
    participant_id: Mapped[UUID | None] = column("person", ForeignKey("participants.id"))
    asked_at: Mapped[datetime] = column("technical")
    done_at: Mapped[datetime | None] = column("technical")
