"""R10: pressing twice, or twenty times at once, gives one row and the same answer each time."""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from uuid import UUID, uuid4

import httpx
import pytest
from sqlalchemy import func, select

from app.ideas.models import Idea
from tests.support.driver import Driver
from tests.support.ideas import idea_form

AT_ONCE = 20


@dataclass(frozen=True, slots=True)
class Size:
    """processes: of the web server; keys: submission ids, each sent AT_ONCE times at once with and without script."""

    processes: int
    keys: int


SIZES = [
    pytest.param(Size(2, 5), id="small"),
    pytest.param(Size(4, 50), id="full", marks=pytest.mark.slow),
]


@pytest.mark.parametrize("size", SIZES)
def test_twenty_equal_posts_at_once_are_one_idea_with_one_receipt(drive: Callable[..., Driver], size: Size) -> None:
    with drive("R10") as driver:
        driver.start_web(processes=size.processes, threads=4)
        for number in range(size.keys):
            key = uuid4()
            by_script = send_at_once(driver, f"R10 med skript {number}", key)
            assert {answer.status_code for answer in by_script} == {201}, f"R10: {statuses(by_script)}"
            assert len({answer.text for answer in by_script}) == 1, "R10: the answers to one key differ"

            by_form = send_at_once(driver, f"R10 uten skript {number}", uuid4(), script=False)
            assert {answer.status_code for answer in by_form} == {303}, f"R10: {statuses(by_form)}"
            assert len({answer.headers["Location"] for answer in by_form}) == 1, "R10: the receipts of one key differ"

            with driver.citizen() as citizen:
                other = citizen.send_idea("R10 noe annet", key=key)
            assert other.status_code == 422, f"R10: the same key with other content got {other.status_code}"

        with driver.reading() as session:
            rows = session.scalar(select(func.count()).select_from(Idea))
        assert rows == 2 * size.keys, f"R10: {rows} rows for {2 * size.keys} keys"
        driver.start("relay", "reconciler")
        driver.rest(within_s=60)
        driver.equation()


def send_at_once(driver: Driver, title: str, key: UUID, *, script: bool = True) -> Sequence[httpx.Response]:
    """Let AT_ONCE browsers send the same form in the same instant; return their answers."""
    citizens = [driver.citizen() for _ in range(AT_ONCE)]
    for citizen in citizens:
        citizen.fetch_token()
    start = threading.Barrier(AT_ONCE)
    form = idea_form(title=title, submission_id=str(key))

    def send(number: int) -> httpx.Response:
        start.wait(30)
        headers = {"Accept": "application/json"} if script else {"Accept": "text/html"}
        return citizens[number].send(form, headers=headers, multipart=script)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        answers = list(pool.map(send, range(AT_ONCE)))
    for citizen in citizens:
        citizen.close()
    return answers


def statuses(answers: Sequence[httpx.Response]) -> str:
    return f"{AT_ONCE} equal posts got {sorted(answer.status_code for answer in answers)}"
