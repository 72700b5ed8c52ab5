"""One town for all journeys, a push service beside it, and phones to visit it with."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.journeys.scene import photo_of_the_track
from tests.journeys.town import Town, running_town
from tests.support.browser import DESK, phone
from tests.support.push_service import Witness, running_witness

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext

PATIENCE_MS = 10_000
HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.journey)


@pytest.fixture(scope="session")
def push_service() -> Iterator[Witness]:
    """Somebody else's push service: it refuses a wrong VAPID key, and decrypts what it is sent."""
    with running_witness() as witness:
        yield witness


@pytest.fixture(scope="session")
def town(push_service: Witness) -> Iterator[Town]:
    """The app as `make run` starts it. Every test finds the demo's ten ideas, and what other tests have sent."""
    with running_town({"LAB_PUSH_HOSTS": push_service.host}) as running:
        yield running


@pytest.fixture
def open_phone(browser: "Browser", town: Town) -> Iterator[Callable[..., "BrowserContext"]]:
    """Open a fresh phone (options as for new_context). All are closed when the test ends; neither side had a fault."""
    opened: list[BrowserContext] = []
    faults: list[str] = []

    def open_one(**options: Any) -> "BrowserContext":
        made = phone(browser, base_url=town.site, **options)
        made.set_default_timeout(PATIENCE_MS)
        made.on("weberror", lambda fault: faults.append(str(fault.error)))
        opened.append(made)
        return made

    yield open_one
    for made in opened:
        made.close()
    assert faults + town.faults() == []


@pytest.fixture
def open_desk(open_phone: Callable[..., "BrowserContext"]) -> Callable[..., "BrowserContext"]:
    """Open a browser of 1280x800, as on a desk."""

    def open_one(**options: Any) -> "BrowserContext":
        return open_phone(viewport=DESK, **options)

    return open_one


@pytest.fixture(scope="session")
def photo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("photos") / "IMG_2041.jpg"
    file.write_bytes(photo_of_the_track())
    return file
