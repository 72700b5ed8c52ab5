"""The port to the mail server: what is sent, and how it can fail."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Mail:
    """One message to one address. text: plain, for everybody; html: the same words. language: e.g. "nb"."""

    to: str
    subject: str
    text: str
    html: str
    language: str


class Mailer(Protocol):
    """Sends one mail. Promise: at least once, with the same Message-ID each time."""

    def send(self, mail: Mail, *, reference: str, now: datetime) -> None:
        """Return when the server has taken the mail. reference: the delivery's own; the Message-ID is made of it.

        Raises Transient (try again: refused for now, or broken off, and then it may come twice with one Message-ID),
        Permanent (this mail never passes) and ConfigurationFault (no mail passes).
        """
        ...
