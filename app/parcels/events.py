"""What is announced about parcels."""

from typing import ClassVar
from uuid import UUID

from app.outbox.events import Event


class StepReached(Event):
    """A parcel moved, and those who follow it are to hear so."""

    name: ClassVar[str] = "step_reached"

    input_id: UUID
    step: str
