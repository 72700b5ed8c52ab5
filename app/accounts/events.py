"""What is announced about accounts."""

from typing import ClassVar
from uuid import UUID

from app.outbox.events import Event


class SignInCodeWanted(Event):
    """Somebody asked for a code; it goes by mail."""

    name: ClassVar[str] = "sign_in_code_wanted"

    code_id: UUID
