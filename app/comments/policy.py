"""Who may do what with a comment."""

from typing import Any

from sqlalchemy import Row

from app.comments.models import Comment
from app.core.actor import Actor


def is_writer(actor: Actor, comment: Comment | Row[Any]) -> bool:
    """Tell whether `actor` sent it: the same account, or the same device."""
    by_account = actor.participant_id is not None and actor.participant_id == comment.author_id
    by_device = actor.device_key is not None and actor.device_key == comment.device_key
    return by_account or by_device


def may_read(actor: Actor, comment: Comment | Row[Any]) -> bool:
    """Read its words: everybody; while it is hidden its writer and staff, once it is taken back its writer alone."""
    if is_writer(actor, comment):
        return True
    if comment.withdrawn_at is not None:
        return False
    return comment.hidden_at is None or actor.is_staff


def may_correct(comment: Comment | Row[Any], *, answered: bool) -> bool:
    """Put its words right: while nobody has answered them, or while they are off the page.

    Off the page a person looks at the new words before anybody else does. Who asks is another question.
    """
    return comment.withdrawn_at is None and (comment.hidden_at is not None or not answered)
