"""R3: Redis may be killed and emptied; what waited is forwarded all the same."""

from collections.abc import Callable

import pytest

from tests.support.driver import Driver

pytestmark = pytest.mark.sqlite_only
WAITING = [pytest.param(50, id="small"), pytest.param(500, id="full", marks=pytest.mark.slow)]


@pytest.mark.parametrize("waiting", WAITING)
def test_all_that_waits_is_forwarded_after_redis_was_killed_and_emptied(
    drive: Callable[..., Driver], waiting: int
) -> None:
    with drive("R3") as driver:
        driver.start_redis()
        driver.write_ideas([f"R3 idé {number}" for number in range(waiting)])
        driver.start("relay")
        driver.wait(lambda: driver.bells_unheard("send") >= waiting, 30, "the bells did not ring")
        driver.kill_redis()
        driver.start_redis()
        driver.redis().flushall()

        driver.start("reconciler", "send-1", "send-2")
        driver.rest(within_s=40 + waiting)

        counted = driver.equation()
        assert counted.entries == waiting, f"R3: {counted.entries} of {waiting} were forwarded"
