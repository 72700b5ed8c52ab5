"""What an event is: a fact in the past tense that carries ids only."""

from typing import ClassVar

from pydantic import BaseModel, ConfigDict


class Event(BaseModel):
    """A fact. `name` is how workers/routing.py knows it; its reader fetches what it may see."""

    model_config = ConfigDict(frozen=True)
    name: ClassVar[str]
