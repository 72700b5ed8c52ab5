"""Who may do what at the desk."""

from app.core.actor import Actor, Role

READERS = (Role.MODERATOR, Role.CASE_WORKER, Role.WORKING_GROUP, Role.ADMINISTRATOR)
# Where an input stands, and what is said in public, is decided by those who answer for it.
DECIDERS = (Role.CASE_WORKER, Role.WORKING_GROUP, Role.ADMINISTRATOR)
ANSWERERS = (Role.CASE_WORKER, Role.ADMINISTRATOR)


def may_place(actor: Actor) -> bool:
    """Say who has an input and until when, and write notes."""
    return actor.role in READERS


def may_decide(actor: Actor) -> bool:
    """Move it to its next step."""
    return actor.role in DECIDERS


def may_answer(actor: Actor) -> bool:
    """Answer officially, hide, see the sender's e-mail, change the templates."""
    return actor.role in ANSWERERS
