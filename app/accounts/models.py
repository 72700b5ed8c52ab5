"""Participants and the codes they sign in with."""

import hashlib
import secrets
from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped

from app.core.actor import Actor, Role
from app.core.db import Identified, Model, column

_ROLES = ", ".join(f"'{role.value}'" for role in Role)
SALT_BYTES = 16


class Participant(Identified, Model):
    """Somebody who signs in. A citizen has no name here and no title, only the address that was shown to be theirs.

    email: in lower case; <id>@uten.invalid for who came from an identity provider: no mail can reach it. audit_salt:
    goes when they are erased, and then no line of the audit log leads to them.
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
    """A one-time code on its way to an address, whether we know it or not.

    Its six digits and its link follow from the id and our key. email: in lower case; nobody has shown yet that it is
    theirs, so it is forgotten after 14 days. browser_hash: the browser that asked for it. language: of the letter.
    """

    __tablename__ = "sign_in_codes"
    __table_args__ = (Index("ix_sign_in_codes_made", "made_at"),)

    email: Mapped[str] = column("person", String(254))
    language: Mapped[str] = column("technical", String(5))
    browser_hash: Mapped[bytes] = column("technical", LargeBinary(32))
    made_at: Mapped[datetime] = column("technical")
    used_at: Mapped[datetime | None] = column("technical")
    tries: Mapped[int] = column("technical", default=0)


class ProviderIdentity(Identified, Model):
    """Who an account is to an identity provider. sub: the provider's own name for them, never a fødselsnummer."""

    __tablename__ = "provider_identities"
    __table_args__ = (UniqueConstraint("issuer", "sub", name="one_account_per_identity"),)

    participant_id: Mapped[UUID] = column("person", ForeignKey("participants.id"), index=True)
    issuer: Mapped[str] = column("technical", String(255))
    sub: Mapped[str] = column("person", String(255))
    made_at: Mapped[datetime] = column("technical")


class SignIn(Identified, Model):
    """Somebody signed in on one device, until ends_at (not included); the row goes when it is ended.

    browser, system: in words such as Chrome and Android, "" when we know none; never what the browser said in full.
    waits: the code was right and a passkey is still wanted, so nobody is signed in yet. challenge: what a passkey is
    asked to sign here; it goes with the first answer, whatever that is worth.
    """

    __tablename__ = "sign_ins"
    __table_args__ = (
        CheckConstraint("begun_at < ends_at", name="begins_before_it_ends"),
        Index("ix_sign_ins_participant", "participant_id"),
        Index("ix_sign_ins_ends", "ends_at"),
    )

    participant_id: Mapped[UUID] = column("person", ForeignKey("participants.id"))
    browser: Mapped[str] = column("technical", String(20))
    system: Mapped[str] = column("technical", String(20))
    begun_at: Mapped[datetime] = column("technical")
    ends_at: Mapped[datetime] = column("technical")
    waits: Mapped[bool] = column("technical", default=False)
    challenge: Mapped[bytes | None] = column("technical", LargeBinary(32))
    challenged_at: Mapped[datetime | None] = column("technical")


class Passkey(Identified, Model):
    """The public half of a key that lies on somebody's device or key ring; the other half never leaves it.

    credential_id: what the device calls it. public_key: COSE, as the device gave it. sign_count: how often the device
    says it has signed; 0 for ever where it does not count. name: what its owner calls it.
    """

    __tablename__ = "passkeys"

    participant_id: Mapped[UUID] = column("person", ForeignKey("participants.id"), index=True)
    credential_id: Mapped[bytes] = column("person", LargeBinary(1023), unique=True)
    public_key: Mapped[bytes] = column("person", LargeBinary)
    sign_count: Mapped[int] = column("technical", BigInteger)
    name: Mapped[str] = column("person", String(40))
    made_at: Mapped[datetime] = column("technical")
    used_at: Mapped[datetime | None] = column("technical")
