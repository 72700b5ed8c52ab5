"""Times and numbers as people say them, in Oslo time and in the page's language."""

from datetime import date, datetime, timedelta
from functools import lru_cache

from babel.dates import format_date

from app.core.oslo import OSLO
from app.web.language import gettext as _
from app.web.language import locale, ngettext

# Babel has no words for Lule Sámi, and writes Northern Sámi days in an order nobody uses. Months in the genitive, as in
# «njukčamánu 3. beaivi». Drafts, not read by a speaker.
SAMI_MONTHS = {
    "se": (
        "ođđajagimánu", "guovvamánu", "njukčamánu", "cuoŋománu", "miessemánu", "geassemánu",
        "suoidnemánu", "borgemánu", "čakčamánu", "golggotmánu", "skábmamánu", "juovlamánu",
    ),
    "smj": (
        "ådåjakmáno", "guovvamáno", "sjnjuktjamáno", "vuoratjismáno", "moarmesmáno", "biehtsemáno",
        "sjnjilltjamáno", "bårggemáno", "ragátmáno", "gålgådismáno", "basádismáno", "javllamáno",
    ),
}  # fmt: skip
SAMI_DAY = {"se": "beaivi", "smj": "biejvve"}
PATTERNS = {"en": "d MMMM"}


def noon_of(now: datetime) -> datetime:
    """Return noon of this day in Oslo: stands for `now` where the day alone is shown, so that the text can be kept."""
    return now.astimezone(OSLO).replace(hour=12, minute=0, second=0, microsecond=0)


def when_text(moment: datetime, now: datetime) -> str:
    """Return «i dag 14.02», «i går 14.02», «3. mars» or «3. mars 2025»."""
    return _when(locale(), moment, now.astimezone(OSLO).date())


@lru_cache(maxsize=2000)
def _when(language: str, moment: datetime, today: date) -> str:
    """Kept, because a list shows the same few moments again and again."""
    then = moment.astimezone(OSLO).date()
    days = (today - then).days
    if days == 0:
        return _("i dag %(clock)s", clock=clock_text(moment))
    if days == 1:
        return _("i går %(clock)s", clock=clock_text(moment))
    return _day(language, then, with_year=then.year != today.year)


def day_text(moment: datetime, now: datetime) -> str:
    """Return «3. mars», with the year when it is another one."""
    then = moment.astimezone(OSLO).date()
    return _day(locale(), then, with_year=then.year != now.astimezone(OSLO).year)


def date_text(day: date, now: datetime) -> str:
    """Return «3. mars» for a day that has no clock, with the year when it is another one."""
    return _day(locale(), day, with_year=day.year != now.astimezone(OSLO).year)


def time_left(closes_at: datetime, now: datetime) -> str:
    """Return «12 dager igjen», counted in days of Narvik; «Siste dag» on the day it closes."""
    days = days_left(closes_at, now)
    return ngettext("%(num)s dag igjen", "%(num)s dager igjen", days) if days else _("Siste dag")


def days_left(closes_at: datetime, now: datetime) -> int:
    """Return how many midnights in Narvik lie between now and the last moment it is open."""
    last = (closes_at - timedelta(microseconds=1)).astimezone(OSLO).date()
    return max((last - now.astimezone(OSLO).date()).days, 0)


def share_passed(opens_at: datetime, closes_at: datetime, now: datetime) -> int:
    """Return how much of the time has gone, in whole per cent, 0 to 100."""
    return min(max(int(100 * ((now - opens_at) / (closes_at - opens_at))), 0), 100)


def clock_text(moment: datetime) -> str:
    """Return «14.02», in English «14:02»."""
    return moment.astimezone(OSLO).strftime("%H:%M" if locale() == "en" else "%H.%M")


@lru_cache(maxsize=2000)
def _day(language: str, day: date, *, with_year: bool) -> str:
    """Kept, because a list shows the same few days again and again, and Babel takes its time for each."""
    if language in SAMI_MONTHS:
        return _sami_day(language, day, with_year=with_year)
    return str(format_date(day, PATTERNS.get(language, "d. MMMM") + (" y" if with_year else ""), locale=language))


def _sami_day(language: str, day: date, *, with_year: bool) -> str:
    text = f"{SAMI_MONTHS[language][day.month - 1]} {day.day}. {SAMI_DAY[language]}"
    return f"{text} {day.year}" if with_year else text
