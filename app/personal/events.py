"""What is announced about personal data."""

from typing import ClassVar
from uuid import UUID

from app.outbox.events import Event


class RetentionDue(Event):
    """A new day: what has been kept long enough is to go. day: e.g. 2026-03-03."""

    name: ClassVar[str] = "retention_due"

    day: str


class OwnFileWanted(Event):
    """Somebody asked for a file with all that we hold on them."""

    name: ClassVar[str] = "own_file_wanted"

    file_id: UUID


class ErasureWanted(Event):
    """Somebody asked to be erased."""

    name: ClassVar[str] = "erasure_wanted"

    erasure_id: UUID
