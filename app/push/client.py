"""The port to the push services: what is sent, to where, and how it can fail."""

from dataclasses import dataclass
from typing import Protocol

# RFC 8188: one record of 4096 bytes, less header (86), tag (16) and the end mark (1).
TEXT_LIMIT = 3993
THREE_DAYS_S = 3 * 24 * 60 * 60


@dataclass(frozen=True, slots=True)
class PushAddress:
    """Where one phone is reached. p256dh: its public key, auth: its secret, both base64url as the browser gave them."""

    endpoint: str
    p256dh: str
    auth: str


@dataclass(frozen=True, slots=True)
class PushMessage:
    """What the phone shows, as JSON in UTF-8, at most TEXT_LIMIT bytes. Never anybody's words.

    topic: at most 32 letters of base64url; a newer message with the same topic replaces one that still waits.
    ttl_s: how many seconds the service keeps it for a phone that is off.
    """

    body: bytes
    topic: str
    ttl_s: int = THREE_DAYS_S


class PushSender(Protocol):
    """Sends one message to one phone."""

    def send(self, address: PushAddress, message: PushMessage) -> None:
        """Return when the push service has taken the message.

        Raises Gone (the subscription is no more), Transient (surely not taken), ConfigurationFault (the service does
        not know our key), UnknownOutcome (nobody knows; never send it again) and Permanent (it will never pass).
        """
        ...
