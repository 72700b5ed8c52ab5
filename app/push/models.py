"""Subscriptions to push, and what became of every message."""

from datetime import datetime
from enum import Enum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, String
from sqlalchemy.orm import Mapped

from app.core.db import Identified, Model, column

ENDPOINT_LENGTH = 2048
P256DH_LENGTH = 100
AUTH_LENGTH = 30


class PushOutcome(str, Enum):
    """What became of a message. `sent` is written before the call: alone, it means that nobody knows more."""

    SENT = "sent"
    ACCEPTED = "accepted"
    GONE = "gone"
    REFUSED = "refused"
    UNKNOWN = "unknown"


_OUTCOMES = ", ".join(f"'{outcome.value}'" for outcome in PushOutcome)


class PushSubscription(Identified, Model):
    """One browser that wants to be told. endpoint_hash: SHA-256 of the endpoint; p256dh, auth: base64url.

    gone_at: the push service said that it is no more; then endpoint and keys are blank, and the hash stays so that
    the phone can be told why it is silent. origin: of the endpoint, e.g. "https://fcm.googleapis.com". vapid_key: the
    mark of the key of ours that it was made with; None: before marks were kept, so the oldest we have.
    """

    __tablename__ = "push_subscriptions"
    __table_args__ = (
        CheckConstraint("(gone_at IS NULL) = (endpoint <> '')", name="what_is_gone_is_blank"),
        CheckConstraint("device_key IS NOT NULL OR participant_id IS NOT NULL", name="somebody_subscribes"),
        Index("ix_push_subscriptions_device", "device_key"),
        Index("ix_push_subscriptions_participant", "participant_id"),
    )

    endpoint_hash: Mapped[bytes] = column("person", LargeBinary(32), unique=True)
    endpoint: Mapped[str] = column("person", String(ENDPOINT_LENGTH))
    origin: Mapped[str] = column("technical", String(255))
    p256dh: Mapped[str] = column("person", String(P256DH_LENGTH))
    auth: Mapped[str] = column("person", String(AUTH_LENGTH))
    device_key: Mapped[bytes | None] = column("person", LargeBinary(32))
    participant_id: Mapped[UUID | None] = column("person", ForeignKey("participants.id"))
    language: Mapped[str] = column("technical", String(5), default="nb")
    created_at: Mapped[datetime] = column("technical")
    last_accepted_at: Mapped[datetime | None] = column("technical")
    test_asked_at: Mapped[datetime | None] = column("technical")
    gone_at: Mapped[datetime | None] = column("technical")
    vapid_key: Mapped[str | None] = column("technical", String(16))


class PushLog(Identified, Model):
    """One line for each thing that happened to a message. topic: what it was about; nothing of what it said.

    subscription_id is no foreign key: the log outlives a subscription that was ended.
    """

    __tablename__ = "push_log"
    __table_args__ = (
        CheckConstraint(f"outcome IN ({_OUTCOMES})", name="outcome_is_known"),
        Index("ix_push_log_subscription_at", "subscription_id", "at"),
    )

    subscription_id: Mapped[UUID] = column("technical")
    topic: Mapped[str] = column("technical", String(10))
    outcome: Mapped[str] = column("technical", String(10))
    at: Mapped[datetime] = column("technical", index=True)
