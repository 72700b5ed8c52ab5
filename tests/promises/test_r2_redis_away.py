"""R2: Redis is only a bell. Receiving never waits for it, and what came while it was away is forwarded."""

import socket
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from tests.support.driver import Driver

pytestmark = pytest.mark.sqlite_only
SENT = 201


@dataclass(frozen=True, slots=True)
class Outage:
    """seconds: how long Redis is away; inputs: sent evenly in that time."""

    seconds: float
    inputs: int


OUTAGES = [
    pytest.param(Outage(10, 40), id="small"),
    pytest.param(Outage(300, 500), id="full", marks=pytest.mark.slow),
]


@pytest.mark.parametrize("outage", OUTAGES)
def test_inputs_are_answered_at_once_while_redis_is_down_and_forwarded(
    drive: Callable[..., Driver], outage: Outage
) -> None:
    with drive("R2", LAB_RATE_LIMITS="1") as driver:
        driver.start_redis()
        driver.start("relay", "reconciler", "send")
        port = free_port()
        driver.start_web(port=port)
        driver.kill_redis()

        seconds = send_evenly(driver, port, outage)
        driver.start_redis()
        driver.rest(within_s=120)

        p95 = statistics.quantiles(seconds, n=20)[-1]
        assert p95 < 1, f"R2: p95 of the answers was {p95:.2f} s while Redis was down"
        counted = driver.equation()
        assert counted.entries == outage.inputs, f"R2: {counted.entries} of {outage.inputs} were forwarded"


def send_evenly(driver: Driver, port: int, outage: Outage) -> list[float]:
    """Send the inputs from ten addresses, spread over the outage; return the seconds of each answer."""
    citizens = [driver.citizen(port=port, address=f"127.0.0.{number}") for number in range(2, 22)]
    for citizen in citizens:
        citizen.fetch_token()
    seconds = []
    began = time.monotonic()
    for number in range(outage.inputs):
        time.sleep(max(0.0, began + number * outage.seconds / outage.inputs - time.monotonic()))
        sent = time.monotonic()
        answer = citizens[number % len(citizens)].send_idea(f"R2 idé {number}")
        seconds.append(time.monotonic() - sent)
        assert answer.status_code == SENT, f"R2: input {number} was answered with {answer.status_code} without Redis"
    for citizen in citizens:
        citizen.close()
    return seconds


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
