"""Who may do what with an idea."""

from typing import Any

from sqlalchemy import Row

from app.core.actor import Actor, Role
from app.ideas.models import Idea

ANSWERERS = (Role.CASE_WORKER, Role.ADMINISTRATOR)


def may_answer(actor: Actor, _idea: Idea) -> bool:
    """Answer officially, hide and show again."""
    return actor.role in ANSWERERS


def is_writer(actor: Actor, idea: Idea | Row[Any]) -> bool:
    """Tell whether `actor` sent it: the same account, or the same device."""
    by_account = actor.participant_id is not None and actor.participant_id == idea.author_id
    by_device = actor.device_key is not None and actor.device_key == idea.device_key
    return by_account or by_device


def may_correct(idea: Idea | Row[Any], *, commented: bool) -> bool:
    """Put its words right: while nobody has supported or commented, or while moderation keeps it off the page.

    Off the page a person looks at the new words before anybody else does. Who asks is another question: its writer, by
    account, device or receipt.
    """
    if idea.withdrawn_at is not None:
        return False
    if idea.hidden_at is not None:
        return bool(idea.hidden_cause)
    return idea.support_count == 0 and not commented


def may_read(actor: Actor, idea: Idea | Row[Any]) -> bool:
    """Read its words: everybody; while it is hidden its writer and staff, once it is taken back its writer alone."""
    if is_writer(actor, idea):
        return True
    if idea.withdrawn_at is not None:
        return False
    return idea.hidden_at is None or actor.is_staff
