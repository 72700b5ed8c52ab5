"""Who may decide, and what is seen while something waits."""

from uuid import UUID

from app.core.actor import Actor, Role
from app.moderation.models import Why

MODERATORS = (Role.MODERATOR, Role.CASE_WORKER, Role.ADMINISTRATOR)
# What was on the page when somebody asked stays there until somebody has looked.
_STAYS = frozenset({Why.REPORT, Why.DESK})


def may_moderate(actor: Actor) -> bool:
    """See the queue."""
    return actor.role in MODERATORS


def may_decide(actor: Actor, not_by: UUID | None) -> bool:
    """Decide one thing. not_by: whose decision is appealed; that is for somebody else to look at."""
    return may_moderate(actor) and (not_by is None or actor.participant_id != not_by)


def is_shown_while_waiting(why: Why) -> bool:
    """Tell whether everybody sees a thing while it waits for this reason."""
    return why in _STAYS
