"""What other rooms keep of a phone whose owner had no account. The factory says which rooms do."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from sqlalchemy.orm import Session

from app.core.actor import Actor


class TakeAlong(Protocol):
    """Give all that a device has sent to the account of `actor`, on the device they have now.

    device: the keyed hash of the mark it had while nobody was signed in. What was there on both sides is there once;
    a second time changes nothing.
    """

    def __call__(self, session: Session, device: bytes, *, actor: Actor) -> None: ...


@dataclass(frozen=True, slots=True)
class Belongings:
    """What one room keeps of a device. any_of(session, device): whether there is anything."""

    any_of: Callable[[Session, bytes], bool]
    take_along: TakeAlong
