"""What each has chosen to be told of, and how far they have read."""

from datetime import datetime
from enum import Enum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped

from app.core.db import Identified, Model, column


class Topic(str, Enum):
    """What a notice can be about: one's own input, others' that one follows, a process that one follows."""

    OWN = "own"
    FOLLOW = "follow"
    NEWS = "news"


class Way(str, Enum):
    """How somebody hears of it: on the phone, or only here in the list."""

    PUSH = "push"
    HERE = "here"


class NoticeChoice(Identified, Model):
    """Which way somebody has chosen for a topic; who has not chosen is told on the phone, if notices are on there."""

    __tablename__ = "notice_choices"
    __table_args__ = (
        UniqueConstraint("device_key", "topic", name="one_choice_per_device"),
        UniqueConstraint("participant_id", "topic", name="one_choice_per_participant"),
        CheckConstraint("(device_key IS NULL) <> (participant_id IS NULL)", name="one_chooser"),
        CheckConstraint("topic IN ('own', 'follow', 'news')", name="topic_is_known"),
        CheckConstraint("way IN ('push', 'here')", name="way_is_known"),
    )

    device_key: Mapped[bytes | None] = column("person", LargeBinary(32))
    participant_id: Mapped[UUID | None] = column("person", ForeignKey("participants.id"))
    topic: Mapped[str] = column("technical", String(10))
    way: Mapped[str] = column("technical", String(10))
    chosen_at: Mapped[datetime] = column("technical")


class NoticesRead(Identified, Model):
    """Until when somebody has read the list. What happened later is unread."""

    __tablename__ = "notices_read"
    __table_args__ = (
        UniqueConstraint("device_key", name="one_reader_per_device"),
        UniqueConstraint("participant_id", name="one_reader_per_participant"),
        CheckConstraint("(device_key IS NULL) <> (participant_id IS NULL)", name="one_reader"),
    )

    device_key: Mapped[bytes | None] = column("person", LargeBinary(32))
    participant_id: Mapped[UUID | None] = column("person", ForeignKey("participants.id"))
    read_at: Mapped[datetime] = column("technical")
