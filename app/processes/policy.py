"""Who may do what with a process."""

from collections.abc import Collection
from uuid import UUID

from app.core.actor import Actor, Role
from app.processes.models import IDEPOOL_SLUG, Process

# Those who make processes, and change any of them. Others in staff change those they are members of.
MAKERS = (Role.WORKING_GROUP, Role.ADMINISTRATOR)


def may_make(actor: Actor) -> bool:
    """Begin a new process."""
    return actor.role in MAKERS


def may_change(actor: Actor, process: Process, members: Collection[UUID]) -> bool:
    """Write, publish and end: makers, the owner, and whoever was given this one. members: ids of participants."""
    if may_make(actor):
        return True
    own = actor.participant_id is not None and actor.participant_id in {process.owner_id, *members}
    return own and actor.is_staff


def may_end(process: Process) -> bool:
    """The Idepool is never ended."""
    return process.slug != IDEPOOL_SLUG
