"""The port to the rooms whose inputs are moderated. This room does not know them; each lays a Shelf of its own here."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from sqlalchemy.orm import Session

from app.core.text import N_

# Beside the reasons of models.Reason: nobody has looked yet.
WAITING = "waiting"
WAITS = N_("Denne venter på at en i kommunen ser på den.")


@dataclass(frozen=True, slots=True)
class Thing:
    """An input as a moderator reads it. texts: field -> text, the fields that marks name. pictures: (id, number).

    reports: what people say is wrong with it and nobody has looked at, as (reason, their own words).
    """

    title: str
    texts: Mapping[str, str]
    pictures: tuple[tuple[UUID, int], ...]
    sent_at: datetime
    reports: tuple[tuple[str, str], ...] = ()


class Shelf(Protocol):
    """What one room shows to everybody, and how things are put on it and taken off."""

    def things(self, session: Session, ids: Collection[UUID]) -> Mapping[UUID, Thing]:
        """Return these inputs, with a fixed number of questions to the database."""

    def show(self, session: Session, input_id: UUID) -> None:
        """Let everybody see it, unless its writer took it back."""

    def hide(self, session: Session, input_id: UUID, *, cause: str, reason: str, now: datetime) -> None:
        """Let nobody but its writer and staff see it. cause: WAITING or a Reason; reason: what everybody reads."""

    def looked_at(self, session: Session, input_id: UUID, *, now: datetime) -> None:
        """A person has decided: whoever reported it has been heard."""


Shelves = Mapping[str, Shelf]
