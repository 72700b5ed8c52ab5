"""A device in two words that its owner knows it by. What the browser says of itself in full is stored nowhere."""

from dataclasses import dataclass

# The first that is found. Nearly all browsers call themselves Mozilla, Chrome and Safari too, so those come last.
_BROWSERS = {
    "Edg": "Edge",
    "OPR/": "Opera",
    "SamsungBrowser": "Samsung Internet",
    "Firefox": "Firefox",
    "FxiOS": "Firefox",
    "Chrome": "Chrome",
    "CriOS": "Chrome",
    "Safari": "Safari",
}
_SYSTEMS = {
    "iPhone": "iPhone",
    "iPad": "iPad",
    "Android": "Android",
    "CrOS": "Chromebook",
    "Windows": "Windows",
    "Macintosh": "Mac",
    "Linux": "Linux",
}


@dataclass(frozen=True, slots=True)
class Device:
    """browser, system: names as people say them; "" for what we do not know."""

    browser: str
    system: str


def device_of(user_agent: str) -> Device:
    """Return the device that calls itself this."""
    return Device(_first(_BROWSERS, user_agent), _first(_SYSTEMS, user_agent))


def _first(known: dict[str, str], said: str) -> str:
    return next((name for mark, name in known.items() if mark in said), "")
