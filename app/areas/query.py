"""Which focus areas there are."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.areas.models import FocusArea


@dataclass(frozen=True, slots=True)
class Area:
    """A focus area as it is shown."""

    id: UUID
    slug: str
    name: str
    icon: str
    folder_title: str
    closed: bool


# Made once: every page asks it, and making a question costs as much as asking it.
_IN_ORDER = select(
    FocusArea.id, FocusArea.slug, FocusArea.name, FocusArea.icon, FocusArea.folder_title, FocusArea.closed
).order_by(FocusArea.place, FocusArea.name)


def areas(session: Session, *, with_closed: bool = False) -> Sequence[Area]:
    """Return the focus areas in the order shown; those that are closed only when asked for."""
    found = [Area(*row) for row in session.execute(_IN_ORDER)]
    return found if with_closed else [area for area in found if not area.closed]
