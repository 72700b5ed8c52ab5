"""Which processes there are, and which are open."""

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from app.core.errors import NotFound
from app.core.text import N_
from app.processes.models import IDEPOOL_SLUG, Process

_BY_SLUG = select(Process).where(Process.slug == bindparam("slug"))


def find_process(session: Session, slug: str) -> Process:
    """Raises NotFound."""
    process = session.scalar(_BY_SLUG, {"slug": slug})
    if process is None:
        raise NotFound(N_("Vi fant ikke siden. Den kan ha fått ny adresse."))
    return process


def idepool(session: Session) -> Process:
    """Return the process in which ideas lie unless another asked for them."""
    return find_process(session, IDEPOOL_SLUG)
