"""R6: everything of ours is killed at once, again and again, while people send. Each idea is filed once."""

import random
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from uuid import UUID, uuid4

import httpx
import pytest
from sqlalchemy import func, select

from app.ideas.models import Idea
from tests.support.citizen import listens
from tests.support.driver import Driver

pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # lines cut by the kill
SENDERS = 4
OURS = ("relay", "reconciler", "send-1", "send-2", "send-3", "heavy")
CREATED, BUSY = 201, 503
AGAIN_AFTER_S = 0.05
BACK_WITHIN_S = 90.0


@dataclass(frozen=True, slots=True)
class Size:
    """ideas: that people send; kills: of everything, spread over them; within_s: until all is at rest."""

    ideas: int
    kills: int
    within_s: float


SIZES = [
    pytest.param(Size(ideas=100, kills=2, within_s=120), id="small"),
    pytest.param(Size(ideas=2000, kills=20, within_s=900), id="full", marks=pytest.mark.slow),
]


@pytest.mark.parametrize("size", SIZES)
def test_each_idea_is_filed_once_although_everything_is_killed_while_people_send(
    drive: Callable[..., Driver], size: Size
) -> None:
    dice = random.Random(606)
    with drive("R6") as driver:
        # What the archive works on while we die is filed all the same, and we have not heard of it.
        driver.standin.script("slow", operation="NyJournalpost", times=None, chance=0.5, seed=6, seconds=0.4)
        start_all(driver)
        crowd = Crowd(driver, size.ideas)
        with ThreadPoolExecutor(SENDERS) as pool:
            going = [pool.submit(crowd.send_all, number) for number in range(SENDERS)]
            for kill in range(size.kills):
                crowd.wait_for((kill + 1) * size.ideas // (size.kills + 1))
                kill_all(driver, dice)
                crowd.assert_stored(list(crowd.receipts))
                start_all(driver)
            for one in going:
                one.result()
        driver.rest(within_s=size.within_s)

        crowd.assert_stored(crowd.receipts)
        assert crowd.away, "R6: nobody sent while everything was dead"
        assert rows(driver) == size.ideas, f"R6: {rows(driver)} rows for {size.ideas} ideas"
        counted = driver.equation()
        assert counted.entries == size.ideas, f"R6: {counted.entries} entries for {size.ideas} ideas"


def start_all(driver: Driver) -> None:
    driver.start_redis()
    driver.start(*OURS)
    driver.start_web(processes=2, threads=2)


def kill_all(driver: Driver, dice: random.Random) -> None:
    """Kill -9 of web, relay, reconciler, workers and Redis, in any order."""
    everything = ["redis", "web", *OURS]
    dice.shuffle(everything)
    for name in everything:
        driver.kill(name)


@dataclass
class Crowd:
    """SENDERS people who send ideas, each again with its key until it has a receipt. away: how often nobody answered.

    receipts: title -> address of the receipt.
    """

    driver: Driver
    ideas: int
    receipts: dict[str, str] = field(default_factory=dict)
    away: int = 0

    def send_all(self, first: int) -> None:
        pause = threading.Event()
        for number in range(first, self.ideas, SENDERS):
            title, key = f"R6 idé {number}", uuid4()
            for _ in range(int(BACK_WITHIN_S / AGAIN_AFTER_S)):
                if self._send(title, key):
                    break
                self.away += 1
                pause.wait(AGAIN_AFTER_S)
            else:
                raise AssertionError(f"R6: «{title}» was not taken within {BACK_WITHIN_S:.0f} s")

    def _send(self, title: str, key: UUID) -> bool:
        if not listens(self.driver.web_socket):  # httpx would leave its own end open
            return False
        with self.driver.citizen() as citizen:
            try:
                citizen.fetch_token()
                answer = citizen.send_idea(title, key=key)
            except httpx.TransportError:
                return False
        if answer.status_code == BUSY:
            return False
        assert answer.status_code == CREATED, f"R6: «{title}» was answered with {answer.status_code}"
        self.receipts[title] = answer.json()["receipt"]
        return True

    def wait_for(self, ideas: int) -> None:
        self.driver.wait(lambda: len(self.receipts) >= ideas, 300, f"fewer than {ideas} have a receipt")

    def assert_stored(self, titles: Iterable[str]) -> None:
        """Whoever has a receipt has a row."""
        with self.driver.reading() as session:
            stored = set(session.scalars(select(Idea.title)))
        lost = [title for title in titles if title not in stored]
        assert not lost, f"R6: {len(lost)} have a receipt and no row"


def rows(driver: Driver) -> int:
    with driver.reading() as session:
        return session.scalar(select(func.count()).select_from(Idea)) or 0
