"""What waits for a moderator or has been decided, and the words that staff added to the filter or took out of it."""

from datetime import datetime
from enum import Enum
from uuid import UUID

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped

from app.core.db import Identified, Model, column

WORDS_LENGTH = 500
WORD_LENGTH = 60


class Why(str, Enum):
    """Why something is in the queue. Desk: staff hid or showed it from its own page, so it never waited."""

    BEFORE_PUBLISHING = "before_publishing"
    FILTER = "filter"
    REPORT = "report"
    APPEAL = "appeal"
    MENDED = "mended"
    DESK = "desk"


class State(str, Enum):
    """Where one asking stands."""

    WAITING = "waiting"
    APPROVED = "approved"
    REFUSED = "refused"


class Reason(str, Enum):
    """Why something is not shown, in the order of the keys 1 to 6."""

    PRIVATE = "private"
    ABUSE = "abuse"
    OFF_TOPIC = "off_topic"
    ADVERT = "advert"
    ONGOING_CASE = "ongoing_case"
    OTHER = "other"


def _one_of(name: str, kind: type[Enum], *more: str) -> str:
    return f"{name} IN ({', '.join(repr(value) for value in (*more, *(one.value for one in kind)))})"


_WAITING = text("state = 'waiting'")
_APPEAL = text("why = 'appeal'")


class ModerationItem(Identified, Model):
    """One asking about one input, and what came of it; the newest `nr` of an input is the one that counts.

    kind: e.g. "idea". marks: what the filter found, as [field, kind, start, end]. asked_words: of whoever appeals.
    reason, words: why it is not shown. not_by: whose decision is appealed, who may not decide again. decided_name: who
    decided, for colleagues alone. revision: grows with each change, so that nobody decides on what they have
    not seen.
    """

    __tablename__ = "moderation_items"
    __table_args__ = (
        UniqueConstraint("input_id", "nr", name="one_of_each_number"),
        CheckConstraint(_one_of("why", Why), name="why_is_known"),
        CheckConstraint(_one_of("state", State), name="state_is_known"),
        CheckConstraint(_one_of("reason", Reason, ""), name="reason_is_known"),
        CheckConstraint("(state = 'waiting') = (decided_at IS NULL)", name="what_is_decided_has_a_time"),
        CheckConstraint("(state = 'refused') = (reason <> '')", name="what_is_refused_has_a_reason"),
        Index("moderation_items_one_open", "input_id", unique=True, postgresql_where=_WAITING, sqlite_where=_WAITING),
        Index("moderation_items_one_appeal", "input_id", unique=True, postgresql_where=_APPEAL, sqlite_where=_APPEAL),
        Index("ix_moderation_items_queue", "asked_at", "id", postgresql_where=_WAITING, sqlite_where=_WAITING),
        Index("ix_moderation_items_decided", "decided_by", "decided_at"),
    )

    kind: Mapped[str] = column("technical", String(20))
    input_id: Mapped[UUID] = column("technical")
    nr: Mapped[int] = column("technical")
    process_id: Mapped[UUID | None] = column("technical", ForeignKey("processes.id"))
    why: Mapped[str] = column("technical", String(20))
    asked_words: Mapped[str] = column("content", String(WORDS_LENGTH), default="")
    marks: Mapped[list[list[str | int]]] = column("technical", JSON)
    asked_at: Mapped[datetime] = column("technical")
    state: Mapped[str] = column("technical", String(10), default=State.WAITING.value)
    reason: Mapped[str] = column("technical", String(20), default="")
    words: Mapped[str] = column("content", String(WORDS_LENGTH), default="")
    decided_at: Mapped[datetime | None] = column("technical")
    decided_by: Mapped[UUID | None] = column("person", ForeignKey("participants.id"))
    decided_name: Mapped[str] = column("person", String(80), default="")
    not_by: Mapped[UUID | None] = column("person", ForeignKey("participants.id"))
    revision: Mapped[int] = column("technical", default=0)


class FilterWord(Model):
    """A word, in small letters, that staff added to the filter (listed) or took out of it (not listed)."""

    __tablename__ = "filter_words"

    word: Mapped[str] = column("content", String(WORD_LENGTH), primary_key=True)
    listed: Mapped[bool] = column("technical")
    changed_at: Mapped[datetime] = column("technical")
    changed_by: Mapped[UUID | None] = column("person", ForeignKey("participants.id"))
