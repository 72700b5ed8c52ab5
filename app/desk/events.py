"""What is announced about the desk."""

from typing import ClassVar
from uuid import UUID

from app.outbox.events import Event


class BulkWanted(Event):
    """Somebody wants one act done to many inputs."""

    name: ClassVar[str] = "bulk_wanted"

    bulk_id: UUID
