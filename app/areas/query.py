"""Which focus areas there are."""

from collections.abc import Sequence
from dataclasses import dataclass
from time import monotonic
from uuid import UUID
from weakref import WeakKeyDictionary

from sqlalchemy import Pool, select
from sqlalchemy.orm import Session

from app.areas.models import FocusArea
from app.core.rows import rows

KEPT_S = 10


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
    found = _all(session)
    return found if with_closed else tuple(area for area in found if not area.closed)


# What a database answered, and in which turn of KEPT_S seconds. By its pool: all its engines share that.
_kept: WeakKeyDictionary[Pool, tuple[int, tuple[Area, ...]]] = WeakKeyDictionary()


def _all(session: Session) -> tuple[Area, ...]:
    """Every page asks, and the areas change some times a year: a change is seen everywhere within KEPT_S seconds."""
    pool, turn = session.get_bind().engine.pool, int(monotonic() // KEPT_S)
    kept = _kept.get(pool)
    if kept is None or kept[0] != turn:
        kept = _kept[pool] = turn, tuple(Area(*row) for row in rows(session, _IN_ORDER))
    return kept[1]
