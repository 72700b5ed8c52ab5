"""Participation processes with their phases, news and working copies. The Idepool is one of them, without end."""

from datetime import date, datetime
from enum import Enum
from uuid import UUID

from sqlalchemy import JSON, CheckConstraint, Date, ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped

from app.core.db import Identified, Model, SubmittedOnce, column

IDEPOOL_SLUG = "idepool"
SLUG_LENGTH, TITLE_LENGTH, LINE_LENGTH = 80, 120, 200
SUMMARY_LENGTH, TEXT_LENGTH = 300, 4000
MOST_PHASES = 8


class State(str, Enum):
    """A draft is seen by those who make it; what has ended tells what came of it."""

    DRAFT = "draft"
    PUBLISHED = "published"
    ENDED = "ended"


class Activity(str, Enum):
    """What a phase opens. A new one is added here, and its words and address in `query.OFFERS`."""

    IDEAS = "ideas"


class Moderation(str, Enum):
    """Whether a person looks at what comes in before everybody sees it, or after."""

    AFTER = "after"
    BEFORE = "before"


class Archiving(str, Enum):
    """How an input goes to the archive: in a letter of its own, or in a report with others."""

    ALONE = "enkeltvis"
    REPORT = "samlerapport"


def _one_of(name: str, kind: type[Enum]) -> str:
    return f"{name} IN ({', '.join(repr(one.value) for one in kind)})"


class Process(Identified, Model):
    """Where inputs are asked for, as everybody sees it.

    opens_at, closes_at: from the first phase to the last one (None: no end; the Idepool can never be given one).
    outcome: «Dette ble gjort», without which nothing ends. decided_by: a role, never a person's name. picture_alt: what
    the picture shows, for those who cannot see it.
    ideas_archived, comments_archived: how what is sent from now on goes to the archive; what was sent keeps its way.
    """

    __tablename__ = "processes"
    __table_args__ = (
        CheckConstraint(f"slug <> '{IDEPOOL_SLUG}' OR closes_at IS NULL", name="the_idepool_never_closes"),
        CheckConstraint("closes_at IS NULL OR opens_at < closes_at", name="opens_before_it_closes"),
        CheckConstraint(_one_of("state", State), name="state_is_known"),
        CheckConstraint(_one_of("moderation", Moderation), name="moderation_is_known"),
        CheckConstraint("(state = 'ended') = (outcome <> '')", name="what_ends_tells_what_was_done"),
        CheckConstraint("(picture_id IS NULL) = (picture_alt = '')", name="a_picture_is_described"),
        CheckConstraint(_one_of("ideas_archived", Archiving), name="way_of_ideas_is_known"),
        CheckConstraint(_one_of("comments_archived", Archiving), name="way_of_comments_is_known"),
        Index("ix_processes_state_closes", "state", "closes_at"),
        Index("processes_submission_hash_key", "submission_hash", unique=True),
    )

    slug: Mapped[str] = column("technical", String(SLUG_LENGTH), unique=True)
    title: Mapped[str] = column("content", String(TITLE_LENGTH))
    opens_at: Mapped[datetime] = column("technical")
    closes_at: Mapped[datetime | None] = column("technical")
    state: Mapped[str] = column("technical", String(10), default=State.DRAFT.value)
    summary: Mapped[str] = column("content", String(SUMMARY_LENGTH), default="")
    influence: Mapped[str] = column("content", Text, default="")
    decided_by: Mapped[str] = column("content", String(LINE_LENGTH), default="")
    decides_on: Mapped[date | None] = column("technical", Date)
    place: Mapped[str] = column("content", String(LINE_LENGTH), default="")
    area_id: Mapped[UUID | None] = column("technical", ForeignKey("focus_areas.id"))
    owner_id: Mapped[UUID | None] = column("person", ForeignKey("participants.id"))
    moderation: Mapped[str] = column("technical", String(10), default=Moderation.AFTER.value)
    outcome: Mapped[str] = column("content", Text, default="")
    published_at: Mapped[datetime | None] = column("technical")
    ended_at: Mapped[datetime | None] = column("technical")
    submission_hash: Mapped[bytes | None] = column("technical", LargeBinary(32))
    picture_id: Mapped[UUID | None] = column("technical", ForeignKey("pictures.id"))
    picture_alt: Mapped[str] = column("content", String(LINE_LENGTH), default="")
    ideas_archived: Mapped[str] = column("technical", String(12), default=Archiving.ALONE.value)
    comments_archived: Mapped[str] = column("technical", String(12), default=Archiving.ALONE.value)


class Phase(Identified, Model):
    """A part of a process, open from opens_at (included) to closes_at (not included; None: it has no end)."""

    __tablename__ = "process_phases"
    __table_args__ = (
        UniqueConstraint("process_id", "opens_at", name="one_phase_begins_at_a_time"),
        CheckConstraint("closes_at IS NULL OR opens_at < closes_at", name="opens_before_it_closes"),
    )

    process_id: Mapped[UUID] = column("technical", ForeignKey("processes.id"))
    title: Mapped[str] = column("content", String(TITLE_LENGTH))
    opens_at: Mapped[datetime] = column("technical")
    closes_at: Mapped[datetime | None] = column("technical")


class PhaseActivity(Model):
    """Something that a phase opens."""

    __tablename__ = "phase_activities"
    __table_args__ = (CheckConstraint(_one_of("activity", Activity), name="activity_is_known"),)

    phase_id: Mapped[UUID] = column("technical", ForeignKey("process_phases.id"), primary_key=True)
    activity: Mapped[str] = column("technical", String(20), primary_key=True)


class ProcessMember(Model):
    """Somebody in staff who may change one process, whatever their role, beside its owner."""

    __tablename__ = "process_members"

    process_id: Mapped[UUID] = column("technical", ForeignKey("processes.id"), primary_key=True)
    participant_id: Mapped[UUID] = column("person", ForeignKey("participants.id"), primary_key=True)


class WorkingCopy(Model):
    """What is being written about a process, just as it was typed, right or wrong; it is nobody's to see but staff's.

    ahead: it holds what everybody does not see yet. revision: grows with each save, and when it is published. pen: the
    open editor that saved last; who writes on with the same pen is not stopped by an answer that got lost on its way.
    picture_id, picture_alt: the picture that everybody sees once this is published.
    """

    __tablename__ = "process_working_copies"
    __table_args__ = (CheckConstraint("(picture_id IS NULL) = (picture_alt = '')", name="a_picture_is_described"),)

    process_id: Mapped[UUID] = column("technical", ForeignKey("processes.id"), primary_key=True)
    typed: Mapped[dict[str, list[str]]] = column("content", JSON)
    ahead: Mapped[bool] = column("technical")
    revision: Mapped[int] = column("technical")
    pen: Mapped[UUID] = column("technical")
    saved_at: Mapped[datetime] = column("technical")
    saved_by: Mapped[UUID | None] = column("person", ForeignKey("participants.id"))
    picture_id: Mapped[UUID | None] = column("technical", ForeignKey("pictures.id"))
    picture_alt: Mapped[str] = column("content", String(LINE_LENGTH), default="")


class News(Identified, SubmittedOnce, Model):
    """Something new in a process, for everybody to read."""

    __tablename__ = "process_news"
    __table_args__ = (Index("ix_process_news_newest", "process_id", "published_at"),)

    process_id: Mapped[UUID] = column("technical", ForeignKey("processes.id"))
    title: Mapped[str] = column("content", String(TITLE_LENGTH))
    text: Mapped[str] = column("content", Text)
    author_id: Mapped[UUID | None] = column("person", ForeignKey("participants.id"))
    published_at: Mapped[datetime] = column("technical")


class ProcessFollow(Identified, Model):
    """A device (or somebody signed in) that wants to hear of a process. Exactly one of the two is set."""

    __tablename__ = "process_follows"
    __table_args__ = (
        UniqueConstraint("process_id", "device_key", name="one_follow_of_a_process_per_device"),
        UniqueConstraint("process_id", "participant_id", name="one_follow_of_a_process_per_participant"),
        CheckConstraint("(device_key IS NULL) <> (participant_id IS NULL)", name="one_follower"),
        Index("ix_process_follows_device", "device_key"),
        Index("ix_process_follows_participant", "participant_id"),
    )

    process_id: Mapped[UUID] = column("technical", ForeignKey("processes.id"))
    device_key: Mapped[bytes | None] = column("person", LargeBinary(32))
    participant_id: Mapped[UUID | None] = column("person", ForeignKey("participants.id"))
    since: Mapped[datetime] = column("technical")
