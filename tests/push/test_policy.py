"""Quiet hours by the clock in Narvik, also on the nights when it is moved."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.oslo import OSLO
from app.push.policy import peace_ends

INSTANTS = st.datetimes(datetime(2024, 1, 1), datetime(2030, 1, 1)).map(lambda at: at.replace(tzinfo=UTC))  # noqa: DTZ001


def at_home(year: int, month: int, day: int, hour: int, minute: int = 0) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=OSLO).astimezone(UTC)


@pytest.mark.parametrize(
    ("now", "until"),
    [
        (at_home(2026, 11, 24, 20, 59), None),
        (at_home(2026, 11, 24, 21, 0), at_home(2026, 11, 25, 8)),
        (at_home(2026, 12, 31, 23, 59), at_home(2027, 1, 1, 8)),
        (at_home(2026, 11, 25, 7, 59), at_home(2026, 11, 25, 8)),
        (at_home(2026, 11, 25, 8, 0), None),
        (at_home(2026, 3, 28, 22, 0), at_home(2026, 3, 29, 8)),
        (at_home(2026, 10, 24, 22, 0), at_home(2026, 10, 25, 8)),
    ],
)
def test_between_nine_in_the_evening_and_eight_it_waits_for_eight(now, until):
    assert peace_ends(now, begins=21, ends=8) == until


def test_the_nights_when_the_clock_is_moved_are_an_hour_shorter_and_longer():
    spring = peace_ends(at_home(2026, 3, 28, 21), begins=21, ends=8)
    autumn = peace_ends(at_home(2026, 10, 24, 21), begins=21, ends=8)

    assert spring - at_home(2026, 3, 28, 21) == timedelta(hours=10)
    assert autumn - at_home(2026, 10, 24, 21) == timedelta(hours=12)


@given(INSTANTS, st.integers(0, 23), st.integers(4, 23))
def test_when_the_wait_is_over_nobody_waits_again(now, begins, ends):
    until = peace_ends(now, begins=begins, ends=ends)

    if until is not None:
        assert now < until <= now + timedelta(hours=25)
        assert peace_ends(until, begins=begins, ends=ends) is None


@given(INSTANTS, st.integers(0, 23))
def test_the_same_hour_twice_is_no_quiet_hours(now, hour):
    assert peace_ends(now, begins=hour, ends=hour) is None
