"""What a process lets people do."""

from datetime import datetime

from app.core.errors import Conflict
from app.core.text import N_
from app.processes.query import Door


def require_open(door: Door, *, now: datetime) -> None:
    """Raise Conflict unless `door` is open at `now`."""
    if now < door.opens_at:
        raise Conflict(N_("Dette er ikke åpent ennå."))
    if door.closes_at is not None and door.closes_at <= now:
        raise Conflict(N_("Dette kom for sent. Teksten din er her."))
