"""Who is asking, and when: the only look at the clock, and at the cookie, in a request."""

import hashlib
import hmac
import secrets
import time
from datetime import UTC, datetime
from typing import Any

from flask import current_app, has_request_context, request
from flask import session as cookie
from flask_login import current_user

from app.core.actor import Actor, Role

# The mark of this device; and the one it had before somebody signed in, which is given back when they leave.
_DEVICE, _ASIDE = "enhet", "enhet_til_side"


def now() -> datetime:
    """Return this request's instant: the same for all that happens in it. Tests set app.extensions["lab_clock"]."""
    if not has_request_context():
        return _clock()
    moment = request.environ.get("lab.now")
    if moment is None:
        moment = request.environ["lab.now"] = _clock()
    return moment


def _clock() -> datetime:
    clock = current_app.extensions.get("lab_clock")
    return clock() if clock else datetime.fromtimestamp(time.time(), UTC)


def current_actor() -> Actor:
    """Return who is asking. Reading it touches the session cookie, so the answer is nobody else's to keep."""
    user: Any = current_user
    if user.is_authenticated:
        return Actor(Role(user.role), user.participant_id, device_key(), user.audit_key)
    return Actor(device_key=device_key())


def device_key() -> bytes | None:
    """Return the keyed hash of this device's random mark; None when it has sent nothing yet."""
    return _key_of(_DEVICE)


def remember_device() -> Actor:
    """Give this device a random mark in its session cookie if it has none, and return who it is now."""
    _ = current_user.is_authenticated  # whoever was signed out elsewhere has lost their mark here once this is known
    if _DEVICE not in cookie:
        cookie[_DEVICE] = secrets.token_urlsafe(16)
        cookie.permanent = True
    return current_actor()


def person_mark() -> str:
    """Return a keyed name, 32 hex digits, of whoever is signed in; empty when nobody is."""
    participant = current_actor().participant_id
    return _keyed(f"person:{participant}").hex()[:32] if participant else ""


def begin_session() -> None:
    """Begin the session cookie anew for whoever signs in now. The mark this device had as nobody's is laid aside."""
    aside = cookie.get(_ASIDE if current_user.is_authenticated else _DEVICE)
    cookie.clear()
    if aside:
        cookie[_ASIDE] = aside


def end_session() -> None:
    """Forget who was signed in, and all they did here; the device is again what it was before they came."""
    before = cookie.get(_ASIDE)
    cookie.clear()
    if before:
        cookie[_DEVICE] = before
        cookie.permanent = True


def forget_device() -> None:
    """Remove all that the session cookie says of this device and of who used it."""
    cookie.clear()


def key_laid_aside() -> bytes | None:
    """Return the keyed hash of the mark this device had before somebody signed in."""
    return _key_of(_ASIDE)


def _key_of(name: str) -> bytes | None:
    mark = cookie.get(name)
    return _keyed(mark) if isinstance(mark, str) else None


def _keyed(mark: str) -> bytes:
    """The oldest signing key keys it, so that a device stays the same when a newer key comes into use."""
    oldest = str(current_app.extensions["lab_secret_keys"][0])
    return hmac.new(oldest.encode(), b"device:" + mark.encode(), hashlib.sha256).digest()
