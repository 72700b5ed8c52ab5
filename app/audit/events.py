"""What is announced about the log."""

from typing import ClassVar

from app.outbox.events import Event


class AuditHeadDue(Event):
    """A day has ended in whose log something stands: its newest line is to be kept elsewhere. day: e.g. 2026-03-03."""

    name: ClassVar[str] = "audit_head_due"

    day: str
