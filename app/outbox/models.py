"""The outbox: events, deliveries, attempts, and channels that have been paused."""

from datetime import datetime
from enum import Enum
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped

from app.core.db import Identified, Model, column


class DeliveryState(str, Enum):
    """Where a delivery is. `filed`, `accepted`, `never` and `stopped` are ends; a person decides `unclear`."""

    WAITING = "waiting"
    SENDING = "sending"
    FILED = "filed"
    ACCEPTED = "accepted"
    UNCLEAR = "avklares"
    STOPPED = "stoppet"
    NEVER = "aldri"


_STATES = ", ".join(f"'{state.value}'" for state in DeliveryState)


class OutboxEvent(Identified, Model):
    """A fact, stored in the transaction that made it true. turn: unique for what the clock records."""

    __tablename__ = "outbox_events"
    __table_args__ = (
        UniqueConstraint("turn", name="one_event_per_turn"),
        Index("ix_outbox_events_unrouted", "recorded_at", postgresql_where=text("routed_at IS NULL"),
              sqlite_where=text("routed_at IS NULL")),
    )  # fmt: skip

    kind: Mapped[str] = column("technical", String(60))
    payload: Mapped[dict[str, Any]] = column("technical", JSON)
    recorded_at: Mapped[datetime] = column("technical")
    due_at: Mapped[datetime] = column("technical")
    routed_at: Mapped[datetime | None] = column("technical")
    turn: Mapped[str | None] = column("technical", String(120))


class OutboxDelivery(Identified, Model):
    """One fact on its way to one recipient. reference: `INL-` and 26 base32 letters, the same for all tries.

    step: the marks of a delivery of several calls, e.g. {"begun:entry": "", "entry": "5444"}.
    may_have_arrived: a try ended without anybody knowing whether it was accepted.
    held_for: the input that goes to the recipient in a report with others. Nobody tries such a delivery, and nobody
    waits for it: it ends with the report.
    """

    __tablename__ = "outbox_deliveries"
    __table_args__ = (
        UniqueConstraint("event_id", "job", "recipient", name="one_delivery_per_recipient"),
        CheckConstraint(f"state IN ({_STATES})", name="state_is_known"),
        CheckConstraint("(state = 'sending') = (lease_until IS NOT NULL)", name="only_what_is_sent_has_a_lease"),
        Index("ix_outbox_deliveries_due", "due_at", postgresql_where=text("state = 'waiting'"),
              sqlite_where=text("state = 'waiting'")),
        Index("ix_outbox_deliveries_leased", "lease_until", postgresql_where=text("state = 'sending'"),
              sqlite_where=text("state = 'sending'")),
        Index("ix_outbox_deliveries_channel_state", "channel", "state", "created_at"),
        Index("ix_outbox_deliveries_answered", "job", "external_id", "ended_at",
              postgresql_where=text("state = 'accepted'"), sqlite_where=text("state = 'accepted'")),
        Index("one_delivery_held_for_an_input", "held_for", unique=True,
              postgresql_where=text("held_for IS NOT NULL"), sqlite_where=text("held_for IS NOT NULL")),
    )  # fmt: skip

    event_id: Mapped[UUID] = column("technical", ForeignKey("outbox_events.id"))
    job: Mapped[str] = column("technical", String(60))
    channel: Mapped[str] = column("technical", String(20))
    queue: Mapped[str] = column("technical", String(20))
    recipient: Mapped[str] = column("technical", String(120))
    reference: Mapped[str] = column("technical", String(30), unique=True)
    state: Mapped[str] = column("technical", String(10), default=DeliveryState.WAITING.value)
    step: Mapped[dict[str, str]] = column("technical", JSON, default=dict)
    attempts: Mapped[int] = column("technical", default=0)
    silent_deaths: Mapped[int] = column("technical", default=0)
    may_have_arrived: Mapped[bool] = column("technical", default=False)
    created_at: Mapped[datetime] = column("technical")
    due_at: Mapped[datetime] = column("technical")
    rung_at: Mapped[datetime | None] = column("technical")
    lease_until: Mapped[datetime | None] = column("technical")
    lease_owner: Mapped[str | None] = column("technical", String(64))
    paused_seconds: Mapped[float] = column("technical", default=0.0)
    external_id: Mapped[str | None] = column("technical", String(200))
    stop_reason: Mapped[str | None] = column("technical", String(500))
    last_error: Mapped[str | None] = column("technical", String(500))
    ended_at: Mapped[datetime | None] = column("technical")
    held_for: Mapped[UUID | None] = column("technical")


class DeliveryAttempt(Model):
    """What happened to a delivery, appended and never changed: `begun`, then its outcome. No outcome: it died."""

    __tablename__ = "delivery_attempts"

    id: Mapped[int] = column("technical", primary_key=True, autoincrement=True)
    delivery_id: Mapped[UUID] = column("technical", ForeignKey("outbox_deliveries.id"), index=True)
    attempt: Mapped[int] = column("technical")
    at: Mapped[datetime] = column("technical")
    outcome: Mapped[str] = column("technical", String(40))


class Pause(Model):
    """How a channel (or one folder of the archive) fares. closed: nothing goes out but a probe at `probe_at`.

    scope: "archive", "push", "mail", or e.g. "archive/folder:mobilitet". failures: in a row, from different rows.
    """

    __tablename__ = "outbox_pauses"

    scope: Mapped[str] = column("technical", String(120), primary_key=True)
    reason: Mapped[str] = column("technical", String(500))
    since: Mapped[datetime] = column("technical")
    probe_at: Mapped[datetime] = column("technical")
    failures: Mapped[int] = column("technical", default=0)
    last_failed: Mapped[UUID | None] = column("technical")
    closed: Mapped[bool] = column("technical", default=False)


class Heartbeat(Model):
    """When the reconciler last struck, so that a jump of the clock is seen."""

    __tablename__ = "outbox_heartbeats"

    name: Mapped[str] = column("technical", String(40), primary_key=True)
    struck_at: Mapped[datetime] = column("technical")
