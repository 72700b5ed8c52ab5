"""Pictures that belong to something a citizen sent."""

from datetime import datetime
from enum import Enum
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped

from app.core.db import Identified, Model, column


class PictureState(str, Enum):
    """Waiting to be redrawn; ready to be shown; failed: what it belongs to goes on without it."""

    WAITING = "waiting"
    READY = "ready"
    FAILED = "failed"


_STATES = ", ".join(f"'{state.value}'" for state in PictureState)


class Picture(Identified, Model):
    """A picture of an input (an idea, later a pin). What the citizen's file was called is never stored.

    position: 1 is first. original_name: our own random name in quarantine. sha256: of the original, 32 bytes.
    width, height: pixels, of the original as sent; once it is ready, of the page size, upright.
    device_key: whose device sent it. public: what it belongs to is public.
    """

    __tablename__ = "pictures"
    __table_args__ = (
        UniqueConstraint("input_id", "position", name="one_picture_in_each_place"),
        UniqueConstraint("original_name", name="one_picture_for_each_original"),
        CheckConstraint(f"state IN ({_STATES})", name="state_is_known"),
        CheckConstraint("(state = 'ready') = (cleaned_at IS NOT NULL)", name="ready_when_cleaned"),
        CheckConstraint("position >= 1 AND width >= 1 AND height >= 1", name="numbers_begin_at_one"),
        Index("ix_pictures_waiting", "created_at", postgresql_where=text("state = 'waiting'"),
              sqlite_where=text("state = 'waiting'")),
    )  # fmt: skip

    input_id: Mapped[UUID] = column("technical")
    position: Mapped[int] = column("technical")
    state: Mapped[str] = column("technical", String(10), default=PictureState.WAITING.value)
    original_name: Mapped[str] = column("technical", String(32))
    width: Mapped[int] = column("technical")
    height: Mapped[int] = column("technical")
    sha256: Mapped[bytes] = column("content")
    public: Mapped[bool] = column("technical")
    device_key: Mapped[bytes | None] = column("person")
    created_at: Mapped[datetime] = column("technical")
    cleaned_at: Mapped[datetime | None] = column("technical")
