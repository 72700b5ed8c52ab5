"""What the archive's codes mean for a citizen, and how often it is asked."""

from datetime import UTC, datetime, timedelta

import pytest

from app.cases.client import ArchiveStatus
from app.cases.codes import codes_in_force
from app.cases.policy import is_unknown, next_poll, step_of
from app.core.oslo import OSLO
from app.parcels.models import Step
from tests.support.letters import CODES, NOON

TABLE = [
    # entry, reply, handler, step
    ("M", None, None, Step.RECEIVED),
    ("S", None, None, Step.RECEIVED),
    ("J", None, None, Step.READ),
    ("A", None, None, Step.READ),
    ("J", None, "PERSAK", Step.CONSIDERED),
    ("M", None, "PERSAK", Step.CONSIDERED),
    ("J", "BU", None, Step.DECIDED),
    ("J", "BE", "PERSAK", Step.DECIDED),
    ("J", "TLF", None, Step.DECIDED),
    ("J", "TE", None, Step.DECIDED),
    ("J", "TO", None, Step.DECIDED),
    ("U", None, None, None),
    ("F", None, None, None),
    ("R", None, None, None),
    ("HELT-NY", None, None, None),
    (None, None, None, None),
]


@pytest.mark.parametrize(("entry", "reply", "handler", "step"), TABLE)
def test_the_archives_words_become_a_citizens_step(
    entry: str | None, reply: str | None, handler: str | None, step: Step | None
) -> None:
    assert step_of(ArchiveStatus(entry, reply, None, handler, NOON), CODES) == step


def test_the_handler_we_sent_ourselves_is_no_news() -> None:
    codes = codes_in_force({"handler": "PERSAK"}, standin=True)

    assert step_of(ArchiveStatus("J", None, None, "PERSAK", NOON), codes) is Step.READ


def test_a_code_nobody_has_explained_goes_to_staff() -> None:
    assert is_unknown("HELT-NY", CODES)
    assert not is_unknown("J", CODES)
    assert not is_unknown(None, CODES)


@pytest.mark.parametrize(
    ("now", "wanted"),
    [
        (datetime(2026, 3, 3, 10, 0, tzinfo=OSLO), datetime(2026, 3, 3, 12, 0, tzinfo=OSLO)),  # Tuesday, at work
        (datetime(2026, 3, 3, 16, 0, tzinfo=OSLO), datetime(2026, 3, 4, 3, 0, tzinfo=OSLO)),  # the day is over
        (datetime(2026, 3, 4, 3, 0, tzinfo=OSLO), datetime(2026, 3, 5, 3, 0, tzinfo=OSLO)),  # asked this night
        (datetime(2026, 3, 7, 10, 0, tzinfo=OSLO), datetime(2026, 3, 8, 3, 0, tzinfo=OSLO)),  # Saturday
    ],
)
def test_a_case_is_asked_about_at_work_and_else_at_night(now: datetime, wanted: datetime) -> None:
    assert next_poll(now, every=7200, quiet_since=now) == wanted


def test_a_case_that_has_been_quiet_is_asked_about_once_a_week() -> None:
    now = datetime(2026, 3, 3, 10, 0, tzinfo=UTC)

    assert next_poll(now, every=7200, quiet_since=now - timedelta(days=91)) == now + timedelta(days=7)


def test_a_demo_asks_as_often_as_it_is_told() -> None:
    assert next_poll(NOON, every=10, quiet_since=NOON - timedelta(days=200)) == NOON + timedelta(seconds=10)
