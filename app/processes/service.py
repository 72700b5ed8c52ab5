"""What a process lets people do."""

from datetime import datetime

from app.core.errors import Conflict
from app.core.text import N_
from app.processes.models import Process


def require_open(process: Process, *, now: datetime) -> None:
    """Raise Conflict unless `process` is open at `now`: from opens_at (included) to closes_at (not included)."""
    if now < process.opens_at:
        raise Conflict(N_("Dette er ikke åpent ennå."))
    if process.closes_at is not None and process.closes_at <= now:
        raise Conflict(N_("Dette kom for sent. Teksten din er her."))
