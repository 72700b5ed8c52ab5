"""Who has asked to be erased, outside the database: whatever is restored later, they are erased from it again.

One line for each, in a file that is only added to and has its own backup. A line says no name, no mark and no id that
stands anywhere else: its subject is a hash of what the database called them, which leads back to nobody without the
rows themselves.
"""

import hashlib
import json
import os
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from uuid import UUID

from app.files.store import make_folder, sync

FILE = "erase-ledger.txt"


def subject_of(mark: bytes | UUID) -> str:
    """Return what the ledger calls a device (its key) or an account (its id): 64 hex digits."""
    known = mark if isinstance(mark, bytes) else mark.bytes
    return hashlib.sha256(b"innbyggerlab-erasure:" + known).hexdigest()


def write(folder: Path, subjects: Sequence[str], *, classes: Sequence[str], now: datetime) -> None:
    """Add a line for each of these who has none; on disk when this returns."""
    known = subjects_in(folder)
    make_folder(folder)
    with (folder / FILE).open("a", encoding="utf-8") as file:
        if _ends_midway(folder / FILE):
            file.write("\n")
        for subject in subjects:
            if subject not in known:
                said = {"subject": subject, "at": now.isoformat(timespec="seconds"), "classes": list(classes)}
                file.write(json.dumps(said, ensure_ascii=False) + "\n")
        file.flush()
        os.fsync(file.fileno())
    sync(folder)


def subjects_in(folder: Path) -> frozenset[str]:
    """Return everybody in the ledger. Raises ValueError when a line of it cannot be read."""
    try:
        text = (folder / FILE).read_text(encoding="utf-8")
    except FileNotFoundError:
        return frozenset()
    # A line that a crash cut short says nothing: its rows are still there, and it is written again.
    return frozenset(json.loads(line)["subject"] for line in text.splitlines() if line.endswith("}"))


def _ends_midway(path: Path) -> bool:
    text = path.read_bytes()
    return bool(text) and not text.endswith(b"\n")
