"""Which processes there are, and which are open."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import bindparam, func, or_, select
from sqlalchemy.orm import Session

from app.core.errors import NotFound
from app.core.rows import rows
from app.core.text import N_
from app.processes.models import IDEPOOL_SLUG, Process


@dataclass(frozen=True, slots=True)
class Door:
    """When a process takes inputs: from opens_at (included) to closes_at (not included); None: it has no end."""

    process_id: UUID
    opens_at: datetime
    closes_at: datetime | None


_process = Process.__table__.c
_BY_SLUG = select(_process.id, _process.opens_at, _process.closes_at).where(_process.slug == bindparam("slug"))


def door_of(session: Session, slug: str) -> Door:
    """Raises NotFound."""
    found = rows(session, _BY_SLUG, {"slug": slug}).first()
    if found is None:
        raise NotFound(N_("Vi fant ikke siden. Den kan ha fått ny adresse."))
    return Door(*found)


def idepool(session: Session) -> Door:
    """Return the door of the process in which ideas lie unless another asked for them. It is never closed."""
    return door_of(session, IDEPOOL_SLUG)


def open_count(session: Session, *, now: datetime) -> int:
    """Return how many processes are open at `now`, beside the Idepool, which always is."""
    open_now = (Process.opens_at <= now, or_(Process.closes_at.is_(None), Process.closes_at > now))
    return session.scalar(select(func.count(Process.id)).where(Process.slug != IDEPOOL_SLUG, *open_now)) or 0
