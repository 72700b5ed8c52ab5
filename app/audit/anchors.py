"""Heads of the log kept outside the database: one line a night, in a file that is only added to."""

import os
from collections.abc import Sequence
from pathlib import Path

from app.audit.query import Head, read_head

FILE = "audit-heads.txt"


def keep(folder: Path, head: Head) -> bool:
    """Add a head to the file in `folder`, on disk when this returns; return False when it stands there already."""
    if head in kept(folder):
        return False
    with (folder / FILE).open("a") as file:
        file.write(f"{head}\n")
        file.flush()
        os.fsync(file.fileno())
    return True


def kept(folder: Path) -> Sequence[Head]:
    """Return the heads in the file, oldest first. Raises ValueError when a line of it is none."""
    try:
        text = (folder / FILE).read_text()
    except FileNotFoundError:
        return []
    return [read_head(line) for line in text.splitlines() if line]
