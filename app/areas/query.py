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
_area = FocusArea.__table__.c
_IN_ORDER = select(_area.id, _area.slug, _area.name, _area.icon, _area.folder_title, _area.closed).order_by(
    _area.place, _area.name
)


def areas(session: Session, *, with_closed: bool = False) -> Sequence[Area]:
    """Return the focus areas in the order shown; those that are closed only when asked for."""
    found = [Area(*row) for row in session.execute(_IN_ORDER)]
    return found if with_closed else [area for area in found if not area.closed]
