"""What is announced about personal data."""

from typing import ClassVar

from app.outbox.events import Event


class RetentionDue(Event):
    """A new day: what has been kept long enough is to go. day: e.g. 2026-03-03."""

    name: ClassVar[str] = "retention_due"

    day: str
