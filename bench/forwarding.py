"""From an idea to its case number: what a forward costs, how many go out, and how long a citizen waits."""

import json
import time
import urllib.request
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from sqlalchemy import Engine, func, insert, select

from app.areas.models import FocusArea
from app.ideas.events import IdeaSubmitted
from app.ideas.models import Idea
from app.outbox.models import DeliveryState, OutboxDelivery, OutboxEvent
from app.parcels.models import Parcel, StepChange
from app.processes.models import IDEPOOL_SLUG, Process
from bench import driver
from bench.figures import Figure, figure
from bench.ideas import TOKEN, WHY, post_of
from bench.processes import cpu_of
from bench.site import Bench, Site, site
from ops.terminal import Stop

RUNS, IDEAS_A_RUN = 3, 60
PATIENCE_S = 300.0
WAITERS, GAP_S, UNDO_S, WAIT_LIMIT_S = 20, 3.0, 10.0, 5.0
# The archive answers each call in 0.2 to 0.9 s, and so with its own work within 1 s. Tried in this order, chance for
# chance, the eight are equally likely.
SLOWNESS = (0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)


def figures(bench: Bench) -> list[Figure]:
    found = _throughput(bench) if bench.wants("forward") else []
    return found + (_waiting(bench) if bench.wants("case_number") else [])


def _throughput(bench: Bench) -> list[Figure]:
    """Let one worker forward what lies ready; the first few open the folders and are not counted."""
    with _running(bench, "forwarding", "standin", "relay", "worker_send") as made:
        engine = made.engine()
        _lay_ready(engine, 7)
        _wait_for_filed(bench, engine, 7)
        leaders = bench.leaders("worker_send", "relay", "standin", "redis")
        ms, per_s, whole = [], [], cpu_of(leaders)
        for run in range(RUNS):
            before, started = cpu_of(leaders), time.monotonic()
            _lay_ready(engine, IDEAS_A_RUN)
            _wait_for_filed(bench, engine, 7 + (run + 1) * IDEAS_A_RUN)
            per_s.append(IDEAS_A_RUN / (time.monotonic() - started))
            ms.append(cpu_of(leaders).since(before).of("worker_send") / IDEAS_A_RUN)
        spent = cpu_of(leaders).since(whole)
        engine.dispose()
    count = RUNS * IDEAS_A_RUN
    shares = ", ".join(f"{name} {spent.of(name) / count:.1f} ms" for name in ("relay", "standin", "redis"))
    driver_share = f"the driver, which waits, used {spent.share('driver'):.0%} of the CPU"
    said = "worker_send for each idea: letter as PDF/A, calls, rows on disk (SQLite); the stand-in not counted"
    rate = f"relay and one worker against the stand-in, {IDEAS_A_RUN} ideas lying ready, each run"
    return [
        figure("forward_cpu_ms", f"{said}; beside it {shares}; {driver_share}", ms, "CPU-ms"),
        figure("forwards_per_s", f"{rate}; {driver_share}", per_s, "1/s"),
    ]


def _waiting(bench: Bench) -> list[Figure]:
    """Send ideas as phones do, one each GAP_S, and look at each page until the case number stands there."""
    programs = ("standin", "web", "live", "relay", "reconciler", "worker_send", "worker_push", "worker_heavy")
    with _running(bench, "waiting", *programs) as made:
        _slow_down(made)
        leaders = bench.leaders(*programs)
        before = cpu_of(leaders)
        _wait_for_numbers(made, 7, 0.5)  # the first ones open the folders of all areas
        runs = [_wait_for_numbers(made, WAITERS, GAP_S) for _ in range(RUNS)]
        share = cpu_of(leaders).since(before).share("driver")
    worst = [sorted(waits)[round(0.95 * len(waits)) - 1] for waits in runs]
    said = (
        f"seconds from the end of «Angre» ({UNDO_S:.0f} s) until the number stands in the page's fragment: 95 of 100, "
        f"{WAITERS} ideas a run, one each {GAP_S:.0f} s, the stand-in takes 0.2 to 0.9 s for each call; "
        f"the driver used {share:.0%} of the CPU"
    )
    return [figure("case_number_p95_s", said, worst, "s", WAIT_LIMIT_S)]


@contextmanager
def _running(bench: Bench, name: str, *programs: str) -> Iterator[Site]:
    made = site(bench, name, undo_seconds=str(int(UNDO_S)))
    made.start(*programs)
    try:
        yield made
    finally:
        made.stop(*reversed(programs))


def _lay_ready(engine: Engine, count: int) -> None:
    """Store ideas whose time to regret is over, as the web would have."""
    now = datetime.fromtimestamp(time.time(), UTC)
    with engine.connect().execution_options(writes=True) as connection, connection.begin():
        process_id = connection.scalar(select(Process.id).where(Process.slug == IDEPOOL_SLUG))
        areas = list(connection.scalars(select(FocusArea.id)))
        ids = [uuid.uuid4() for _ in range(count)]
        connection.execute(insert(Idea), [_idea(idea, process_id, areas, place, now) for place, idea in enumerate(ids)])
        parcel = {"kind": "idea", "step": "received", "received_at": now, "moved_at": now}
        connection.execute(insert(Parcel), [{"input_id": idea, **parcel} for idea in ids])
        connection.execute(
            insert(StepChange), [{"input_id": idea, "step": "received", "at": now, "told": False} for idea in ids]
        )
        connection.execute(
            insert(OutboxEvent),
            [
                {
                    "kind": IdeaSubmitted.name,
                    "payload": {"idea_id": str(idea), "process_id": str(process_id)},
                    "recorded_at": now,
                    "due_at": now,
                }
                for idea in ids
            ],
        )


def _idea(
    idea_id: uuid.UUID, process_id: object, areas: list[uuid.UUID], place: int, now: datetime
) -> dict[str, object]:
    return {
        "id": idea_id,
        "submission_hash": idea_id.bytes * 2,
        "content_digest": idea_id.bytes * 2,
        "process_id": process_id,
        "area_id": areas[place % len(areas)],
        "title": "Lys i gangveien ved Frydenlund",
        "body": WHY,
        "place": "Frydenlund skole",
        "language": "nb",
        "submitted_at": now - timedelta(seconds=30),
    }


def _wait_for_filed(bench: Bench, engine: Engine, count: int) -> None:
    filed = (
        select(func.count())
        .select_from(OutboxDelivery)
        .where(OutboxDelivery.channel == "archive", OutboxDelivery.state == DeliveryState.FILED.value)
    )
    end = time.monotonic() + PATIENCE_S
    while time.monotonic() < end:
        bench.supervisor.tend()
        with engine.connect() as connection:
            if (connection.scalar(filed) or 0) >= count:
                return
        time.sleep(0.1)
    raise Stop(f"Not {count} ideas were filed within {PATIENCE_S:.0f} s.")


def _slow_down(made: Site) -> None:
    for place, seconds in enumerate(SLOWNESS):
        rule = {"behaviour": "slow", "seconds": seconds, "chance": 1 / (len(SLOWNESS) - place), "seed": place}
        request = urllib.request.Request(  # noqa: S310 - our own stand-in on loopback
            f"{made.places.standin_url}/_script", json.dumps(rule).encode(), {"Content-Type": "application/json"}
        )
        urllib.request.urlopen(request, timeout=10).close()  # noqa: S310


def _wait_for_numbers(made: Site, count: int, gap_s: float) -> list[float]:
    """Send `count` ideas and return for each how many seconds after its time to regret the number was seen."""
    line = driver.Connection(made.places.port, f"127.9.{int(time.time()) % 250}.{count}")
    page = line.ask(driver.get("/ideer/ny", {"Accept-Encoding": "identity"}))
    token = TOKEN.search(page.body)
    if token is None:
        raise driver.WrongAnswerError("The form of a new idea holds no CSRF token.")
    cookie = page.headers["set-cookie"].partition(";")[0]
    ends: dict[str, float] = {}
    waits: list[float] = []
    started = time.monotonic()
    while len(waits) < count:
        made.bench.supervisor.tend()
        if time.monotonic() - started > PATIENCE_S:
            raise Stop(f"{count - len(waits)} ideas got no case number within {PATIENCE_S:.0f} s.")
        sent = len(ends) + len(waits)
        if sent < count and time.monotonic() - started >= sent * gap_s:
            answer = line.ask(post_of(token[1].decode(), cookie, accept="application/json"))
            if answer.status != 201:
                raise driver.WrongAnswerError(f"{answer.status}: {answer.body[:300]!r}")
            ends[json.loads(answer.body)["id"]] = time.monotonic() + UNDO_S
        for idea_id, end in list(ends.items()):
            if time.monotonic() > end and _has_number(line, idea_id):
                waits.append(time.monotonic() - end)
                del ends[idea_id]
        time.sleep(0.1)
    line.close()
    return waits


def _has_number(line: driver.Connection, idea_id: str) -> bool:
    headers = {"HX-Request": "true", "HX-Request-Type": "partial", "Accept-Encoding": "identity"}
    return b"Saksnummer 2" in line.ask(driver.get(f"/ideer/{idea_id}", headers)).body
