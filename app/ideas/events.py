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


class IdeaCorrected(Event):
    """Its writer put its words right. correction_id: an input of its own."""

    name: ClassVar[str] = "idea_corrected"

    idea_id: UUID
    correction_id: UUID


class IdeaWithdrawn(Event):
    """Its writer took it back."""

    name: ClassVar[str] = "idea_withdrawn"

    idea_id: UUID


class IdeaHidden(Event):
    """Staff took it off the page."""

    name: ClassVar[str] = "idea_hidden"

    idea_id: UUID
