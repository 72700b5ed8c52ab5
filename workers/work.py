"""All that a job may touch: the session, its steps, the ports, and the moment."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from app.cases.client import CaseArchive
from app.core.crash import crash_point
from app.mail.client import Mailer
from app.outbox import service as outbox
from app.outbox.models import DeliveryState
from app.outbox.service import Lease
from app.push.client import PushSender
from app.settings import Settings

Transaction = Callable[[], AbstractContextManager[Session]]
Clock = Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class Ports:
    """The other systems. Built once for a process, from the settings."""

    archive: CaseArchive
    push: PushSender
    mail: Mailer


@dataclass(slots=True)
class Steps:
    """How far a delivery of several calls has come. `done` maps a step's name to the number the archive gave."""

    lease: Lease
    transaction: Transaction
    clock: Clock
    seconds: float
    marks: dict[str, str] = field(default_factory=dict)

    @property
    def done(self) -> Mapping[str, str]:
        return {name: number for name, number in self.marks.items() if not name.startswith("begun:")}

    def begun(self, name: str) -> bool:
        """Tell whether an earlier try began `name` and nobody knows how it went."""
        return f"begun:{name}" in self.marks and name not in self.marks

    def before(self, name: str) -> None:
        """Renew the lease and commit that `name` begins. Raises LeaseLost."""
        self._save({**self.marks, f"begun:{name}": ""})

    def after(self, name: str, number: str) -> None:
        """Save what the archive answered to `name`. Raises LeaseLost."""
        self._save({**{k: v for k, v in self.marks.items() if k != f"begun:{name}"}, name: number})

    def _save(self, marks: dict[str, str]) -> None:
        with self.transaction() as session:
            outbox.renew(session, self.lease, now=self.clock(), seconds=self.seconds, step=marks)
        self.marks = marks


@dataclass(frozen=True, slots=True)
class Work:
    """One try at one delivery."""

    lease: Lease
    settings: Settings
    ports: Ports
    steps: Steps
    now: datetime
    transaction: Transaction
    clock: Clock

    @property
    def delivery_id(self) -> UUID:
        return self.lease.delivery_id

    @property
    def reference(self) -> str:
        return self.lease.reference

    @property
    def recipient(self) -> str:
        return self.lease.recipient

    @property
    def attempt(self) -> int:
        return self.lease.attempt

    @property
    def first_try(self) -> bool:
        return self.lease.attempt == 1 and not self.lease.may_have_arrived

    @property
    def may_have_arrived(self) -> bool:
        return self.lease.may_have_arrived

    @contextmanager
    def settle(
        self,
        state: DeliveryState = DeliveryState.FILED,
        *,
        external_id: str | None = None,
        reason: str | None = None,
    ) -> Iterator[Session]:
        """Give a session whose changes are committed together with the end of the delivery.

        Raises LeaseLost, and stores nothing, when the lease is no longer ours.
        """
        crash_point("send.before_settle")
        with self.transaction() as session:
            outbox.settle(session, self.lease, state, now=self.clock(), external_id=external_id, reason=reason)
            yield session
        crash_point("send.after_settle")
