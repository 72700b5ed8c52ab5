"""R16: the web server is restarted while people send. They get an answer or hear «in a moment»; nothing is lost.

In front of it stands nginx, which says 503 with Retry-After where nobody answers on the socket (docs/nginx.conf; a
line of this check looks that it does). So no answer at all is such a 503 here, unless what was sent had been taken.
"""

import gc
import os
import re
import signal
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID, uuid4

import httpx
import pytest
from sqlalchemy import func, select

from app.ideas.models import Idea
from tests.support.citizen import listens
from tests.support.driver import Driver

pytestmark = [
    pytest.mark.sqlite_only,
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),  # the same, between two looks
]
ROOT = Path(__file__).parents[2]
SENDERS = 4
PROCESSES = 2
CREATED, BUSY = 201, 503
AGAIN_AFTER_S = 0.05
BACK_WITHIN_S = 60.0


@dataclass(frozen=True, slots=True)
class Size:
    """ideas: each is two requests, a token and the form; restarts: spread over them."""

    ideas: int
    restarts: int


SIZES = [
    pytest.param(Size(ideas=100, restarts=1), id="small"),
    pytest.param(Size(ideas=1000, restarts=10), id="full", marks=pytest.mark.slow),
]


@pytest.mark.parametrize("size", SIZES)
def test_nothing_is_lost_and_nobody_hears_of_a_fault_while_the_server_restarts(
    drive: Callable[..., Driver], size: Size
) -> None:
    with drive("R16") as driver:
        driver.start_web(processes=PROCESSES, threads=1)
        crowd = Crowd(driver, size.ideas)
        with ThreadPoolExecutor(SENDERS) as pool:
            going = [pool.submit(crowd.send_all, number) for number in range(SENDERS)]
            for turn in range(size.restarts):
                crowd.wait_for((2 * turn + 1) * size.ideas // (2 * size.restarts + 1))
                restart_web(driver)
                crowd.wait_for((2 * turn + 2) * size.ideas // (2 * size.restarts + 1))
                away = crowd.away
                reload_web(driver)
                assert crowd.away == away, f"R16: {crowd.away - away} heard «in a moment» during a reload"
            for one in going:
                one.result()

        gc.collect()
        assert crowd.away, "R16: nobody sent while the server was away"
        assert not crowd.dropped, f"R16: {len(crowd.dropped)} were taken, and their senders heard nothing"
        assert rows(driver) == size.ideas, f"R16: {rows(driver)} rows for {size.ideas} ideas"
        driver.equation()


def test_where_nobody_answers_nginx_says_in_a_moment() -> None:
    sample = (ROOT / "docs" / "nginx.conf").read_text()

    assert re.search(r"error_page 502 504 = @away;", sample), "R16: nginx shows its own 502 while we restart"
    away = sample.partition("location @away {")[2].partition("\n    }")[0]
    assert "add_header Retry-After 20 always;" in away, "R16: nginx does not say when to come back"
    assert "return 503 " in away, "R16: nginx does not answer 503 while we restart"
    assert "proxy_next_upstream off;" in sample, "R16: nginx sends a form a second time by itself"


def restart_web(driver: Driver) -> None:
    """As systemd does: tell it to end, wait for that, start it anew."""
    os.kill(driver.pid("web"), signal.SIGTERM)
    status = driver.wait_dead("web", 30)
    assert status == 0, f"R16: told to end, the server ended with {status}"
    driver.kill("web")
    driver.start_web(processes=PROCESSES, threads=1)


def reload_web(driver: Driver) -> None:
    """Let each process be replaced by a new one, while the door stays open."""
    before = children(driver.pid("web"))
    os.kill(driver.pid("web"), signal.SIGHUP)
    driver.wait(lambda: not before & children(driver.pid("web")), 60, "no process is renewed")


def children(pid: int) -> set[int]:
    return {int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()}


@dataclass
class Crowd:
    """SENDERS people who send ideas, each again with its key until it has a receipt.

    away: how often nobody answered, or we said 503. dropped: taken, and the answer never came.
    """

    driver: Driver
    ideas: int
    sent: list[str] = field(default_factory=list)
    dropped: list[str] = field(default_factory=list)
    away: int = 0

    def send_all(self, first: int) -> None:
        for number in range(first, self.ideas, SENDERS):
            title, key = f"R16 idé {number}", uuid4()
            pause = threading.Event()
            for _ in range(int(BACK_WITHIN_S / AGAIN_AFTER_S)):
                if self._send(title, key):
                    break
                self.away += 1
                pause.wait(AGAIN_AFTER_S)
            else:
                raise AssertionError(f"R16: «{title}» was not taken within {BACK_WITHIN_S:.0f} s")
            self.sent.append(title)

    def _send(self, title: str, key: UUID) -> bool:
        if not listens(self.driver.web_socket):  # httpx would leave its own end open
            return False
        with self.driver.citizen() as citizen:
            citizen.close_after_each()  # as nginx does
            try:
                citizen.fetch_token()
                answer = citizen.send_idea(title, key=key)
            except httpx.TransportError:
                self._look_for(title)
                return False
        if answer.status_code == BUSY and answer.headers.get("Retry-After"):
            return False
        assert answer.status_code == CREATED, f"R16: «{title}» was answered with {answer.status_code}"
        return True

    def _look_for(self, title: str) -> None:
        with self.driver.reading() as session:
            if session.scalar(select(Idea.id).where(Idea.title == title)) is not None:
                self.dropped.append(title)

    def wait_for(self, ideas: int) -> None:
        self.driver.wait(lambda: len(self.sent) >= ideas, 120, f"fewer than {ideas} were sent")


def rows(driver: Driver) -> int:
    with driver.reading() as session:
        return session.scalar(select(func.count()).select_from(Idea)) or 0
