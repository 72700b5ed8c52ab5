"""The whole system in one process, on the test's clock: pages, relay, workers, reconciler, and the archive's stand-in.

What dies, dies at a border: before or after a commit, or before or after a call to the archive. Between two borders
nothing leaves the process, so no other moment of a kill -9 can be told apart from these.
"""

import hashlib
import os
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4

from flask import Flask
from redis import Redis, RedisError
from rq.serializers import JSONSerializer
from sqlalchemy import Engine, func, select, text
from sqlalchemy.orm import Session

from app.accounts.models import SignIn
from app.accounts.service import add_participant
from app.core.actor import Role
from app.core.db import Model
from app.outbox import watermark
from app.outbox.models import DeliveryState, OutboxDelivery, OutboxEvent
from app.personal import ledger
from app.settings import Settings
from app.web.extensions import db
from ops.redis_server import find_redis_server, plan_redis, redis_answers
from tests.support.archive_line import WELL, ArchiveLine, adapter_on
from tests.support.background import MailRecorder, PushRecorder
from tests.support.database import wipe
from workers.bell import Bell, Bells
from workers.reconciler import Reconciler, Watch
from workers.relay import Relay
from workers.runtime import Runtime, transactions

JSON = {"Accept": "application/json"}
QUEUES = ("send", "heavy")
NEVER = -1
BOTH, TOGETHER_WITHIN_S = 2, 1.0
HEARD_MEANWHILE = 4
GOING = (DeliveryState.WAITING.value, DeliveryState.SENDING.value)


class Killed(BaseException):
    """As kill -9: nothing of ours catches it, and what was not committed is not there."""


@dataclass
class RedisServer:
    """A Redis that can be killed and emptied."""

    folder: Path
    process: subprocess.Popen[bytes] | None = None

    def __post_init__(self) -> None:
        given = os.environ.get("LAB_TEST_REDIS_SERVER")
        server = Path(given) if given else find_redis_server()
        assert server is not None, "there is no redis-server to test with"
        self._plan = plan_redis(server, self.folder)
        with Path(self._plan.argv[1]).open("a") as settings:
            settings.write("appendonly no\nuser tester on nopass ~* &* +@all\n")

    @property
    def url(self) -> str:
        return self._plan.url

    def start(self) -> None:
        """Start it, empty; it answers when this returns."""
        if self.process is not None:
            return
        self._plan.socket_path.unlink(missing_ok=True)
        self.process = subprocess.Popen(self._plan.argv, stdout=subprocess.DEVNULL)
        while not redis_answers(self._plan.socket_path):
            assert self.process.poll() is None, "Redis did not start"

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
        self.process = None

    def empty(self) -> None:
        with Redis(unix_socket_path=str(self._plan.socket_path), username="tester", password="any") as line:
            line.flushall()


@dataclass
class Plan:
    """What happens at one of the borders that the next piece of work meets. left: how many borders are passed first."""

    happens: Callable[[], None] | None = None
    left: int = NEVER


@dataclass
class Town:
    """app, redis: made once for many towns; everything else is as on the first day after `begin`."""

    app: Flask
    settings: Settings
    hands: dict[str, datetime]
    redis: RedisServer
    line: ArchiveLine = field(init=False)
    engine: Engine = field(init=False)
    plan: Plan = field(default_factory=Plan)
    staff: Any = None

    def __post_init__(self) -> None:
        with self.app.app_context():
            self.engine = db.engine
        self.line = ArchiveLine(
            self.settings,
            clock=lambda: self.now,
            wait=self.let_pass,
            before=self.meet_border,
            after=self.meet_border,
        )
        ports: Any = SimpleNamespace(archive=adapter_on(self.line), push=PushRecorder(), mail=MailRecorder())
        self.runtime = Runtime(self.settings, self.transaction, ports, clock=lambda: self.now)
        self._redis: Any = Redis.from_url(self.redis.url, socket_timeout=5)
        self.bells = Bells(self._redis)

    @property
    def now(self) -> datetime:
        return self.hands["now"]

    def begin(self, now: datetime) -> None:
        """Forget everything; let Per be at work."""
        wipe(self.engine)
        for name in (watermark.FILE, ledger.FILE):
            (self.settings.instance / name).unlink(missing_ok=True)
        self.hands["now"] = now
        self.line.reset()
        self.redis.start()
        self.redis.empty()
        self.plan = Plan()
        self.staff = self.app.test_client()
        long = (now - timedelta(days=1), now + timedelta(days=10_000))
        with self.writing() as session:
            per = add_participant(
                session, email="per@test.example", name="Per", title="Rådgiver", role=Role.CASE_WORKER, now=now
            )
            signed_in = SignIn(participant_id=per.id, browser="", system="", begun_at=long[0], ends_at=long[1])
            session.add(signed_in)
            session.flush()
            mark = str(signed_in.id)
        with self.staff.session_transaction() as cookie:
            cookie["_user_id"], cookie["_fresh"] = mark, True

    def close(self) -> None:
        self.line.close()
        self._redis.close()

    # --- borders ------------------------------------------------------------------------------------------------

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """A worker's transaction. On both sides of its commit lies a border, and only after it others can work."""
        with transactions(self.engine)() as session:
            yield session
            self.meet_border(alone=True)
        self.meet_border()

    def meet_border(self, *, alone: bool = False) -> None:
        """Let what was planned for this border happen. alone: a lock is held here, so nobody else can work."""
        plan = self.plan
        if plan.happens is None or plan.left == NEVER:
            return
        if plan.left > 0:
            plan.left -= 1
            return
        if alone and plan.happens is not kill:
            return
        self.plan = Plan()
        plan.happens()

    def let_pass(self, seconds: float) -> None:
        """Somebody waits for so long; meanwhile the reconciler does its round, and another worker hears it."""
        self.hands["now"] += timedelta(seconds=seconds)
        plan, self.plan = self.plan, Plan()
        mode = self.line.mode
        self.line.set_mode(WELL)
        self.reconcile()
        self.hear(HEARD_MEANWHILE)
        self.line.set_mode(mode)
        self.plan = plan

    def advance(self, seconds: float) -> None:
        self.hands["now"] += timedelta(seconds=seconds)
        self.line.do_what_is_late()

    # --- processes ----------------------------------------------------------------------------------------------

    def relay(self) -> None:
        """One round of the relay."""
        with suppress(Killed):
            Relay(self.settings, self.transaction, lambda: self.now, self.bells).round()

    def reconcile(self) -> None:
        """One round of the reconciler. The steady clock is real and the wall's is ours: what has expired is free."""
        with suppress(Killed, RedisError):
            Reconciler(self.runtime, self.bells, Watch(0.0), tidied_at=float("inf")).round()

    def hear(self, most: int) -> int:
        """Let workers hear at most so many bells; return how many there were."""
        heard = 0
        for _ in range(most):
            delivery_id = self._bell()
            if delivery_id is None:
                break
            heard += 1
            self.work_on(delivery_id)
        return heard

    def _bell(self) -> UUID | None:
        try:
            for name in QUEUES:
                job_id = self._redis.lpop(f"rq:queue:{name}")
                if job_id:
                    job = Bell.fetch(job_id.decode(), connection=self._redis, serializer=JSONSerializer)
                    job.delete()
                    return UUID(job.args[0])
        except RedisError:
            return None
        return None

    def work_on(self, delivery_id: UUID) -> None:
        with suppress(Killed):
            self.runtime.run(delivery_id)

    def work(self, job: str) -> None:
        """Do what is due of one job, as a worker does who hears its bells now."""
        self.relay()
        with self.reading() as session:
            due = select(OutboxDelivery.id).where(OutboxDelivery.job == job, OutboxDelivery.state.in_(GOING))
            found = session.scalars(due).all()
        for delivery_id in found:
            self.work_on(delivery_id)

    @contextmanager
    def together(self) -> Iterator[None]:
        """Hold back who writes an idea until two of them have looked: PostgreSQL lets them both in."""
        if self.engine.dialect.name != "postgresql":
            yield
            return
        with self.engine.connect() as door, self.engine.connect() as window:
            door.execute(text("LOCK TABLE ideas IN SHARE MODE"))
            yield
            waiting = text("SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'ideas'::regclass")
            until = time.monotonic() + TOGETHER_WITHIN_S
            while window.execute(waiting).scalar_one() < BOTH and time.monotonic() < until:
                window.rollback()
            door.rollback()

    # --- looking ------------------------------------------------------------------------------------------------

    @contextmanager
    def reading(self) -> Iterator[Session]:
        with Session(self.engine, expire_on_commit=False) as made:
            yield made

    @contextmanager
    def writing(self) -> Iterator[Session]:
        with transactions(self.engine)() as made:
            yield made

    def unfinished(self) -> int:
        with self.reading() as session:
            events = session.scalar(select(func.count()).where(OutboxEvent.routed_at.is_(None))) or 0
            return events + (session.scalar(select(func.count()).where(OutboxDelivery.state.in_(GOING))) or 0)

    def stopped(self) -> Sequence[OutboxDelivery]:
        """Return what waits for a person, oldest first."""
        states = [DeliveryState.STOPPED.value, DeliveryState.UNCLEAR.value]
        with self.reading() as session:
            query = select(OutboxDelivery).where(OutboxDelivery.state.in_(states), OutboxDelivery.channel == "archive")
            return session.scalars(query.order_by(OutboxDelivery.created_at, OutboxDelivery.reference)).all()

    def send_again(self, delivery: OutboxDelivery) -> int:
        """Let Per press «Send igjen», when he has looked; return the status of the answer."""
        token = self.staff.get("/merke").get_json()["csrf_token"]
        form = {"csrf_token": token, "looked": "y"}
        answer = self.staff.post(f"/arbeidsflate/leveringer/{delivery.id}/send-igjen", data=form)
        return int(answer.status_code)

    def tables_with(self, mark: str) -> list[str]:
        """Return the tables in which this word stands anywhere, also in what the search has."""
        found = []
        with self.engine.connect() as connection:
            for table in Model.metadata.sorted_tables:
                rows = connection.execute(select(table)).all()
                if any(mark in said(value) for row in rows for value in row):
                    found.append(table.name)
        return found


def kill() -> None:
    raise Killed


def said(value: object) -> str:
    return value.decode("latin-1") if isinstance(value, bytes | memoryview) else str(value)


@dataclass
class Sent:
    """What somebody sent. word: stands in its title and nowhere else. answers: id and receipt of each answer heard."""

    form: Mapping[str, str]
    word: str
    answers: list[tuple[str, str]] = field(default_factory=list)

    @property
    def key_hash(self) -> bytes:
        return hashlib.sha256(UUID(self.form["submission_id"]).bytes).digest()


class Phone:
    """Somebody's phone, which keeps what it has sent until it has heard an answer, and may send it again."""

    def __init__(self, town: Town, name: str) -> None:
        self.town, self.name = town, name
        self.client = town.app.test_client()
        self.sent: list[Sent] = []

    def write(self) -> Sent:
        word = f"{self.name}{len(self.sent)}ord"
        form = {"submission_id": str(uuid4()), "title": f"Lys {word}", "body": f"Mørkt, sier {word}.",
                "area": "mobilitet", "place": "", "email": ""}  # fmt: skip
        made = Sent(form, word)
        self.sent.append(made)
        return made

    def send(self, idea: Sent, **changed: str) -> tuple[int, dict[str, Any]]:
        """Send it; return status and answer. Whether anybody hears that is the caller's matter."""
        form = {**idea.form, **changed, "csrf_token": self._token()}
        answer = self.client.post("/ideer/ny", data=form, headers=JSON)
        return answer.status_code, answer.get_json(silent=True) or {}

    def erase(self) -> int:
        """Press «Slett alt»; return the status of the answer."""
        form = {"csrf_token": self._token(), "submission_id": str(uuid4()), "sure": "y"}
        return int(self.client.post("/mine/slett", data=form).status_code)

    def _token(self) -> str:
        return str(self.client.get("/merke").get_json()["csrf_token"])
