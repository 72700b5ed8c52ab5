"""What is announced about processes."""

from typing import ClassVar
from uuid import UUID

from app.outbox.events import Event


class ProcessPublished(Event):
    """Everybody can see it, for the first time."""

    name: ClassVar[str] = "process_published"

    process_id: UUID


class ProcessEnded(Event):
    """It has told what was done."""

    name: ClassVar[str] = "process_ended"

    process_id: UUID


class NewsPublished(Event):
    """A process has something new to tell."""

    name: ClassVar[str] = "news_published"

    process_id: UUID
    news_id: UUID


class ProcessPictureChanged(Event):
    """It has another picture, or none, in what everybody sees or in what is being written."""

    name: ClassVar[str] = "process_picture_changed"

    process_id: UUID
