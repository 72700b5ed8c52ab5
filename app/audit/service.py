"""Adding a line. There is no way to change one."""

import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.audit.dialect import take_turn
from app.audit.models import DIGEST_BYTES, AuditLine
from app.audit.query import line_hash
from app.core.actor import Actor

FIRST = bytes(DIGEST_BYTES)


def note(
    session: Session,
    action: str,
    about: str,
    *,
    actor: Actor | None,
    now: datetime,
    said: Mapping[str, str] | None = None,
) -> int:
    """Add a line in the caller's transaction, and return its number.

    action: e.g. "idea_hidden"; about: e.g. "idea:<id>"; actor: None for the program itself; said: what was said with
    it, of which only a keyed hash is kept. One transaction at a time adds lines, so note at its end.
    """
    who = actor.audit_key if actor else None
    take_turn(session)
    last = session.execute(select(AuditLine.nr, AuditLine.hash).order_by(AuditLine.nr.desc()).limit(1)).first()
    nr, previous = (last.nr + 1, last.hash) if last else (1, FIRST)
    line = AuditLine(
        nr=nr, at=now, who_ref=who, action=action, object_ref=about, data_hash=_hash_of(said, who), previous=previous
    )
    line.hash = line_hash(line)
    session.add(line)
    session.flush()
    return nr


def _hash_of(said: Mapping[str, str] | None, who: bytes | None) -> bytes | None:
    if said is None:
        return None
    text = json.dumps(said, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hmac.new(who or FIRST, text.encode(), hashlib.sha256).digest()
