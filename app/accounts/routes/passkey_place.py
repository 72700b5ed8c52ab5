"""Where passkeys work, seen from the page somebody is on; and what a new one may be called."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from flask import request

from app.accounts.devices import device_of
from app.web.extensions import settings


@dataclass(frozen=True, slots=True)
class PasskeyPlace:
    """origin: the address they work at, "" for none. here: whether this page stands there."""

    origin: str
    here: bool


def passkey_place() -> PasskeyPlace:
    origin = settings().passkey_origin
    return PasskeyPlace(origin, urlsplit(origin).netloc == request.host)


def device_name() -> str:
    """Return a name for a passkey made on this device, such as «Chrome, Windows»."""
    device = device_of(request.user_agent.string)
    return ", ".join(filter(None, (device.browser, device.system)))
