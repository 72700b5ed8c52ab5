"""What is announced about ideas."""

from typing import ClassVar
from uuid import UUID

from app.outbox.events import Event


class IdeaSubmitted(Event):
    """An idea is stored, and its writer has a receipt."""

    name: ClassVar[str] = "idea_submitted"

    idea_id: UUID
    process_id: UUID


class IdeaAnswered(Event):
    """The municipality has answered in public."""

    name: ClassVar[str] = "idea_answered"

    idea_id: UUID
    reply_id: UUID


class IdeaWithdrawn(Event):
    """Its writer took it back."""

    name: ClassVar[str] = "idea_withdrawn"

    idea_id: UUID


class IdeaHidden(Event):
    """Staff took it off the page."""

    name: ClassVar[str] = "idea_hidden"

    idea_id: UUID


class IdeaMended(Event):
    """Its writer mended the text, which goes to the archive as a letter of its own."""

    name: ClassVar[str] = "idea_mended"

    idea_id: UUID
    mending_id: UUID
