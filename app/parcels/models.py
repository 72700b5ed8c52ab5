"""Parcels, the changes of their steps, and who follows them."""

from datetime import datetime
from enum import Enum
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped

from app.core.db import Identified, Model, column


class Step(str, Enum):
    """The steps of a parcel, in order. `not_now` comes instead of the last two."""

    RECEIVED = "received"
    READ = "read"
    CONSIDERED = "considered"
    DECIDED = "decided"
    DONE = "done"
    NOT_NOW = "not_now"


# Whoever sent an input waits until it has come this far.
ANSWERED = frozenset({Step.DECIDED, Step.DONE, Step.NOT_NOW})
ORDER = {Step.RECEIVED: 0, Step.READ: 1, Step.CONSIDERED: 2, Step.DECIDED: 3, Step.NOT_NOW: 3, Step.DONE: 4}
_STEPS = ", ".join(f"'{step.value}'" for step in Step)


def _where(condition: str) -> dict[str, Any]:
    """Return what makes an index hold only these rows, on both databases."""
    return {"postgresql_where": text(condition), "sqlite_where": text(condition)}


class Parcel(Model):
    """An input on its way. as_of: when the newest news from the archive was asked for; older news changes nothing.

    waits: its sender waits for an answer. handler_id: who at the municipality has it; group_id: or the group of which
    area; due_at: until when, if somebody has set it. revision: how often it has been changed at the desk.
    """

    __tablename__ = "parcels"
    __table_args__ = (
        CheckConstraint(f"step IN ({_STEPS})", name="step_is_known"),
        CheckConstraint("handler_id IS NULL OR group_id IS NULL", name="one_has_it"),
        Index("ix_parcels_kind_step_received", "kind", "step", "received_at"),
        Index("ix_parcels_received", "received_at", "input_id"),
        Index("ix_parcels_kind", "kind", "received_at", "input_id"),
        Index("ix_parcels_area", "area_id", "received_at"),
        Index("ix_parcels_waiting", "received_at", "input_id", **_where("waits")),
        Index("ix_parcels_new", "received_at", "input_id", **_where("waits AND step = 'received'")),
        Index("ix_parcels_questions", "received_at", "input_id", **_where("waits AND kind = 'comment'")),
        Index("ix_parcels_unassigned", "received_at", "input_id",
              **_where("waits AND handler_id IS NULL AND group_id IS NULL")),
        Index("ix_parcels_handler", "handler_id", "received_at", **_where("handler_id IS NOT NULL")),
        Index("ix_parcels_group", "group_id", "received_at", **_where("group_id IS NOT NULL")),
        Index("ix_parcels_due", "due_at", **_where("waits AND due_at IS NOT NULL")),
        Index("ix_parcels_case", "case_number", "received_at", **_where("case_number IS NOT NULL")),
    )  # fmt: skip

    input_id: Mapped[UUID] = column("technical", primary_key=True)
    kind: Mapped[str] = column("technical", String(20))
    step: Mapped[str] = column("technical", String(20))
    received_at: Mapped[datetime] = column("technical")
    moved_at: Mapped[datetime] = column("technical")
    case_number: Mapped[str | None] = column("technical", String(20))
    forwarded: Mapped[bool] = column("technical", default=True)
    as_of: Mapped[datetime | None] = column("technical")
    area_id: Mapped[UUID | None] = column("technical", ForeignKey("focus_areas.id"))
    waits: Mapped[bool] = column("technical", default=True)
    handler_id: Mapped[UUID | None] = column("technical", ForeignKey("participants.id"))
    group_id: Mapped[UUID | None] = column("technical", ForeignKey("focus_areas.id"))
    due_at: Mapped[datetime | None] = column("technical")
    revision: Mapped[int] = column("technical", default=0)


class ArchiveReport(Model):
    """Inputs that go to the archive in one letter. It has a parcel of its own, without a sender who waits.

    Which inputs is settled when it is made (ReportItem), and never changes. part: from 1, of so many parts, when one
    report would be too big.
    """

    __tablename__ = "archive_reports"
    __table_args__ = (CheckConstraint("part BETWEEN 1 AND parts", name="a_part_is_one_of_its_parts"),)

    id: Mapped[UUID] = column("technical", ForeignKey("parcels.input_id"), primary_key=True)
    process_id: Mapped[UUID] = column("technical", ForeignKey("processes.id"), index=True)
    part: Mapped[int] = column("technical")
    parts: Mapped[int] = column("technical")
    collected_at: Mapped[datetime] = column("technical")


class ReportItem(Model):
    """An input that goes to the archive in a report: as the process said when it was sent, whatever it says later.

    The key keeps it in one report only. due_at: by when it is to be in one, as its sender was told; report_id: which
    one, None until it is collected.
    """

    __tablename__ = "report_items"
    __table_args__ = (
        Index("ix_report_items_waiting", "due_at", **_where("report_id IS NULL")),
        Index("ix_report_items_process", "process_id", **_where("report_id IS NULL")),
        Index("ix_report_items_report", "report_id"),
    )

    input_id: Mapped[UUID] = column("technical", ForeignKey("parcels.input_id"), primary_key=True)
    process_id: Mapped[UUID] = column("technical", ForeignKey("processes.id"))
    due_at: Mapped[datetime] = column("technical")
    report_id: Mapped[UUID | None] = column("technical", ForeignKey("archive_reports.id"))


class StepChange(Identified, Model):
    """A step that was reached. Unique: a step that is reached twice tells once. reason: what a person wrote or why."""

    __tablename__ = "status_changes"
    __table_args__ = (UniqueConstraint("input_id", "step", name="each_step_once"),)

    input_id: Mapped[UUID] = column("technical", ForeignKey("parcels.input_id"))
    step: Mapped[str] = column("technical", String(20))
    at: Mapped[datetime] = column("technical")
    reason: Mapped[str] = column("content", String(2000), default="")
    told: Mapped[bool] = column("technical", default=True)


class Follow(Identified, Model):
    """A device (or somebody signed in) that wants to hear of an input. Exactly one of the two is set."""

    __tablename__ = "follows"
    __table_args__ = (
        UniqueConstraint("input_id", "device_key", name="one_follow_per_device"),
        UniqueConstraint("input_id", "participant_id", name="one_follow_per_participant"),
        CheckConstraint("(device_key IS NULL) <> (participant_id IS NULL)", name="one_follower"),
        Index("ix_follows_device", "device_key"),
        Index("ix_follows_participant", "participant_id"),
    )

    input_id: Mapped[UUID] = column("technical", ForeignKey("parcels.input_id"))
    device_key: Mapped[bytes | None] = column("person", LargeBinary(32))
    participant_id: Mapped[UUID | None] = column("person", ForeignKey("participants.id"))
    since: Mapped[datetime] = column("technical")
