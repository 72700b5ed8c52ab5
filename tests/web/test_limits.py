"""Nobody can send without end from one address, and nobody is stopped from reading."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask

from app.factory import create_app
from app.settings import Settings
from app.web.extensions import db, limiter


def test_the_sixty_first_press_on_support_in_a_minute_has_to_wait(limited: Flask) -> None:
    phone = limited.test_client()

    statuses = [phone.post("/ideer/11111111-1111-4111-8111-111111111111/stott").status_code for _ in range(61)]

    assert statuses[-1] == 429
    assert 429 not in statuses[:60]


def test_reading_is_never_counted(limited: Flask) -> None:
    phone = limited.test_client()

    assert {phone.get("/healthz").status_code for _ in range(100)} == {200}


@pytest.fixture
def limited(app: Flask, settings: Settings, tmp_path: Path) -> Iterator[Flask]:
    made = create_app(replace(settings, rate_limits=True, instance=tmp_path))
    made.config["WTF_CSRF_ENABLED"] = False
    yield made
    with made.app_context():
        db.engine.dispose()
    limiter.enabled = settings.rate_limits
