"""Background work in a test: the real relay and the real runtime, one step at a time, with the test's clock."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from types import SimpleNamespace
from typing import Any
from uuid import UUID

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from app.core.errors import DeliveryFault
from app.mail.client import Mail
from app.outbox.models import OutboxDelivery
from app.push.client import PushAddress, PushMessage
from app.settings import Settings
from workers.relay import Relay
from workers.runtime import Runtime, transactions


@dataclass
class Background:
    """What a worker process does, without the process. now: what its clock shows."""

    engine: Engine
    settings: Settings
    now: datetime
    archive: Any = None
    push: Any = None
    mail: Any = None

    def route(self) -> None:
        """Make the deliveries of all that has been recorded."""
        Relay(self.settings, transactions(self.engine), lambda: self.now, None).round()

    def run(self, delivery_id: UUID) -> None:
        ports: Any = SimpleNamespace(archive=self.archive, push=self.push, mail=self.mail)
        Runtime(self.settings, transactions(self.engine), ports, clock=lambda: self.now).run(delivery_id)

    def work(self, job: str) -> Sequence[OutboxDelivery]:
        """Route, run each delivery of `job` once, and return them as they are then."""
        self.route()
        for delivery in self.deliveries(job):
            self.run(delivery.id)
        return self.deliveries(job)

    def deliveries(self, job: str) -> Sequence[OutboxDelivery]:
        with Session(self.engine, expire_on_commit=False) as session:
            query = select(OutboxDelivery).where(OutboxDelivery.job == job).order_by(OutboxDelivery.created_at)
            return session.scalars(query).all()


@dataclass
class PushRecorder:
    """At the port: takes every message, unless `fault` is set, or one for this endpoint's last part in `faults`."""

    fault: DeliveryFault | None = None
    sent: list[tuple[PushAddress, PushMessage]] = field(default_factory=list)
    faults: dict[str, DeliveryFault] = field(default_factory=dict)

    def send_all(self, messages: Sequence[tuple[PushAddress, PushMessage]]) -> Sequence[DeliveryFault | None]:
        self.sent += messages
        return [self.faults.get(address.endpoint.rpartition("/")[2], self.fault) for address, _ in messages]


@dataclass
class MailRecorder:
    """At the port: takes every mail, unless `fault` is set."""

    fault: DeliveryFault | None = None
    sent: list[tuple[Mail, str]] = field(default_factory=list)

    def send(self, mail: Mail, *, reference: str, now: datetime) -> None:  # noqa: ARG002 - as the port says
        self.sent.append((mail, reference))
        if self.fault is not None:
            raise self.fault
