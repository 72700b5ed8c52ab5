"""The lines of the log, each tied to the one before it."""

from datetime import datetime

from sqlalchemy import CheckConstraint, String
from sqlalchemy.orm import Mapped

from app.core.db import Model, column

DIGEST_BYTES = 32


class AuditLine(Model):
    """One deed. Triggers refuse to change or remove it; what they cannot refuse, `flask audit verify` finds.

    nr: 1, 2, 3 ... without a gap. who_ref: `Actor.audit_key`, or None when the program itself did it. action: what was
    done, e.g. "idea_hidden". object_ref: to which thing, e.g. "idea:<id>". data_hash: of what was said with it, keyed
    with who_ref. previous: the hash of the line before, 32 zeros for the first.
    """

    __tablename__ = "audit_log"
    __table_args__ = (CheckConstraint("nr >= 1", name="numbers_begin_at_one"),)

    nr: Mapped[int] = column("technical", primary_key=True, autoincrement=False)
    at: Mapped[datetime] = column("technical")
    who_ref: Mapped[bytes | None] = column("technical", index=True)
    action: Mapped[str] = column("technical", String(40))
    object_ref: Mapped[str] = column("technical", String(80), index=True)
    data_hash: Mapped[bytes | None] = column("technical")
    previous: Mapped[bytes] = column("technical", unique=True)
    hash: Mapped[bytes] = column("technical", unique=True)
