"""Participants and the codes they sign in with."""

import hashlib
import secrets
from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, LargeBinary, String
from sqlalchemy.orm import Mapped

from app.core.actor import Actor, Role
from app.core.db import Identified, Model, column

_ROLES = ", ".join(f"'{role.value}'" for role in Role)
SALT_BYTES = 16


class Participant(Identified, Model):
    """Somebody who signs in.

    email: in lower case. audit_salt: goes when they are erased, and then no line of the audit log leads to them.
    """

    __tablename__ = "participants"
    __table_args__ = (CheckConstraint(f"role IN ({_ROLES})", name="role_is_known"),)

    email: Mapped[str] = column("person", String(254), unique=True)
    name: Mapped[str] = column("person", String(80))
    title: Mapped[str] = column("person", String(80), default="")
    role: Mapped[str] = column("technical", String(20))
    language: Mapped[str] = column("technical", String(5), default="nb")
    created_at: Mapped[datetime] = column("technical")
    closed_at: Mapped[datetime | None] = column("technical")
    audit_salt: Mapped[bytes] = column("person", default=lambda: secrets.token_bytes(SALT_BYTES))

    @property
    def audit_key(self) -> bytes:
        """Who this is in the audit log."""
        return hashlib.sha256(self.audit_salt + self.id.bytes).digest()

    @property
    def actor(self) -> Actor:
        return Actor(role=Role(self.role), participant_id=self.id, audit_key=self.audit_key)


class SignInCode(Identified, Model):
    """A one-time code. Its six digits follow from the id and our key; browser_hash: the browser that asked for it."""

    __tablename__ = "sign_in_codes"

    participant_id: Mapped[UUID] = column("technical", ForeignKey("participants.id"))
    browser_hash: Mapped[bytes] = column("technical", LargeBinary(32))
    made_at: Mapped[datetime] = column("technical")
    used_at: Mapped[datetime | None] = column("technical")
    tries: Mapped[int] = column("technical", default=0)
