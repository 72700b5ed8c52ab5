"""R9: one bad input stops with a reason. The others do not wait for it, and "send again" makes one case of it."""

import os
import signal
import time
from collections.abc import Callable, Container
from datetime import timedelta

import pytest
from sqlalchemy import update

from app.outbox.models import DeliveryState, OutboxDelivery
from app.outbox.service import SILENT_DEATHS_ALLOWED, send_again
from tests.support.driver import Driver, now

pytestmark = pytest.mark.sqlite_only
REFUSED, FAILING, KILLING = "R9 blir avvist", "R9 gir alltid feil 500", "R9 dreper prosessen"
DEATHS_UNTIL_GIVEN_UP = 12
SIZES = [pytest.param(50, id="small"), pytest.param(1000, id="full", marks=pytest.mark.slow)]


def test_a_row_is_given_up_after_ten_silent_deaths() -> None:
    assert SILENT_DEATHS_ALLOWED == 10, "R9: promises.md 2.5 says ten"


@pytest.mark.parametrize("inputs", SIZES)
def test_poisonous_inputs_stop_with_a_reason_and_the_others_pass(drive: Callable[..., Driver], inputs: int) -> None:
    healthy = [f"R9 idé {number}" for number in range(inputs - 3)]
    with drive("R9") as driver:
        poison(driver)
        driver.start_redis()
        driver.write_ideas([REFUSED, FAILING, KILLING, *healthy])
        driver.start("relay", "reconciler", "send-1", "send-2", "send-3")

        deaths = kill_whoever_sends(driver, KILLING, within_s=30 + inputs / 2)
        check_reason(driver, KILLING, "Prosessen stoppet hver gang.")
        assert deaths == SILENT_DEATHS_ALLOWED, f"R9: {KILLING} was stopped after {deaths} deaths"
        driver.wait(lambda: driver.filed() == len(healthy), 30 + inputs / 5, "the healthy inputs wait for the bad ones")
        check_reason(driver, REFUSED, "Meldingen er feil")
        let_days_pass(driver, FAILING, days=15)
        driver.wait(
            lambda: state_of(driver, FAILING) == DeliveryState.STOPPED.value, 30, f"{FAILING} is tried for ever"
        )
        check_reason(driver, FAILING, "14 dager")

        driver.standin.clear_script()
        for title in (REFUSED, FAILING, KILLING):
            press_send_again(driver, title)
        driver.rest(within_s=60)
        counted = driver.equation()
        assert counted.entries == inputs, f"R9: {counted.entries} cases for {inputs} inputs"


def poison(driver: Driver) -> None:
    """Set up the archive: one input it refuses, one it always fails on, one whose sender dies while it waits."""
    entry = {"operation": "NyJournalpost", "times": None}
    refusal = {"fault": "Validation", "words": "Meldingen er feil"}
    driver.standin.script("fault", contains=f"{REFUSED}<", **entry, **refusal)
    driver.standin.script("error_before", contains=f"{FAILING}<", **entry)
    driver.standin.script("hang_before", contains=f"{KILLING}<", **entry)


def kill_whoever_sends(driver: Driver, title: str, *, within_s: float) -> int:
    """Kill each process that takes this input, until nobody takes it any more; return how many died.

    within_s: how long it may wait for its turn, for it goes to the end of the queue each time.
    """
    driver.wait(lambda: bool(driver.deliveries(title=title)), 30, f"{title} has no delivery")
    (delivery,) = driver.deliveries(title=title)
    by_pid = {driver.pid(name): name for name in driver.names("send")}
    deaths = 0
    while deaths <= DEATHS_UNTIL_GIVEN_UP:
        owner = wait_for_owner(driver, delivery, by_pid, within_s)
        if owner is None:
            return deaths
        name = by_pid.pop(owner)
        os.killpg(owner, signal.SIGKILL)
        driver.kill(name)
        deaths += 1
        driver.start(name)
        by_pid[driver.pid(name)] = name
        end_lease(driver, delivery)
    raise AssertionError(f"R9: {title} has killed {deaths} processes and is still tried")


def wait_for_owner(driver: Driver, delivery: OutboxDelivery, alive: Container[int], within_s: float) -> int | None:
    """Return which of the processes sends it now, when its call is under way; None when it has been stopped."""
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        with driver.reading() as session:
            row = session.get_one(OutboxDelivery, delivery.id)
            if row.state == DeliveryState.STOPPED.value:
                return None
            owner = int((row.lease_owner or "-0-").rsplit("-", 2)[1])
            if "begun:entry" in row.step and owner in alive:
                return owner
        time.sleep(0.02)
    raise AssertionError(f"R9: nobody takes the poisonous delivery, which is {row.state}")


def end_lease(driver: Driver, delivery: OutboxDelivery) -> None:
    """As if the dead process's lease had run out."""
    with driver.session() as session:
        session.execute(
            update(OutboxDelivery)
            .where(OutboxDelivery.id == delivery.id, OutboxDelivery.lease_until.is_not(None))
            .values(lease_until=now() - timedelta(seconds=1))
        )


def let_days_pass(driver: Driver, title: str, *, days: int) -> None:
    (delivery,) = driver.deliveries(title=title)
    with driver.session() as session:
        session.execute(
            update(OutboxDelivery)
            .where(OutboxDelivery.id == delivery.id)
            .values(created_at=delivery.created_at - timedelta(days=days))
        )


def press_send_again(driver: Driver, title: str) -> None:
    (delivery,) = driver.deliveries(title=title)
    with driver.session() as session:
        send_again(session, delivery.id, looked_in_archive=True, now=now())
    (again,) = driver.deliveries(title=title)
    assert again.reference == delivery.reference, "R9: «Send igjen» has made a new reference"


def state_of(driver: Driver, title: str) -> str:
    (delivery,) = driver.deliveries(title=title)
    return delivery.state


def check_reason(driver: Driver, title: str, words: str) -> None:
    (delivery,) = driver.deliveries(title=title)
    assert delivery.state == DeliveryState.STOPPED.value, f"R9: {title} is {delivery.state}: {delivery.last_error}"
    assert words in (delivery.stop_reason or ""), f"R9: {title} stopped with the reason {delivery.stop_reason!r}"
