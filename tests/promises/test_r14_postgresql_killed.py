"""R14: PostgreSQL loses its power. What was acknowledged is there afterwards, and we go on without a restart."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from uuid import uuid4

import pytest
from sqlalchemy import func, select

from app.ideas.models import Idea
from tests.support.cluster import Cluster
from tests.support.database import SERVER
from tests.support.driver import Driver

pytestmark = pytest.mark.sqlite_only  # it brings a PostgreSQL of its own, whichever the others use
NEVER_OFF = ("fsync", "full_page_writes", "synchronous_commit")
WRITERS = 4
SENT, BUSY = 201, 503
AWAY_S = 0.5
RECOVERS_WITHIN_S = 60.0


@dataclass(frozen=True, slots=True)
class Size:
    """writes: ideas that are sent; crashes: of the database, spread over them."""

    writes: int
    crashes: int


SIZES = [
    pytest.param(Size(writes=100, crashes=1), id="small"),
    pytest.param(Size(writes=1000, crashes=10), id="full", marks=pytest.mark.slow),
]


@pytest.mark.parametrize("size", SIZES)
def test_every_acknowledged_idea_is_there_after_the_database_was_killed(
    drive: Callable[..., Driver], cluster: Cluster, size: Size
) -> None:
    with drive("R14") as driver:
        driver.start_web(processes=2, threads=WRITERS)
        crowd = Crowd(driver, size.writes)
        with ThreadPoolExecutor(WRITERS) as pool:
            going = [pool.submit(crowd.write, number) for number in range(WRITERS)]
            for crash in range(size.crashes):
                crowd.wait_for((crash + 1) * size.writes // (size.crashes + 1))
                cluster.pull_the_plug()
                acknowledged = list(crowd.acknowledged)
                time.sleep(AWAY_S)
                cluster.start()
                driver.engine.dispose()
                assert_all_there(driver, acknowledged)
            for one in going:
                one.result()

        assert_all_there(driver, crowd.acknowledged)
        assert len(crowd.acknowledged) == size.writes, f"R14: {len(crowd.acknowledged)} of {size.writes} were taken"
        assert rows(driver) == size.writes, f"R14: {rows(driver)} rows for {size.writes} ideas"
        assert crowd.refused, "R14: nobody wrote while the database was away"
        driver.equation()  # all of them still here: what becomes of them then is R1's


def test_we_do_not_start_on_a_database_that_may_forget(drive: Callable[..., Driver], cluster: Cluster) -> None:
    with drive("R14") as driver:
        cluster.stop()
        cluster.start(**dict.fromkeys(NEVER_OFF, "off"))

        said = driver.flask("check", status=1)

        for name in NEVER_OFF:
            assert f"PostgreSQL says {name}=off" in said, f"R14: with {name}=off we say: {said[-600:]}"


@dataclass
class Crowd:
    """WRITERS people who send ideas, each again with its key until it has a receipt. refused: answers on the way."""

    driver: Driver
    writes: int
    acknowledged: list[str] = field(default_factory=list)
    refused: list[int] = field(default_factory=list)
    stopped: threading.Event = field(default_factory=threading.Event)

    def write(self, first: int) -> None:
        with self.driver.citizen() as citizen:
            citizen.fetch_token()
            for number in range(first, self.writes, WRITERS):
                title, key = f"R14 idé {number}", uuid4()
                until = time.monotonic() + RECOVERS_WITHIN_S
                while (answer := citizen.send_idea(title, key=key)).status_code != SENT:
                    assert answer.status_code == BUSY, f"R14: without its database the app said {answer.status_code}"
                    assert answer.headers.get("Retry-After"), "R14: a 503 without Retry-After"
                    assert time.monotonic() < until, "R14: the database is back, and the app does not see it"
                    self.refused.append(answer.status_code)
                    time.sleep(0.05)
                self.acknowledged.append(title)

    def wait_for(self, acknowledged: int) -> None:
        self.driver.wait(
            lambda: len(self.acknowledged) >= acknowledged, RECOVERS_WITHIN_S, f"fewer than {acknowledged} were taken"
        )


def assert_all_there(driver: Driver, titles: Sequence[str]) -> None:
    with driver.reading() as session:
        there = set(session.scalars(select(Idea.title)))
    lost = [title for title in titles if title not in there]
    assert not lost, f"R14: {len(lost)} of {len(titles)} acknowledged ideas are gone: {lost[:5]}"


def rows(driver: Driver) -> int:
    with driver.reading() as session:
        return session.scalar(select(func.count()).select_from(Idea)) or 0


@pytest.fixture
def cluster(server: Cluster, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cluster]:
    """The server, with our settings, as the one that databases are made in."""
    monkeypatch.setenv(SERVER, server.address)
    yield server
    server.stop()
    server.start()


@pytest.fixture(scope="module")
def server() -> Iterator[Cluster]:
    with Cluster() as made:
        yield made
