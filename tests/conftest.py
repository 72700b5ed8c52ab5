"""What every test may ask for: the app, the database, the moment, and the cast."""

import hashlib
import hmac
import socket
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from app.core.actor import Actor, Role
from app.factory import create_app
from app.outbox import watermark
from app.settings import Settings
from app.web.extensions import db
from tests.support.accounts import staff
from tests.support.browser import browser, live_site  # noqa: F401 - fixtures, for all folders
from tests.support.database import fresh_database, migrate, wipe
from tests.support.letters import running_archive, standin  # noqa: F401 - fixtures, for all folders
from tests.support.visits import Visit

pytest_plugins = ("tests.support.equations", "tests.support.rounds")

NOON = datetime(2026, 3, 3, 12, 0, tzinfo=UTC)


@pytest.fixture(scope="session")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """The settings of the test app: a database of its own, no Redis, no rate limits, bokmål."""
    folder = tmp_path_factory.mktemp("instance")
    with fresh_database(folder) as url:
        yield Settings(mode="test", instance=folder, database_url=url, rate_limits=False, public_url="http://localhost")


@pytest.fixture
def empty_database(tmp_path: Path) -> Iterator[str]:
    """The address of a database that nobody has used."""
    with fresh_database(tmp_path) as url:
        yield url


@pytest.fixture(scope="session")
def clock() -> dict[str, datetime]:
    """The hands of the app's clock: clock["now"] = ... moves it."""
    return {"now": NOON}


@pytest.fixture(scope="session")
def app(settings: Settings, clock: dict[str, datetime]) -> Iterator[Flask]:
    made = create_app(settings, clock=lambda: clock["now"])
    migrate(made)
    yield made
    with made.app_context():
        db.engine.dispose()


@pytest.fixture(scope="session")
def engine(app: Flask) -> Engine:
    with app.app_context():
        return db.engine


@pytest.fixture
def now(clock: dict[str, datetime]) -> Iterator[datetime]:
    """A fixed noon; the app's clock shows it too."""
    clock["now"] = NOON
    yield NOON
    clock["now"] = NOON


@pytest.fixture
def session(engine: Engine, settings: Settings, now: datetime) -> Iterator[Session]:
    """A session on the real database; what a test stores is removed after it."""
    with Session(engine.execution_options(writes=True), expire_on_commit=False) as made:
        yield made
        made.rollback()
    wipe(engine)
    (settings.instance / watermark.FILE).unlink(missing_ok=True)


@pytest.fixture
def kari(settings: Settings) -> Actor:
    """A citizen who owns the thing; known by her phone alone, the same as visit_as("kari")."""
    return _phone("kari", settings)


@pytest.fixture
def ola(settings: Settings) -> Actor:
    """Another citizen, who must not see what is hers."""
    return _phone("ola", settings)


@pytest.fixture
def fatima(session: Session, now: datetime) -> Actor:
    return staff(session, "fatima", Role.FACILITATOR, now)


@pytest.fixture
def per(session: Session, now: datetime) -> Actor:
    return staff(session, "per", Role.CASE_WORKER, now)


def _phone(mark: str, settings: Settings) -> Actor:
    oldest = settings.secret_keys()[0].encode()
    return Actor(device_key=hmac.new(oldest, b"device:" + mark.encode(), hashlib.sha256).digest())


@pytest.fixture
def visit(app: Flask, session: Session) -> Visit:
    """Nobody in particular, on a fresh phone."""
    return Visit(app, session)


@pytest.fixture
def visit_as(app: Flask, session: Session, now: datetime) -> Callable[[str], Visit]:
    """Visit as one of the cast: "kari", "ola" (by their phones), "fatima", "per" or a Role's value (signed in)."""

    def as_somebody(who: str) -> Visit:
        made = Visit(app, session)
        if who in {"kari", "ola"}:
            return made.with_device(who)
        if who == "anonymous":
            return made
        role = {"fatima": Role.FACILITATOR, "per": Role.CASE_WORKER}.get(who) or Role(who)
        actor = staff(session, who, role, now)
        assert isinstance(actor.participant_id, UUID)
        return made.signed_in(str(actor.participant_id))

    return as_somebody


@pytest.fixture(autouse=True)
def only_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test talks to anything but this machine."""
    real = socket.socket.connect

    def connect(self: socket.socket, address: Any) -> None:
        if self.family in {socket.AF_INET, socket.AF_INET6} and address[0] not in {"127.0.0.1", "::1", "localhost"}:
            raise AssertionError(f"a test called {address[0]}")
        real(self, address)

    monkeypatch.setattr(socket.socket, "connect", connect)
