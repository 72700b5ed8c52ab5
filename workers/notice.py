"""What a push job says of the phones that one event concerns, and how to write such a job.

A push job tells many phones of one event, so it works on sets. Its module has

- CHANNEL = "push", QUEUE = "push", TOPIC (what the log and people's choices call it);
- recipients(session, event, settings): one Recipient for each subscription, named by `to_phone`; `not_before` on it
  keeps the delivery waiting from the start;
- notices(session, event, receivers, *, settings, now) -> Notices: one verdict for each receiver, in few queries.

workers/push_batch.py leases the deliveries that are due, asks `notices`, lets workers/wishes.py change the verdicts
(quiet hours, two a week, topics), sends the messages, and settles. All verdicts are read in one transaction that
changes nothing; what a wish counts, it counts from the log (push_log).

- A PushMessage is sent, once; if nobody knows how that went it ends as `stoppet`, `ukjent`, and is never sent again.
- NotYet: the delivery waits, no try is counted, and the same questions are asked again at `until`.
- LeftOut: it ends as `aldri` with that reason.
- A receiver without a verdict has ended its subscription or follows no more; it ends as `aldri`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol
from uuid import UUID

from sqlalchemy.orm import Session

from app.outbox.models import OutboxEvent
from app.outbox.service import Recipient
from app.push.client import PushMessage
from app.push.query import Receiver
from app.settings import Settings

PREFIX = "push:"
NO_MORE = "Følger ikke lenger"


@dataclass(frozen=True, slots=True)
class NotYet:
    """Ask again at `until`. why: for staff, without anybody's words."""

    until: datetime
    why: str


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Told nothing of this event, ever. reason: for staff, without anybody's words."""

    reason: str


Verdict = PushMessage | NotYet | LeftOut
Notices = Mapping[UUID, Verdict]
Receivers = Mapping[UUID, Receiver]


class PushJob(Protocol):
    """What the module of a push job has; see above. receivers: by the id of their subscription, none that is gone."""

    CHANNEL: str
    QUEUE: str
    TOPIC: str

    def recipients(self, session: Session, event: OutboxEvent, settings: Settings) -> Sequence[Recipient]: ...

    def notices(
        self, session: Session, event: OutboxEvent, receivers: Receivers, *, settings: Settings, now: datetime
    ) -> Notices: ...


def to_phone(subscription_id: UUID, *, not_before: datetime | None = None) -> Recipient:
    return Recipient(f"{PREFIX}{subscription_id}", not_before=not_before)


def subscription_of(recipient: str) -> UUID:
    """Return which subscription a delivery is for, as `to_phone` named it."""
    return UUID(recipient.removeprefix(PREFIX))
