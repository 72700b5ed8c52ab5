"""What is announced about moderation."""

from typing import ClassVar
from uuid import UUID

from app.outbox.events import Event


class ModerationDecided(Event):
    """Somebody decided whether an input is shown, and its writer is to hear so."""

    name: ClassVar[str] = "moderation_decided"

    item_id: UUID
    input_id: UUID
