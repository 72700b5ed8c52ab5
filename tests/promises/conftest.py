"""What the checks of promises.md share: where processes are born."""

from collections.abc import Callable, Iterator

import pytest

from tests.support.driver import Driver
from tests.support.nursery import Nursery


@pytest.fixture(scope="session")
def nursery() -> Iterator[Nursery]:
    with Nursery() as made:
        yield made


@pytest.fixture
def drive(nursery: Nursery, record_property: Callable[[str, object], None]) -> Callable[..., Driver]:
    """Make a driver: `with drive("R1", LAB_...="...") as driver`. Its equation is printed after the tests."""

    def made(check: str, **settings: str) -> Driver:
        return Driver(check, nursery, tell=lambda line: record_property("equation", line), **settings)

    return made
