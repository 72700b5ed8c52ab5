"""What the checks of promises.md share: their marks, and where processes are born."""

from collections.abc import Callable, Iterator

import pytest

from tests.support.database import on_postgresql
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


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "sqlite_only: the promise does not depend on the database; checked on SQLite")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """On PostgreSQL leave out the checks whose promise no database can change: they have run on SQLite."""
    if not on_postgresql():
        return
    left_out = [item for item in items if item.get_closest_marker("sqlite_only")]
    items[:] = [item for item in items if item not in left_out]
    config.hook.pytest_deselected(items=left_out)
