"""R1: what goes to the archive in reports arrives once too: each input in one report, each report one journal post."""

import random
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from sqlalchemy import func, select

from app.outbox.models import DeliveryState, OutboxDelivery
from app.parcels.models import ReportItem
from tests.promises.test_r1_forwarding import make_archive_faulty
from tests.support.driver import Driver
from tests.support.reports import archive_in_reports, in_reports_there, let_reports_fall_due

WORKERS = 3
A_PART = 7


@dataclass(frozen=True, slots=True)
class Size:
    """inputs: in reports; rounds: how often reports are made, and a worker and a clock are killed."""

    inputs: int
    rounds: int
    within_s: float


SMALL = Size(inputs=40, rounds=3, within_s=120)
FULL = Size(inputs=600, rounds=20, within_s=900)


@pytest.mark.parametrize(
    "size", [pytest.param(SMALL, id="small"), pytest.param(FULL, id="full", marks=pytest.mark.slow)]
)
def test_every_input_lies_in_one_journal_post_although_workers_and_clocks_are_killed(
    drive: Callable[..., Driver], size: Size
) -> None:
    dice = random.Random(1806)
    with drive("R1", LAB_REPORT_INPUTS=str(A_PART)) as driver:
        with driver.session() as session:
            archive_in_reports(session)
        make_archive_faulty(driver)
        driver.start_redis()
        # Two clocks: the timer outside is the second leg, and neither may make a report of what is in the other's.
        driver.start("relay", "reconciler-1", "reconciler-2", *(f"send-{number}" for number in range(WORKERS)))

        for titles in batches(size):
            driver.write_ideas(titles)
            driver.wait(lambda: not waiting_for_relay(driver), size.within_s, "the relay has not made all deliveries")
            with driver.session() as session:
                let_reports_fall_due(session)
            for victim in (dice.choice(driver.names("send")), dice.choice(driver.names("reconciler"))):
                driver.kill(victim)
                driver.start(victim)
        driver.wait(lambda: held(driver, DeliveryState.FILED) == size.inputs, size.within_s, "not all are filed")
        driver.rest(within_s=size.within_s)

        driver.equation()
        see_each_in_one_report(driver, size)


def batches(size: Size) -> list[list[str]]:
    titles = [f"Rapportert{number:04}" for number in range(size.inputs)]
    return [titles[first :: size.rounds] for first in range(size.rounds)]


def waiting_for_relay(driver: Driver) -> bool:
    with driver.reading() as session:
        items = session.scalar(select(func.count()).select_from(ReportItem)) or 0
        made = session.scalar(select(func.count()).where(OutboxDelivery.held_for.is_not(None))) or 0
    return made < items


def held(driver: Driver, state: DeliveryState) -> int:
    with driver.reading() as session:
        query = select(func.count()).where(OutboxDelivery.held_for.is_not(None), OutboxDelivery.state == state.value)
        return session.scalar(query) or 0


def see_each_in_one_report(driver: Driver, size: Size) -> None:
    """Read the reports as the archive has them, and count in how many journal posts each title stands."""
    titles = [title for batch in batches(size) for title in batch]
    seen = in_reports_there(driver.standin, titles)
    wrong = {title: seen[title] for title in titles if seen[title] != 1}
    assert not wrong, f"R1: in how many journal posts: {wrong}"
