"""What is announced about push."""

from typing import ClassVar
from uuid import UUID

from app.outbox.events import Event


class TestPushWanted(Event):
    """Somebody wants to see that notices arrive on this phone."""

    __test__: ClassVar[bool] = False  # pytest takes the name for a test
    name: ClassVar[str] = "test_push_wanted"

    subscription_id: UUID
