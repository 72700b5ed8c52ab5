import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.standin import Standin, official_schemas

NOON = "2026-03-02T12:00:00+01:00"


@pytest.fixture
def standin(running_standin: Standin) -> Standin:
    """An empty stand-in that has just gone twelve, with case 2026/211 «Smart Narvik, mobilitet» open in it."""
    running_standin.reset()
    running_standin.open_case("Smart Narvik, mobilitet", number="2026/211", key="sak:mobilitet:2026")
    return running_standin


@pytest.fixture
def empty_standin(running_standin: Standin) -> Standin:
    running_standin.reset()
    return running_standin


@pytest.fixture(scope="session")
def running_standin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Standin]:
    with Standin(tmp_path_factory.mktemp("standin"), clock=NOON) as standin:
        yield standin


@pytest.fixture(scope="session")
def schemas() -> Path:
    """The folder with the official schemas; without them the test is skipped, aloud."""
    place = official_schemas()
    if place is None:
        words = "Offisielle skjema mangler: leter i ../shared/data, sett LAB_SCHEMAS"
        if os.environ.get("LAB_SCHEMAS_REQUIRED") == "1":
            pytest.fail(words)
        pytest.skip(words)
    return place / "geointegrasjon-arkiv-1.1"
