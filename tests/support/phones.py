"""Phones that want to be told: keys as a browser makes them, and subscriptions as rows."""

import base64
import os
from datetime import datetime

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from sqlalchemy.orm import Session

from app.core.actor import Actor
from app.push import service
from app.push.models import PushSubscription
from app.push.service import SubscriptionWish


def new_wish(name: str = "kari", language: str = "nb", **changed: str) -> SubscriptionWish:
    """Return what a browser gives when it subscribes at Google's push service."""
    point = ec.generate_private_key(ec.SECP256R1()).public_key()
    given = {
        "endpoint": f"https://fcm.googleapis.com/fcm/send/{name}",
        "p256dh": _text(point.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)),
        "auth": _text(os.urandom(16)),
        "language": language,
        **changed,
    }
    return SubscriptionWish(**given)


def make_phone(
    session: Session, *, actor: Actor, now: datetime, name: str = "kari", language: str = "nb"
) -> PushSubscription:
    """Store a subscription as the route does, and commit."""
    made = service.subscribe(session, new_wish(name, language), actor=actor, now=now)
    session.commit()
    return made


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")
