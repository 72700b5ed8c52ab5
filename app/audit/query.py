"""Reading the log, and finding out whether it is whole."""

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.audit.models import DIGEST_BYTES, AuditLine

AT_A_TIME = 1000


@dataclass(frozen=True, slots=True)
class Head:
    """The newest line at some moment: its number and its hash. Kept elsewhere, it tells when the tail was cut."""

    nr: int
    hash: bytes

    def __str__(self) -> str:
        return f"{self.nr}:{self.hash.hex()}"


def read_head(text: str) -> Head:
    """Return the head that `str` made. Raises ValueError when the text is none."""
    nr, _, digest = text.strip().partition(":")
    found = Head(int(nr), bytes.fromhex(digest))
    if len(found.hash) != DIGEST_BYTES:
        raise ValueError("a head is <number>:<64 hex digits>")
    return found


def line_hash(line: AuditLine) -> bytes:
    """Return what `line.hash` must be: SHA-256 of the line before and all that this one says, as canonical JSON."""
    said = {
        "nr": line.nr,
        "at": line.at.astimezone(UTC).isoformat(timespec="microseconds"),
        "who_ref": line.who_ref.hex() if line.who_ref else None,
        "action": line.action,
        "object_ref": line.object_ref,
        "data_hash": line.data_hash.hex() if line.data_hash else None,
    }
    text = json.dumps(said, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(line.previous + text.encode()).digest()


def head(session: Session) -> Head | None:
    """Return the newest line's number and hash; None when nothing has been noted."""
    last = session.execute(select(AuditLine.nr, AuditLine.hash).order_by(AuditLine.nr.desc()).limit(1)).first()
    return Head(last.nr, last.hash) if last else None


def lines(session: Session) -> Iterator[AuditLine]:
    """Give all lines, oldest first, a thousand in memory at a time."""
    query = select(AuditLine).order_by(AuditLine.nr).execution_options(yield_per=AT_A_TIME, populate_existing=True)
    yield from session.scalars(query)


def faults(session: Session, heads: Iterable[Head] = ()) -> Sequence[str]:
    """Return a sentence for each place where the log is not as it was written; empty when it is whole.

    heads: of earlier days, from outside the database. Without them a tail that was cut off cannot be missed.
    """
    wanted = {found.nr: found for found in heads}
    found: list[str] = []
    number, previous = 0, bytes(DIGEST_BYTES)
    for line in lines(session):
        found += _faults_of(line, number, previous)
        anchor = wanted.pop(line.nr, None)
        if anchor is not None and anchor.hash != line.hash:
            found.append(f"Linje {line.nr} er ikke den samme som da den ble forankret.")
        number, previous = line.nr, line.hash
    found += [f"Linje {nr} er forankret, men finnes ikke: slutten av loggen er kuttet." for nr in sorted(wanted)]
    return found


def _faults_of(line: AuditLine, number: int, previous: bytes) -> list[str]:
    found = []
    if line.nr != number + 1:
        found.append(f"Mellom linje {number} og {line.nr} mangler det linjer.")
    if line.previous != previous:
        found.append(f"Linje {line.nr} henger ikke sammen med linja før.")
    if line.hash != line_hash(line):
        found.append(f"Linje {line.nr} er endret.")
    return found
