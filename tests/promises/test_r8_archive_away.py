"""R8: the archive is away for seven days. Nothing is given up, staff hear of it, and all is sent when it is back.

The reconciler does what it does in production, without Redis; only its clock is ours.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import TracebackType
from typing import Self

import pytest
from flask import Flask
from sqlalchemy import func, select

from app.accounts.models import SignIn
from app.accounts.service import add_participant
from app.core.actor import Role
from app.factory import create_app
from app.outbox.models import DeliveryState, OutboxDelivery, Pause
from app.settings import Settings
from app.web.extensions import db
from tests.support.driver import Driver, now
from workers.ports import build_ports
from workers.reconciler import Reconciler, Watch
from workers.runtime import Runtime, transactions

pytestmark = pytest.mark.sqlite_only
AWAY = timedelta(days=7)
HEARD_OF_AFTER = timedelta(hours=4)
LONGEST_WAIT = timedelta(hours=1)
BACK_WITHIN = timedelta(minutes=30)
ROUND = timedelta(seconds=15)
# When the reconciler looks after the archive has gone: often at first, then around the four hours, then now and then.
LOOKS = (
    *(ROUND * number for number in range(3)),
    *(timedelta(minutes=minutes) for minutes in (2, 8, 24, 170, 239, 241)),
    *(timedelta(hours=hours) for hours in range(6, 24 * 7 + 1, 2)),
)
MEANWHILE = timedelta(days=1)  # people go on writing
HEARD = {timedelta(minutes=239), timedelta(minutes=241), timedelta(days=1), AWAY}
WHERE = {"flask check", "arbeidsflata"}
GIVEN_UP = (DeliveryState.STOPPED.value, DeliveryState.UNCLEAR.value, DeliveryState.NEVER.value)
AS_IN_PRODUCTION = {"LAB_BACKOFF": Settings().backoff}
SIZES = [pytest.param(50, id="small"), pytest.param(5000, id="full", marks=pytest.mark.slow)]


@pytest.mark.parametrize("inputs", SIZES)
def test_what_waits_a_week_for_the_archive_is_sent_when_it_is_back(drive: Callable[..., Driver], inputs: int) -> None:
    with drive("R8", **AS_IN_PRODUCTION) as driver, House(driver) as house:
        titles = [f"R8 idé {number}" for number in range(inputs)]
        driver.write_ideas(titles[: inputs // 5])
        driver.standin.stop()

        began = house.hands.now
        for since in LOOKS:
            house.hands.now = began + since
            if since == MEANWHILE:
                driver.write_ideas(titles[inputs // 5 :])
            house.reconciler.round()
            house.check_nothing_is_given_up()
            if since in HEARD:
                wanted = WHERE if since >= HEARD_OF_AFTER else set()
                assert house.alarms() == wanted, f"R8: after {since} {house.alarms()} tell of what waits, not {wanted}"

        driver.standin.start()
        began = house.hands.now
        while driver.unfinished():
            house.round_that_takes_its_time()
            waited = house.hands.now - began
            assert waited <= BACK_WITHIN, f"R8: {driver.unfinished()} are not sent {waited} after the archive is back"
        counted = driver.equation()
        assert counted.entries == inputs, f"R8: {counted.entries} of {inputs} were sent"
        assert not house.alarms(), "R8: all is sent, and staff still hear that something waits"


@dataclass
class Hands:
    """Of the clock."""

    now: datetime


class House:
    """The background work and the pages of one system, in this process, with a clock that we move."""

    def __init__(self, driver: Driver) -> None:
        self.driver = driver
        self.hands = Hands(now())
        settings = driver.settings
        self.ports = build_ports(settings, transactions(driver.engine, writes=False), lambda: self.hands.now)
        runtime = Runtime(settings, transactions(driver.engine), self.ports, clock=lambda: self.hands.now)
        self.reconciler = Reconciler(runtime, None, Watch(settings.lease_seconds))
        self.pages = create_app(settings, clock=lambda: self.hands.now)
        with driver.session() as session:
            per = add_participant(
                session, email="per@r8.example", name="Per", title="Rådgiver", role=Role.CASE_WORKER, now=now()
            )
            signed_in = SignIn(
                participant_id=per.id, browser="", system="", begun_at=now(), ends_at=now() + timedelta(days=30)
            )
            session.add(signed_in)
            session.flush()
            self.per = str(signed_in.id)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.ports.archive.close()
        with self.pages.app_context():
            db.engine.dispose()

    def round_that_takes_its_time(self) -> None:
        """Do one round; the clock goes on by what it took, and by the pause before the next."""
        began = time.monotonic()
        self.reconciler.round()
        self.hands.now += max(ROUND, timedelta(seconds=time.monotonic() - began))

    def check_nothing_is_given_up(self) -> None:
        with self.driver.reading() as session:
            given_up = session.scalars(select(OutboxDelivery.job).where(OutboxDelivery.state.in_(GIVEN_UP))).all()
            assert not given_up, f"R8: given up because the archive is away: {given_up}"
            waiting = OutboxDelivery.state == DeliveryState.WAITING.value
            latest = session.scalar(select(func.max(OutboxDelivery.due_at)).where(waiting))
            probe = session.scalar(select(func.max(Pause.probe_at)).where(Pause.closed))
        for next_try in (latest, probe):
            wait = (next_try or self.hands.now) - self.hands.now
            assert wait <= LONGEST_WAIT, f"R8: something waits {wait} for its next try"

    def alarms(self) -> set[str]:
        """Return where staff read that something has waited for four hours."""
        said = {"flask check": flask_check(self.pages), "arbeidsflata": self._desk()}
        return {where for where, text in said.items() if "ventet i fire timer" in text}

    def _desk(self) -> str:
        client = self.pages.test_client()
        with client.session_transaction() as cookie:
            cookie["_user_id"], cookie["_fresh"] = self.per, True
        answer = client.get("/arbeidsflate")
        assert answer.status_code == 200, f"R8: the desk answered {answer.status_code}"
        return answer.get_data(as_text=True)


def flask_check(pages: Flask) -> str:
    return pages.test_cli_runner().invoke(args=["check"]).output
