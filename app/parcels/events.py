"""What is announced about parcels."""

from typing import ClassVar
from uuid import UUID

from app.outbox.events import Event


class ReportCollected(Event):
    """It is settled which inputs a report to the archive holds."""

    name: ClassVar[str] = "report_collected"

    report_id: UUID


class StepReached(Event):
    """A parcel moved, and those who follow it are to hear so."""

    name: ClassVar[str] = "step_reached"

    input_id: UUID
    step: str
