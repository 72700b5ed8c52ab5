"""Kari's things, for all checks of who may see what."""

import pytest

from tests.support.karis_things import KarisThings, karis_things


@pytest.fixture
def things(session, settings, kari, now) -> KarisThings:
    return karis_things(session, settings, kari, now)
