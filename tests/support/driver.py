"""Starts, kills and restarts the whole system as real processes, for the checks of promises.md 13.

    with Driver("R3", nursery) as driver:
        driver.start_redis()
        driver.start("relay", "reconciler", "send")
        driver.write_ideas(50)
        driver.kill_redis()
        driver.rest(within_s=60)
        driver.equation()

Everything lies in one temporary folder: instance, sockets, logs, the archive's stand-in. Nothing here sleeps for a
fixed time: it looks again and again until what it waits for is there, or the deadline has passed.
"""

import os
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Self
from uuid import UUID

from redis import Redis
from sqlalchemy import Engine, create_engine, func, select, update
from sqlalchemy.orm import Session

from app.core import sqlite
from app.core.actor import Actor
from app.ideas.models import Idea
from app.outbox.models import DeliveryState, OutboxDelivery, OutboxEvent, Pause
from app.settings import Settings, read_settings
from ops.redis_server import RedisPlan, find_redis_server, plan_redis, redis_answers
from tests.support.citizen import Citizen
from tests.support.database import fresh_database
from tests.support.equation import Equation, count
from tests.support.ideas import make_idea
from tests.support.nursery import Nursery
from tests.support.standin import Standin

LOOK_EVERY_S = 0.05
TESTER = "tester"
START_WITHIN_S = 60.0
PLUG_PULLED = 137  # the exit status of a crash point
MODULES: Mapping[str, tuple[str, ...]] = {
    "relay": ("workers.relay",),
    "reconciler": ("workers.reconciler",),
    "send": ("workers.process", "send"),
    "push": ("workers.process", "push"),
    "heavy": ("workers.process", "heavy"),
}
# Short, and still in the right proportion: a lease is longer than our timeout + what the archive may work + a margin.
SHORT_TIMES: Mapping[str, str] = {
    "LAB_CASES_TIMEOUT": "1.5",
    "LAB_CASES_PROCESSING": "1.0",
    "LAB_CASES_MARGIN": "1.0",
    "LAB_BACKOFF": "0.2,0.5,1",
    "LAB_UNDO_SECONDS": "0",
    "LAB_RELAY_EVERY": "0.1",
    "LAB_RECONCILE_EVERY": "0.5",
    "LAB_STATUS_EVERY": "7200",
    "LAB_RATE_LIMITS": "0",
    "LAB_QUIET_UNTIL": "21",
}


class Driver:
    """One whole system in a temporary folder. check: the id of the check it works for; it opens every message.

    tell: gets the balance equation at the end. settings: LAB_* on top of SHORT_TIMES, for all processes.
    """

    def __init__(
        self, check: str, nursery: Nursery, *, tell: Callable[[str], None] = lambda _line: None, **settings: str
    ) -> None:
        self.check = check
        self.tell = tell
        self.folder = Path(tempfile.mkdtemp(prefix="lab-"))  # short: unix sockets lie in it
        self.standin = Standin(self.folder)
        self.environment: dict[str, str] = {}
        self.engine: Engine
        self._given = settings
        self._nursery = nursery
        self._pids: dict[str, int] = {}
        self._plan: RedisPlan | None = None
        self._held = ExitStack()

    # --- life ---------------------------------------------------------------------------------------------------

    def __enter__(self) -> Self:
        try:
            self._open()
        except BaseException:
            self._held.close()
            raise
        return self

    def _open(self) -> None:
        self._held.callback(shutil.rmtree, self.folder, ignore_errors=True)
        url = self._held.enter_context(fresh_database(self.folder))
        self._held.enter_context(self.standin)
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("LAB_")},
            **SHORT_TIMES,
            "LAB_MODE": "demo",
            "LAB_INSTANCE": str(self.folder),
            "LAB_DATABASE_URL": url,
            "LAB_PUBLIC_URL": "http://localhost",
            "LAB_CASES_READ_URL": self.standin.read_url,
            "LAB_CASES_WRITE_URL": self.standin.write_url,
            "LAB_SMTP_URL": self.standin.smtp_url,
            "PYTHONUNBUFFERED": "1",
            **self._given,
        }
        self.flask("db", "upgrade")
        self.engine = create_engine(url, hide_parameters=True)
        sqlite.prepare(self.engine)
        self._held.callback(self.engine.dispose)
        self._held.callback(self._stop)

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if kind is not None:
            print(self.logs())  # noqa: T201 - pytest shows it beside the failure
        self._held.close()

    def _stop(self) -> None:
        for name in list(self._pids):
            self.kill(name)

    @property
    def settings(self) -> Settings:
        """The settings that the processes run with."""
        return read_settings({name: value for name, value in self.environment.items() if name.startswith("LAB_")})

    def logs(self) -> str:
        """Return the last lines of every process."""
        found = sorted(self.folder.glob("*.log"))
        return "\n".join(f"--- {path.name}\n{path.read_text(errors='replace')[-1500:]}" for path in found)

    # --- processes ----------------------------------------------------------------------------------------------

    def start(self, *names: str, **settings: str) -> None:
        """Start these programs: a key of MODULES, or one with a number behind it ("send-2"). settings: for these."""
        for name in names:
            module, *words = MODULES[name.partition("-")[0]]
            self._start(name, module, *words, **settings)

    def start_module(self, name: str, module: str, *words: str) -> None:
        """Start another module than those of MODULES, e.g. one of tests.support."""
        self._start(name, module, *words)

    def start_writer(self, name: str, count: int) -> None:
        """Start a process that stores `count` ideas, one transaction each."""
        self.start_module(name, "tests.support.writer", name, str(count))

    def start_web(self, *, processes: int = 1, threads: int = 2, port: int | None = None, **settings: str) -> None:
        """Start granian on the driver's unix socket (or on a port of 127.0.0.1), and wait until it answers."""
        self.web_socket.unlink(missing_ok=True)
        self._start("web", *self.web_words(processes=processes, threads=threads, port=port), **settings)
        self.wait_for_web(port)

    def wait_for_web(self, port: int | None = None) -> None:
        with self.citizen(port=port) as citizen:
            self.wait(citizen.is_served, START_WITHIN_S, "web did not start")

    def web_words(self, *, processes: int = 1, threads: int = 2, port: int | None = None) -> list[str]:
        """Return module and words that start the web server."""
        where = ["--uds", str(self.web_socket)] if port is None else ["--host", "127.0.0.1", "--port", str(port)]
        words = ["granian", "--interface", "wsgi", "--factory", "--log-level", "warning", *where]
        return [*words, "--workers", str(processes), "--blocking-threads", str(threads), "app.factory:wsgi"]

    @property
    def web_socket(self) -> Path:
        return self.folder / "web.sock"

    def citizen(self, *, port: int | None = None, address: str | None = None) -> Citizen:
        """Return a new browser. address: the one of 127.0.0.0/8 it comes from."""
        return Citizen(None if port else self.web_socket, port=port, address=address)

    def _start(self, name: str, module: str, *words: str, **settings: str) -> None:
        environment = {**self.environment, **settings}
        log = self.folder / f"{name}.log"
        self._pids[name] = self._nursery.start(module, *words, environment=environment, log=log)

    def start_outside(self, name: str, argv: Sequence[str]) -> None:
        """Start a program that is not one of our modules, or must begin from nothing."""
        log = self.folder / f"{name}.log"
        self._pids[name] = self._nursery.execute(argv, environment=self.environment, log=log)

    def run(self, name: str, module: str, *words: str, within_s: float = START_WITHIN_S) -> tuple[int, str]:
        """Run a program to its end; return its exit status and what it said."""
        self._start(name, module, *words)
        status = self.wait_dead(name, within_s)
        return status, (self.folder / f"{name}.log").read_text()

    def flask(self, *words: str, status: int | None = 0) -> str:
        """Run a command of the program; return what it said. status: what it must end with; None: anything."""
        log = self.folder / f"flask-{words[0]}.log"
        log.unlink(missing_ok=True)
        got, said = self.run(log.stem, "flask", "--app", "app.factory", *words)
        assert status in {None, got}, f"{self.check}: flask {' '.join(words)} ended with {got}: {said[-2000:]}"
        return said

    def ended(self, name: str) -> int | None:
        """Return the exit status of a process, negative for a signal; None while it runs."""
        return self._nursery.ended(self._pids[name])

    def is_running(self, name: str) -> bool:
        return name in self._pids and self.ended(name) is None

    def kill(self, name: str) -> None:
        """Pull the plug: kill -9 of the process and all it has started."""
        if name not in self._pids:
            return
        if self.ended(name) is None:
            os.killpg(self._pids[name], signal.SIGKILL)
            self.wait_dead(name, 10)
        self._pids.pop(name)

    def wait_dead(self, name: str, within_s: float = 30.0) -> int:
        """Wait until a process has ended by itself; return its exit status."""
        self.wait(lambda: self.ended(name) is not None, within_s, f"{name} goes on")
        status = self.ended(name)
        assert status is not None
        return status

    def names(self, kind: str) -> list[str]:
        """Return the processes of one kind that were started and not killed, e.g. "send-1", "send-2"."""
        return [name for name in self._pids if name.partition("-")[0] == kind]

    def pid(self, name: str) -> int:
        return self._pids[name]

    # --- Redis --------------------------------------------------------------------------------------------------

    def start_redis(self) -> None:
        """Start a Redis of our own, or the same again with what its file holds."""
        given = os.environ.get("LAB_TEST_REDIS_SERVER")
        server = Path(given) if given else find_redis_server()
        assert server is not None, f"{self.check}: there is no redis-server to test with"
        self._plan = self._plan or self._plan_redis(server)
        plan = self._plan
        plan.socket_path.unlink(missing_ok=True)
        self.start_outside("redis", plan.argv)
        self.environment["LAB_REDIS_URL"] = plan.url
        self.wait(lambda: redis_answers(plan.socket_path), START_WITHIN_S, "Redis did not start")

    def _plan_redis(self, server: Path) -> RedisPlan:
        """Plan the Redis of `make run`, and let the test itself do what our own user may not: look, and empty it."""
        plan = plan_redis(server, self.folder)
        with Path(plan.argv[1]).open("a") as settings:
            settings.write(f"user {TESTER} on nopass ~* &* +@all\n")
        return plan

    def kill_redis(self) -> None:
        self.kill("redis")

    def redis(self) -> Redis:
        """Return a line to Redis as it is now."""
        assert self._plan is not None
        return Redis(unix_socket_path=str(self._plan.socket_path), username=TESTER, password="any")

    def bells_unheard(self, queue: str) -> int:
        """Return how many bells lie in Redis that no worker has heard."""
        with self.redis() as line:
            return int(line.llen(f"rq:queue:{queue}"))

    # --- what lies in the database ------------------------------------------------------------------------------

    @contextmanager
    def session(self) -> Iterator[Session]:
        """Give a session of our own that commits at the end, for looking and for setting the scene."""
        with Session(self.engine.execution_options(writes=True), expire_on_commit=False) as made, made.begin():
            yield made

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """Give a session that only looks, and so makes nobody wait."""
        with Session(self.engine, expire_on_commit=False) as made:
            yield made

    def write_ideas(self, titles: Sequence[str]) -> None:
        """Store ideas as the route does, each with its event in one commit; they are due at once."""
        settings = self.settings
        with Session(self.engine.execution_options(writes=True), expire_on_commit=False) as session:
            for title in titles:
                earlier = now() - timedelta(seconds=2)  # past the last second of «Angre»
                make_idea(session, settings, actor=Actor(device_key=bytes(32)), now=earlier, title=title)

    def deliveries(self, *, job: str = "forward_case", title: str = "") -> Sequence[OutboxDelivery]:
        """Return deliveries, oldest first. title: of the idea they are about."""
        with self.reading() as session:
            query = select(OutboxDelivery).where(OutboxDelivery.job == job).order_by(OutboxDelivery.created_at)
            found = session.scalars(query).all()
            if not title:
                return found
            wanted = self._idea_titled(session, title)
            events = {e.id for e in session.scalars(select(OutboxEvent)) if e.payload.get("idea_id") == str(wanted)}
        return [delivery for delivery in found if delivery.event_id in events]

    def _idea_titled(self, session: Session, title: str) -> UUID:
        return session.scalars(select(Idea.id).where(Idea.title == title)).one()

    def count_in(self, *states: DeliveryState, job: str = "forward_case") -> int:
        """Return how many deliveries are in one of these states."""
        with self.reading() as session:
            query = select(func.count()).where(
                OutboxDelivery.job == job, OutboxDelivery.state.in_([state.value for state in states])
            )
            return session.scalar(query) or 0

    def filed(self) -> int:
        return self.count_in(DeliveryState.FILED)

    def unfinished(self) -> int:
        """Return how much is on its way: events without deliveries, and deliveries that wait or are being sent.

        What is held for a report has no way of its own; its report has.
        """
        going = [DeliveryState.WAITING.value, DeliveryState.SENDING.value]
        with self.reading() as session:
            events = session.scalar(select(func.count()).where(OutboxEvent.routed_at.is_(None))) or 0
            mine = select(func.count()).where(OutboxDelivery.state.in_(going), OutboxDelivery.held_for.is_(None))
            rows = session.scalar(mine) or 0
        return events + rows

    def let_probes_go(self) -> None:
        """As if the minutes until the next probe of each paused channel had passed."""
        with self.session() as session:
            session.execute(update(Pause).where(Pause.closed).values(probe_at=now()))

    # --- waiting ------------------------------------------------------------------------------------------------

    def wait(self, ready: Callable[[], bool], within_s: float, complaint: str) -> None:
        """Look until `ready`; fail with the check's id after `within_s` seconds."""
        deadline = time.monotonic() + within_s
        while not ready():
            assert time.monotonic() < deadline, f"{self.check}: {complaint} (waited {within_s:.0f} s)"
            time.sleep(LOOK_EVERY_S)

    def rest(self, *, within_s: float) -> None:
        """Wait until nothing is on its way any more."""
        deadline = time.monotonic() + within_s
        while left := self.unfinished():
            assert time.monotonic() < deadline, f"{self.check}: {left} still on their way after {within_s:.0f} s"
            time.sleep(LOOK_EVERY_S * 2)

    # --- the end of every check ---------------------------------------------------------------------------------

    def equation(self, *, pictures: bool = False) -> Equation:
        """Count ours against the archive's, print the sum, and fail with the check's id when it does not add up."""
        with self.reading() as session:
            counted = count(session, self.standin.state(), pictures=pictures)
        self.tell(f"{self.check}: {counted}")
        assert not counted.faults, f"{self.check}: {'; '.join(counted.faults)}. {counted}"
        return counted


def now() -> datetime:
    return datetime.fromtimestamp(time.time(), UTC)


def interpreter_words(module: str, *words: str) -> list[str]:
    """Return the command line of a program that must start from nothing, e.g. below strace."""
    return [sys.executable, "-m", module, *words]
