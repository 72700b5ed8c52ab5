"""How far the outbox had come, kept outside the database: one that somebody has put back by hand is found out.

An older database does not know what has been sent since. While it is behind the mark nothing is forwarded.
"""

import os
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.outbox.models import DeliveryAttempt

FILE = "watermark"


def is_behind(session: Session, folder: Path) -> bool:
    """Tell whether the database knows of fewer tries than it once did."""
    return _highest(session) < _kept(folder)


def keep(session: Session, folder: Path) -> bool:
    """Raise the mark to where the database is, on disk when this returns; return False when the database is behind."""
    highest, kept = _highest(session), _kept(folder)
    if highest > kept:
        _write(folder, highest)
    return highest >= kept


def lower(session: Session, folder: Path) -> None:
    """Set the mark to where the database is: somebody has put an older one back, and all is ready for it."""
    _write(folder, _highest(session))


def _highest(session: Session) -> int:
    return session.scalar(select(func.max(DeliveryAttempt.id))) or 0


def _kept(folder: Path) -> int:
    """Return the mark; 0 when there is none. Raises ValueError when it cannot be read: then nothing may go out."""
    try:
        return int((folder / FILE).read_text())
    except FileNotFoundError:
        return 0


def _write(folder: Path, number: int) -> None:
    half = folder / f"{FILE}.half"
    with half.open("w") as file:
        file.write(f"{number}\n")
        file.flush()
        os.fsync(file.fileno())
    half.replace(folder / FILE)
