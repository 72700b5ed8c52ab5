"""Takes what is overdue, without Redis if need be, and lets the clock strike: python -m workers.reconciler."""

import sys
import time
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog

from app.core.crash import crash_point
from app.files import service as files
from app.files.store import picture_store
from app.outbox import service as outbox
from app.outbox import watermark
from workers.bell import Bells, is_away
from workers.collect_reports import collect
from workers.relay import BATCHES_A_ROUND, Relay
from workers.runtime import Runtime
from workers.schedule import strike

OVERDUE = timedelta(seconds=15)
JUMP = timedelta(seconds=5)
TAKEN_A_ROUND = 200
ROUNDS_A_STATUS = 4
TIDIED_EVERY_S = 3600.0
# A question to the archive about a case comes again and again; its answered rows are worth a look for two days.
QUESTIONS = "fetch_case_answers"
QUESTIONS_KEPT = timedelta(days=2)
FORGOTTEN_AT_ONCE = 500

log = structlog.get_logger("reconciler")


@dataclass(slots=True)
class Watch:
    """Compares the clock on the wall with one that cannot jump.

    After a start and after a jump nobody's lease is taken over until a whole lease has passed: its owner may be alive.
    """

    lease_seconds: float
    steady_since: float = field(default_factory=time.monotonic)
    last_steady: float = 0.0
    last_wall: datetime | None = None

    def look(self, wall: datetime, steady: float) -> bool:
        """Note both clocks; return whether expired leases may be taken over now."""
        if self.last_wall is not None:
            drift = (wall - self.last_wall) - timedelta(seconds=steady - self.last_steady)
            if abs(drift) > JUMP:
                log.warning("clock_jumped", seconds=drift.total_seconds())
                self.steady_since = steady
        self.last_wall, self.last_steady = wall, steady
        return steady - self.steady_since >= self.lease_seconds


@dataclass(slots=True)
class Reconciler:
    """One round frees dead leases, opens what refuses no more, rings lost bells again or works itself, and strikes."""

    runtime: Runtime
    bells: Bells | None
    watch: Watch
    tidied_at: float = 0.0

    def round(self) -> None:
        now, steady = self.runtime.clock(), time.monotonic()
        if self.watch.look(now, steady):
            self._free(now)
        with self.runtime.transaction() as session:
            strike(session, now, status_every=self.runtime.settings.status_every)
            outbox.open_quiet_scopes(session, now)
            if not watermark.keep(session, self.runtime.settings.instance):
                log.error("database_is_older", reason="flask restore --by-hand")
        if is_away(self.bells):
            self._work_without_bells(now)
        else:
            self._ring_again()
        self._tidy(now, steady)
        collect(self.runtime.transaction, self.runtime.settings, now)

    def _free(self, now: datetime) -> None:
        with self.runtime.transaction() as session:
            freed = outbox.free_expired(session, now, lease_seconds=self.runtime.settings.lease_seconds)
        if freed:
            log.warning("leases_freed", freed=freed)

    def _ring_again(self) -> None:
        """Ring for what is overdue while its queue is silent: a bell that is still heard would only ring twice."""
        assert self.bells is not None  # noqa: S101 - is_away has looked
        silent = [queue for queue in ("send", "push", "heavy") if self.bells.waiting(queue) == 0]
        self._relay().round(bell_lost_after=OVERDUE, lost_in=silent)

    def _work_without_bells(self, now: datetime) -> None:
        """Route what is new and work on what is due, here, one by one."""
        Relay(self.runtime.settings, self.runtime.transaction, self.runtime.clock, None).round()
        with self.runtime.transaction() as session:
            found = outbox.due(session, now, limit=TAKEN_A_ROUND, rung_before=now + OVERDUE)
            batches = outbox.due_batches(session, now, size=1, limit=BATCHES_A_ROUND, rung_before=now + OVERDUE)
            ids = [delivery.id for delivery in found] + [some[0].id for some in batches]
        for delivery_id in ids:
            crash_point("reconcile.after_pick")
            self.runtime.run(delivery_id)

    def _relay(self) -> Relay:
        return Relay(self.runtime.settings, self.runtime.transaction, self.runtime.clock, self.bells)

    def _tidy(self, now: datetime, steady: float) -> None:
        if self.tidied_at and steady < self.tidied_at:
            return
        self.tidied_at = steady + TIDIED_EVERY_S
        with self.runtime.transaction() as session:
            files.remove_orphans(session, picture_store(self.runtime.settings), now=now)
        while self._forget_questions(now) == FORGOTTEN_AT_ONCE:
            pass

    def _forget_questions(self, now: datetime) -> int:
        """Forget some old answered questions, in a transaction of their own: nobody waits long for the write lock."""
        with self.runtime.transaction() as session:
            return outbox.forget_answered(session, QUESTIONS, before=now - QUESTIONS_KEPT, limit=FORGOTTEN_AT_ONCE)


def main(arguments: list[str]) -> None:
    """Run until told to stop; with --once do one round, as a timer outside does."""
    from workers.process import background, until_told  # noqa: PLC0415 - process builds the whole app; rounds need not

    runtime, bells = background("reconciler")
    reconciler = Reconciler(runtime, bells, Watch(runtime.settings.lease_seconds))
    if "--once" in arguments:
        reconciler.round()
        return
    # A question falls due a moment after the round it was asked in: rounds as far apart would meet every second one
    every = min(runtime.settings.reconcile_every, runtime.settings.status_every / ROUNDS_A_STATUS)
    until_told(reconciler.round, every=every, name="reconciler")


if __name__ == "__main__":
    main(sys.argv[1:])
