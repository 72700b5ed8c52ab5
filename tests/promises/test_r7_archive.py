"""R7: fifteen ways in which an archive misbehaves. Each input becomes one case, or a dead letter that says why."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from sqlalchemy import select

from app.outbox.models import DeliveryAttempt, DeliveryState, OutboxDelivery
from tests.support.driver import Driver

pytestmark = pytest.mark.sqlite_only
TIMES = [pytest.param(3, id="small"), pytest.param(100, id="full", marks=pytest.mark.slow)]


@dataclass(frozen=True, slots=True)
class Way:
    """What the archive does to the first NyJournalpost of an input.

    name: stands in the idea's title. first: how the first try ends, as the attempts' log has it.
    refused: it will never pass, so it becomes a dead letter.
    """

    name: str
    behaviour: str
    first: str
    more: Mapping[str, Any] = field(default_factory=dict)
    refused: bool = False


# We wait 1 s for an answer, and the archive may work 3 s longer: 3.5 s stands for "slow 30 s" and more. It has a round
# of its own, where a worker is free to ask again too early.
TIMES_HERE = {"LAB_CASES_TIMEOUT": "1.0", "LAB_CASES_PROCESSING": "3.0", "LAB_CASES_MARGIN": "1.0"}
SLOW = Way("svarer tregt", "slow", "UnknownOutcome", {"seconds": 3.5})
WAYS = (
    SLOW,
    Way("feiler før", "error_before", "UnknownOutcome", {"status": 500}),
    Way("lagrer og feiler 500", "store_then_error", "UnknownOutcome", {"status": 500}),
    Way("lagrer og feiler 502", "store_then_error", "UnknownOutcome", {"status": 502}),
    Way("lagrer og svarer aldri", "store_then_hang", "UnknownOutcome"),
    Way("lagrer og bryter linjen", "store_then_reset", "UnknownOutcome"),
    Way("sier SOAP-feil", "fault", "UnknownOutcome", {"fault": "System", "store": True}),
    Way("svarer ødelagt XML", "broken_xml", "UnknownOutcome"),
    Way("viser innlogging", "login_page", "ConfigurationFault"),
    Way("gir tom id", "empty_id", "UnknownOutcome"),
    Way("gir feil id", "wrong_id", "UnknownOutcome"),
    Way("sier 401", "status", "ConfigurationFault", {"status": 401}),
    Way("sier 413", "status", "Permanent", {"status": 413}, refused=True),
    Way("sier 429", "status", "Transient", {"status": 429}),
    Way("sender videre", "redirect", "ConfigurationFault"),
)


@pytest.mark.parametrize("times", TIMES)
def test_an_archive_that_misbehaves_gets_each_input_once_or_a_person_sees_why(
    drive: Callable[..., Driver], times: int
) -> None:
    titles = {f"R7 {way.name} nr {number}": way for way in WAYS for number in range(times)}
    with drive("R7", **TIMES_HERE) as driver:
        rules = make_archive_misbehave(driver, titles)
        driver.start_redis()
        driver.start("relay", "reconciler", "send-1", "send-2", "send-3", "send-4")
        for is_slow in (True, False):
            driver.write_ideas([title for title, way in titles.items() if (way is SLOW) is is_slow])
            rest_with_probes(driver, within_s=90 + 2.5 * len(titles))

        counted = driver.equation()
        for title, way in titles.items():
            check_end(driver, title, way)
        unused = [rule["contains"] for rule in driver.standin.ask("GET", "/_script")["rules"] if not rule["used"]]
        assert not unused, f"R7: the archive never met {unused}"
        assert rules == len(titles)
        wanted = sum(not way.refused for way in titles.values())
        assert counted.entries == wanted, f"R7: {counted.entries} cases for {wanted} inputs"


def make_archive_misbehave(driver: Driver, titles: Mapping[str, Way]) -> int:
    for title, way in titles.items():
        driver.standin.script(way.behaviour, operation="NyJournalpost", contains=f"{title}<", **way.more)
    return len(titles)


def rest_with_probes(driver: Driver, *, within_s: float) -> None:
    """Wait for rest; what closes the channel for minutes is probed at once."""

    def is_at_rest() -> bool:
        driver.let_probes_go()
        return driver.unfinished() == 0

    driver.wait(is_at_rest, within_s, f"{driver.unfinished()} are still on their way")


def check_end(driver: Driver, title: str, way: Way) -> None:
    (delivery,) = driver.deliveries(title=title)
    outcomes = outcomes_of(driver, delivery)
    assert way.first in outcomes, f"R7: {title}: the tries ended {outcomes}, and none as {way.first}"
    if not way.refused:
        assert delivery.state == DeliveryState.FILED.value, f"R7: {title} is {delivery.state}: {delivery.last_error}"
        return
    assert delivery.state == DeliveryState.STOPPED.value, f"R7: {title} is {delivery.state} and should be stopped"
    reason = delivery.stop_reason or ""
    assert reason.endswith(".") and len(reason.split()) > 2, f"R7: {title}: nobody understands {reason!r}"  # noqa: PT018
    assert "Error" not in reason, f"R7: {title}: {reason!r} is for programmers"


def outcomes_of(driver: Driver, delivery: OutboxDelivery) -> list[str]:
    with driver.reading() as session:
        query = select(DeliveryAttempt.outcome).where(DeliveryAttempt.delivery_id == delivery.id)
        return list(session.scalars(query.order_by(DeliveryAttempt.id)))
