"""One stand-in for a file of tests, emptied before each."""

from collections.abc import Iterator

import pytest

from tests.support.letters import close_archives
from tests.support.standin import Standin


@pytest.fixture(scope="module")
def running_archive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Standin]:
    with Standin(tmp_path_factory.mktemp("standin"), clock="2026-03-03T13:00:00+01:00") as standin:
        yield standin


@pytest.fixture
def standin(running_archive: Standin) -> Iterator[Standin]:
    """An empty archive that behaves."""
    running_archive.reset()
    running_archive.clear_script()
    yield running_archive
    close_archives()
