"""One bell, up to SIZE phones: lease, ask what each is told, send, settle. What a job gives: workers/notice.py.

The order is the promise that nobody is told twice:

1. One UPDATE leases the deliveries of one event that are due. Nothing has been sent of those that a kill leaves here.
2. In turns of TURN, one transaction settles the turn before and marks that this one begins. Only what is still ours is
   sent. A kill after this leaves a mark without an outcome: such a message is never sent again, it ends as `ukjent`.
3. The turn is sent over connections that are kept, and what became of each is settled with the next mark.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import cast
from uuid import UUID

import structlog
from sqlalchemy.orm import Session

from app.core.crash import crash_point
from app.core.errors import (
    ConfigurationFault,
    DeliveryFault,
    Gone,
    LeaseLost,
    Permanent,
    Transient,
    UnknownOutcome,
)
from app.outbox import query as outbox_query
from app.outbox import service as outbox
from app.outbox.models import DeliveryState, OutboxEvent
from app.outbox.service import Lease
from app.push import query, service
from app.push.client import PushMessage
from app.push.models import PushOutcome
from app.settings import Settings
from workers import wishes
from workers.notice import NO_MORE, LeftOut, Notices, NotYet, PushJob, Receivers, Verdict, subscription_of
from workers.routing import job_named
from workers.work import Clock, Ports, Transaction

SIZE, TURN = 500, 50
UNKNOWN = "ukjent"
MARK = "push"
# A service that took something from us this lately knows our key: a 403 then speaks of one subscription.
_KEY_IS_KNOWN = timedelta(hours=24)

log = structlog.get_logger("push")

Outcomes = Sequence[tuple[Lease, DeliveryFault | None]]
Topics = Mapping[UUID, str]  # of each phone's message, as the log calls it


@dataclass(frozen=True, slots=True)
class PushBatch:
    """What one bell works with. A process may be killed at any line."""

    settings: Settings
    transaction: Transaction
    ports: Ports
    clock: Clock

    def run(self, leases: Sequence[Lease]) -> None:
        """Tell the phones of these leases, all of one event and job, and settle every one."""
        job = cast("PushJob", job_named(leases[0].job))
        with self.transaction() as session:
            event = outbox_query.get_event(session, leases[0].event_id)
        dead = [lease for lease in leases if _may_have_gone(lease)]
        living = [lease for lease in leases if not _may_have_gone(lease)]
        verdicts, receivers = self._judge(job, event, living)
        topics = dict.fromkeys(_phones(leases), job.TOPIC)
        topics |= {one: said.about for one, said in verdicts.items() if isinstance(said, PushMessage)}
        self._settle(topics, [(lease, UnknownOutcome(UNKNOWN)) for lease in dead], receivers)
        self._end_untold(living, verdicts)
        told = [lease for lease in living if isinstance(verdicts.get(subscription_of(lease.recipient)), PushMessage)]
        self._send(topics, told, verdicts, receivers)

    def _judge(self, job: PushJob, event: OutboxEvent, leases: Sequence[Lease]) -> tuple[Notices, Receivers]:
        """Return what each is told; after a fault of ours nobody is told anything yet."""
        now = self.clock()
        try:
            with self.transaction() as session:
                receivers = query.receivers(session, [subscription_of(lease.recipient) for lease in leases])
                found = job.notices(session, event, receivers, settings=self.settings, now=now)
                heeded = wishes.heed(session, job.TOPIC, event, found, receivers, settings=self.settings, now=now)
                return heeded, receivers
        except Exception as fault:
            log.exception("job_broke", job=leases[0].job if leases else "", error=type(fault).__name__)
            self._fail(leases, Transient(f"Feil i programmet: {type(fault).__name__}"))
            return {subscription_of(lease.recipient): _LATER for lease in leases}, {}

    def _end_untold(self, leases: Sequence[Lease], verdicts: Notices) -> None:
        """Settle those who hear nothing, now or ever."""
        groups: dict[Verdict, list[Lease]] = defaultdict(list)
        for lease in leases:
            verdict = verdicts.get(subscription_of(lease.recipient), LeftOut(NO_MORE))
            if not isinstance(verdict, PushMessage) and verdict is not _LATER:
                groups[verdict].append(lease)
        if not groups:
            return
        now = self.clock()
        with self.transaction() as session:
            for verdict, some in groups.items():
                if isinstance(verdict, NotYet):
                    outbox.put_off_all(session, some, verdict.until, verdict.why, now=now)
                elif isinstance(verdict, LeftOut):
                    outbox.settle_all(session, some, DeliveryState.NEVER, now=now, reason=verdict.reason)

    def _send(self, topics: Topics, leases: Sequence[Lease], verdicts: Notices, receivers: Receivers) -> None:
        done: Outcomes = []
        for start in range(0, len(leases), TURN):
            ours = self._turn(topics, done, leases[start : start + TURN], receivers)
            crash_point("send.after_begun")
            done = self._call(ours, verdicts, receivers)
            crash_point("send.after_answer")
        self._settle(topics, done, receivers)

    def _turn(self, topics: Topics, done: Outcomes, turn: Sequence[Lease], receivers: Receivers) -> Sequence[Lease]:
        """Settle what is done, and mark that `turn` begins, in one transaction; return what of it is ours to send."""
        now = self.clock()
        with self.transaction() as session:
            self._settle_in(session, topics, done, receivers)
            ready = self._put_off_the_busy(session, turn, receivers, now)
            begun = outbox.begin_all(session, ready, MARK, now=now, seconds=self.settings.lease_seconds)
            ours = [lease for lease in ready if lease.delivery_id in begun]
            _note(session, _phones(ready, begun), topics, PushOutcome.SENT, now)
        return ours

    def _put_off_the_busy(
        self, session: Session, turn: Sequence[Lease], receivers: Receivers, now: datetime
    ) -> Sequence[Lease]:
        """Let those wait whose push service has asked us to; return the others."""
        by_origin: dict[str, list[Lease]] = defaultdict(list)
        for lease in turn:
            by_origin[_origin(lease, receivers)].append(lease)
        busy = outbox_query.busy_until(session, [_busy(origin) for origin in by_origin], now)
        for origin, waits in by_origin.items():
            if _busy(origin) in busy:
                outbox.put_off_all(session, waits, busy[_busy(origin)], _ASKED_TO_WAIT, now=now)
        return [lease for lease in turn if _busy(_origin(lease, receivers)) not in busy]

    def _call(self, leases: Sequence[Lease], verdicts: Notices, receivers: Receivers) -> Outcomes:
        messages = [(receivers[one].address, cast("PushMessage", verdicts[one])) for one in _phones(leases)]
        try:
            ends = self.ports.push.send_all(messages)
        except Exception as fault:
            log.exception("sender_broke", error=type(fault).__name__)
            ends = [UnknownOutcome(UNKNOWN)] * len(messages)
        return list(zip(leases, ends, strict=True))

    def _settle(self, topics: Topics, done: Outcomes, receivers: Receivers) -> None:
        if done:
            crash_point("send.before_settle")
            with self.transaction() as session:
                self._settle_in(session, topics, done, receivers)
            crash_point("send.after_settle")

    def _settle_in(self, session: Session, topics: Topics, done: Outcomes, receivers: Receivers) -> None:
        now = self.clock()
        taken = [lease for lease, fault in done if fault is None]
        ended = outbox.settle_all(session, taken, DeliveryState.ACCEPTED, now=now)
        _note(session, _phones(taken, ended), topics, PushOutcome.ACCEPTED, now)
        unknown = [lease for lease, fault in done if isinstance(fault, UnknownOutcome)]
        ended = outbox.settle_all(session, unknown, DeliveryState.STOPPED, now=now, reason=UNKNOWN)
        _note(session, _phones(unknown, ended), topics, PushOutcome.UNKNOWN, now)
        for lease, fault in _judged_by_key(session, done, receivers, now):
            if self._fail_one(session, lease, fault, now):
                _note_fault(session, topics, lease, fault, receivers, now)

    def _fail(self, leases: Sequence[Lease], fault: DeliveryFault) -> None:
        now = self.clock()
        with self.transaction() as session:
            for lease in leases:
                self._fail_one(session, lease, fault, now)

    def _fail_one(self, session: Session, lease: Lease, fault: DeliveryFault, now: datetime) -> bool:
        """Write down one that surely was not taken; return False when it is no longer ours.

        Its mark goes, so that the next try does not take it for sent.
        """
        seconds = self.settings.lease_seconds
        try:
            outbox.renew(session, lease, now=now, seconds=seconds, step={})
            outbox.fail(
                session, lease, fault, now=now, waits=self.settings.waits, settle_seconds=self.settings.settle_seconds
            )
        except LeaseLost:
            log.warning("lease_lost", delivery=str(lease.delivery_id), job=lease.job)
            return False
        return True


_LATER = NotYet(datetime.max.replace(tzinfo=UTC), "")
_ASKED_TO_WAIT = "Varslingstjenesten ber oss vente."


class _WrongKey(Permanent):
    """The service takes our other messages, so this subscription was made with another key."""


def _judged_by_key(
    session: Session, done: Outcomes, receivers: Receivers, now: datetime
) -> Iterator[tuple[Lease, DeliveryFault]]:
    """Give what failed and was surely not taken. A 403 from a service that takes our others is that phone's own.

    Anybody can hand us a subscription made with another key; it must not stop what goes to others.
    """
    refused = {_origin(lease, receivers) for lease, fault in done if isinstance(fault, ConfigurationFault)}
    known = query.origins_that_take_ours(session, refused, since=now - _KEY_IS_KNOWN)
    for lease, fault in done:
        if isinstance(fault, ConfigurationFault) and _origin(lease, receivers) in known:
            yield lease, _WrongKey("Abonnementet er laget med en annen nøkkel.")
        elif fault is not None and not isinstance(fault, UnknownOutcome):
            yield lease, fault


def _note(session: Session, phones: Sequence[UUID], topics: Topics, outcome: PushOutcome, now: datetime) -> None:
    for topic in sorted({topics[phone] for phone in phones}):
        some = [phone for phone in phones if topics[phone] == topic]
        service.note_all(session, some, topic=topic, outcome=outcome, now=now)


def _note_fault(
    session: Session, topics: Topics, lease: Lease, fault: DeliveryFault, receivers: Receivers, now: datetime
) -> None:
    phone = _phones([lease])
    if isinstance(fault, Gone | _WrongKey):
        outcome = PushOutcome.GONE if isinstance(fault, Gone) else PushOutcome.REFUSED
        _note(session, phone, topics, outcome, now)
        service.forget_all(session, phone, now=now)
    elif isinstance(fault, Permanent | ConfigurationFault):
        _note(session, phone, topics, PushOutcome.REFUSED, now)
    elif isinstance(fault, Transient) and fault.retry_after:
        wait = timedelta(seconds=min(fault.retry_after, outbox.LONGEST_RETRY_AFTER_S))
        scope = _busy(receivers[phone[0]].origin)
        outbox.close_channel(session, scope, str(fault), now=now, probe_after=wait)


def _origin(lease: Lease, receivers: Receivers) -> str:
    return receivers[subscription_of(lease.recipient)].origin


def _busy(origin: str) -> str:
    """Return the scope under which it is kept until when a push service has asked us to wait."""
    return f"push/429 {origin}"[:120]


def _phones(leases: Sequence[Lease], ours: Collection[UUID] | None = None) -> Sequence[UUID]:
    """Return the subscriptions of these deliveries. ours: only of those whose id is among these."""
    return [subscription_of(one.recipient) for one in leases if ours is None or one.delivery_id in ours]


def _may_have_gone(lease: Lease) -> bool:
    """Tell whether an earlier try may have sent it: its worker died after the mark, or the database was put back."""
    return lease.may_have_arrived or any(name.startswith("begun:") for name in lease.step)
