"""R1: what is forwarded arrives once, however the workers die and whatever the archive does."""

import random
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from app.outbox.models import DeliveryState
from tests.support.driver import Driver

WORKERS = 6


@dataclass(frozen=True, slots=True)
class Size:
    """forwards: inputs; kills: of a random worker; within_s: until all is at rest."""

    forwards: int
    kills: int
    within_s: float


SMALL = Size(forwards=100, kills=5, within_s=120)
FULL = Size(forwards=1000, kills=50, within_s=900)


@pytest.mark.parametrize(
    "size", [pytest.param(SMALL, id="small"), pytest.param(FULL, id="full", marks=pytest.mark.slow)]
)
def test_every_input_is_filed_once_although_workers_are_killed_and_the_archive_fails(
    drive: Callable[..., Driver], size: Size
) -> None:
    dice = random.Random(1806)
    with drive("R1") as driver:
        make_archive_faulty(driver)
        driver.start_redis()
        driver.start("relay", "reconciler", *(f"send-{number}" for number in range(WORKERS)))

        for titles in batches(size):  # not all at once: a second try must not wait behind a hundred first ones
            before = driver.filed()
            driver.write_ideas(titles)
            wanted = before + len(titles) // 2
            driver.wait(lambda wanted=wanted: driver.filed() >= wanted, size.within_s, f"fewer than {wanted} are filed")
            victim = dice.choice(driver.names("send"))
            driver.kill(victim)
            driver.start(victim)
        driver.rest(within_s=size.within_s)

        counted = driver.equation()
        assert counted.entries == size.forwards, f"R1: {counted.entries} cases for {size.forwards} inputs"
        assert driver.count_in(DeliveryState.SENDING) == 0, "R1: a row is left in sending"


def batches(size: Size) -> list[list[str]]:
    """Return the titles of all inputs, in as many batches as there are kills."""
    titles = [f"R1 idé {number}" for number in range(size.forwards)]
    return [titles[first :: size.kills] for first in range(size.kills)]


def make_archive_faulty(driver: Driver) -> None:
    """Fail before, answer 500 and 502 after accepting, break the line, hang for ever, and be slower than we wait."""
    rules = {
        "error_before": (0.04, {}),
        "store_then_error": (0.06, {"status": 502}),
        "store_then_reset": (0.05, {}),
        "store_then_hang": (0.03, {}),
        "slow": (0.15, {"seconds": 0.6}),
        "broken_xml": (0.03, {}),
    }
    driver.standin.script("slow", operation="NyJournalpost", times=None, chance=0.15, seed=99, seconds=2.2)
    for seed, (behaviour, (chance, more)) in enumerate(rules.items()):
        driver.standin.script(behaviour, operation="write", times=None, chance=chance, seed=seed, **more)
