"""R13: who writes waits its turn. Nobody hears "database is locked"; a wait that is too long is a 503, never a 500."""

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass

import httpx
import pytest
from sqlalchemy import func, select, text

from app.ideas.models import Idea
from tests.support.driver import Driver

WRITERS = 8
LONG_S = 60  # held until all have been answered, which is when they have waited ten seconds
CREATED, BUSY = 201, 503


@dataclass(frozen=True, slots=True)
class Size:
    """each: ideas that every writer stores; short_s: a lock that all wait for."""

    each: int
    short_s: float


SIZES = [
    pytest.param(Size(each=100, short_s=2), id="small"),
    pytest.param(Size(each=2000, short_s=8), id="full", marks=pytest.mark.slow),
]


@pytest.mark.parametrize("size", SIZES)
def test_eight_writers_at_once_all_wait_and_succeed(drive: Callable[..., Driver], size: Size) -> None:
    with drive("R13") as driver:
        names = [f"skriver-{number}" for number in range(WRITERS)]
        for name in names:
            driver.start_writer(name, size.each)
        for name in names:
            status = driver.wait_dead(name, 60 + size.each)
            assert status == 0, f"R13: {name} ended with {status}: {(driver.folder / f'{name}.log').read_text()[-600:]}"

        assert rows(driver) == WRITERS * size.each, f"R13: {rows(driver)} rows of {WRITERS * size.each}"
        driver.equation()


@pytest.mark.parametrize("size", SIZES)
def test_a_short_lock_is_waited_for_and_a_long_one_is_a_503(drive: Callable[..., Driver], size: Size) -> None:
    with drive("R13") as driver:
        driver.start_web(processes=1, threads=WRITERS)
        with held_lock(driver, size.short_s):
            answers = send_together(driver, "R13 kort lås")
        assert {answer.status_code for answer in answers} == {CREATED}, f"R13: a short lock gave {statuses(answers)}"

        with held_lock(driver, LONG_S):
            answers = send_together(driver, "R13 lang lås")
        assert {answer.status_code for answer in answers} == {BUSY}, f"R13: a long lock gave {statuses(answers)}"
        assert all(answer.headers.get("Retry-After") for answer in answers), "R13: a 503 without Retry-After"

        answers = send_together(driver, "R13 etterpå")
        assert {answer.status_code for answer in answers} == {CREATED}, f"R13: after the lock: {statuses(answers)}"
        assert rows(driver) == 2 * WRITERS, f"R13: {rows(driver)} rows of {2 * WRITERS}"
        driver.start("relay", "reconciler")
        driver.rest(within_s=60)
        driver.equation()


@contextmanager
def held_lock(driver: Driver, seconds: float) -> Iterator[None]:
    """Hold the write lock from now on, for so many seconds or until the block ends."""
    taken, done = threading.Event(), threading.Event()

    def hold() -> None:
        with driver.engine.execution_options(writes=True).begin() as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(text("LOCK TABLE ideas IN ACCESS EXCLUSIVE MODE"))
            taken.set()
            done.wait(seconds)

    holder = threading.Thread(target=hold)
    holder.start()
    assert taken.wait(30), "R13: the lock was not to be had"
    try:
        yield
    finally:
        done.set()
        holder.join()


def send_together(driver: Driver, title: str) -> Sequence[httpx.Response]:
    def send(number: int) -> httpx.Response:
        with driver.citizen() as citizen:
            return citizen.send_idea(f"{title} {number}")

    with ThreadPoolExecutor(WRITERS) as pool:
        return list(pool.map(send, range(WRITERS)))


def statuses(answers: Sequence[httpx.Response]) -> str:
    return str(sorted(answer.status_code for answer in answers))


def rows(driver: Driver) -> int:
    with driver.reading() as session:
        return session.scalar(select(func.count()).select_from(Idea)) or 0
