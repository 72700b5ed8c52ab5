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


def areas(session: Session, *, with_closed: bool = False) -> Sequence[Area]:
    """Return the focus areas in the order shown; those that are closed only when asked for."""
    query = select(FocusArea).order_by(FocusArea.place, FocusArea.name)
    return [
        Area(row.id, row.slug, row.name, row.icon, row.folder_title, row.closed)
        for row in session.scalars(query)
        if with_closed or not row.closed
    ]
