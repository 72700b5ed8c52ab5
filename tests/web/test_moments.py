"""Times, days and counts, said in each of the five languages."""

from datetime import UTC, datetime, timedelta

import pytest

from app.core.language import LANGUAGES
from app.web.language import ngettext
from app.web.moments import day_text, when_text

NOW = datetime(2026, 3, 3, 13, 2, tzinfo=UTC)
LAST_YEAR = datetime(2025, 12, 31, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("language", "today", "yesterday", "day", "another_year"),
    [
        ("nb", "i dag 14.02", "i går 14.02", "24. februar", "31. desember 2025"),
        ("nn", "i dag 14.02", "i går 14.02", "24. februar", "31. desember 2025"),
        ("en", "today 14:02", "yesterday 14:02", "24 February", "31 December 2025"),
        ("se", "odne 14.02", "ikte 14.02", "guovvamánu 24. beaivi", "juovlamánu 31. beaivi 2025"),
        ("smj", "uddni 14.02", "i går 14.02", "guovvamáno 24. biejvve", "javllamáno 31. biejvve 2025"),
    ],
)
def test_a_moment_is_said_as_people_say_it(app, language, today, yesterday, day, another_year):
    with in_language(app, language):
        assert when_text(NOW, NOW) == today
        assert when_text(NOW - timedelta(days=1), NOW) == yesterday
        assert when_text(NOW - timedelta(days=7), NOW) == day
        assert when_text(LAST_YEAR, NOW) == another_year


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_month_has_a_name_of_its_own(app, language):
    with in_language(app, language):
        names = {day_text(NOW.replace(month=month, day=1), NOW) for month in range(1, 13)}

    assert len(names) == 12
    assert not any("M0" in name for name in names)


def test_an_hour_after_midnight_in_oslo_is_a_new_day(app):
    late = datetime(2026, 3, 2, 23, 30, tzinfo=UTC)

    with in_language(app, "nb"):
        assert when_text(late, NOW) == "i dag 00.30"


@pytest.mark.parametrize(
    ("language", "said"),
    [("nb", "20\u202f000 idéer"), ("nn", "20\u202f000 idear"), ("en", "20,000 ideas"), ("smj", "20\u202f000 idéer")],
)
def test_a_large_count_is_easy_to_read(app, language, said):
    with in_language(app, language):
        assert ngettext("%(num)s idé", "%(num)s idéer", 20_000) == said
        assert ngettext("%(num)s idé", "%(num)s idéer", 1).startswith("1 ")


def in_language(app, language):
    return app.test_request_context("/", headers={"Cookie": f"spraak={language}"})
