"""The port to the push services: what is sent, to where, and how it can fail."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from app.core.errors import DeliveryFault

# RFC 8188: one record of 4096 bytes, less header (86), tag (16) and the end mark (1).
TEXT_LIMIT = 3993
THREE_DAYS_S = 3 * 24 * 60 * 60


@dataclass(frozen=True, slots=True)
class PushAddress:
    """Where one phone is reached. p256dh: its public key, auth: its secret, both base64url as the browser gave them.

    vapid_key: mark of the key of ours that it was subscribed with; None: of the oldest.
    """

    endpoint: str
    p256dh: str
    auth: str
    vapid_key: str | None = None


@dataclass(frozen=True, slots=True)
class PushMessage:
    """What the phone shows, as JSON in UTF-8, at most TEXT_LIMIT bytes. Never anybody's words.

    topic: at most 32 letters of base64url; a newer message with the same topic replaces one that still waits.
    ttl_s: how many seconds the service keeps it for a phone that is off. about: what the log and people's choices call
    it: "step" (of what somebody has sent), "follow" (of what others have), "news" or "test".
    """

    body: bytes
    topic: str
    ttl_s: int = THREE_DAYS_S
    about: str = "step"


class PushSender(Protocol):
    """Sends messages to phones."""

    def send_all(self, messages: Sequence[tuple[PushAddress, PushMessage]]) -> Sequence[DeliveryFault | None]:
        """Send each once, many at a time; return what became of each, in the same order. Nothing is raised.

        None: the push service has taken it. Else Gone (the subscription is no more), Transient (surely not taken),
        ConfigurationFault (the service does not know our key), UnknownOutcome (nobody knows; never send it again) or
        Permanent (it will never pass).
        """
        ...
