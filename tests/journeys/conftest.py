"""One town for all journeys and all processes that make them, a push service beside it, and phones to visit it with."""

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.journeys.scene import photo_of_the_track
from tests.journeys.town import Town, running_town
from tests.journeys.turns import turn
from tests.support.browser import DESK, phone
from tests.support.push_service import Witness, running_witness

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext

PATIENCE_MS = 10_000
HERE = Path(__file__).parent
ALONE = HERE / "test_kari_sends_an_idea.py"  # it promises seconds of the whole system, so it has the machine to itself
TURNS = pytest.StashKey[Path]()
OPENED = pytest.StashKey[dict[str, Any]]()


def pytest_configure(config: pytest.Config) -> None:
    run = getattr(config, "workerinput", {}).get("testrunuid", os.getpid())
    config.stash[TURNS] = Path(tempfile.gettempdir()) / f"lab-turns-{run}"


def pytest_unconfigure(config: pytest.Config) -> None:
    config.stash[TURNS].unlink(missing_ok=True)


def pytest_itemcollected(item: pytest.Item) -> None:
    item.add_marker(pytest.mark.journey)


@pytest.hookimpl(trylast=True)  # when pytest-randomly has shuffled
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=is_alone, reverse=True)


def is_alone(item: pytest.Item) -> bool:
    return item.path == ALONE


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """Hold a turn from the first fixture to the last, so that nobody starts a browser beside the one who is alone."""
    with turn(item.config.stash[TURNS], alone=is_alone(item)):
        return (yield)


@contextmanager
def open_town() -> Iterator[dict[str, Any]]:
    """Run the app as `make run` starts it, and a push service beside it; give what a visitor must know of both."""
    with running_witness() as witness, running_town({"LAB_PUSH_HOSTS": witness.host}) as town:
        yield {"town": asdict(town) | {"logs": str(town.logs)}, "push_service": witness.port}


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Below xdist one town serves all processes: each of its own would cost half the time of the journeys."""
    config = node.config
    if OPENED not in config.stash:
        held = ExitStack()
        config.add_cleanup(held.close)
        config.stash[OPENED] = held.enter_context(open_town())
    node.workerinput["opened"] = config.stash[OPENED]


@pytest.fixture(scope="session")
def opened(request: pytest.FixtureRequest) -> Iterator[dict[str, Any]]:
    given = getattr(request.config, "workerinput", {}).get("opened")
    if given:
        yield given
        return
    with open_town() as ours:
        yield ours


@pytest.fixture(scope="session")
def push_service(opened: dict[str, Any]) -> Witness:
    """Somebody else's push service: it refuses a wrong VAPID key, and decrypts what it is sent."""
    return Witness(opened["push_service"])


@pytest.fixture(scope="session")
def town(opened: dict[str, Any]) -> Town:
    """The app as `make run` starts it. Every test finds the demo's ten ideas, and what other tests have sent."""
    return Town(**opened["town"] | {"logs": Path(opened["town"]["logs"])})


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
