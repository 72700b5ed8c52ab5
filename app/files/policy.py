"""Who may see a picture."""

import hmac

from app.core.actor import Actor
from app.files.models import Picture, PictureState


def may_see(actor: Actor, picture: Picture) -> bool:
    """Anybody, when it is public; else staff, and the device that sent it. Nobody before it is redrawn."""
    if picture.state != PictureState.READY.value:
        return False
    return picture.public or actor.is_staff or _is_senders(actor, picture)


def _is_senders(actor: Actor, picture: Picture) -> bool:
    if actor.device_key is None or picture.device_key is None:
        return False
    return hmac.compare_digest(actor.device_key, picture.device_key)
