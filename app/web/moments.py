"""Times and numbers as people say them, in Oslo time and in the page's language."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from flask_babel import format_date
from flask_babel import gettext as _

from app.web.language import locale

OSLO = ZoneInfo("Europe/Oslo")

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


def when_text(moment: datetime, now: datetime) -> str:
    """Return «i dag 14.02», «i går 14.02», «3. mars» or «3. mars 2025»."""
    then, today = moment.astimezone(OSLO), now.astimezone(OSLO).date()
    days = (today - then.date()).days
    if days == 0:
        return str(_("i dag %(clock)s", clock=clock_text(moment)))
    if days == 1:
        return str(_("i går %(clock)s", clock=clock_text(moment)))
    return day_text(moment, now)


def day_text(moment: datetime, now: datetime) -> str:
    """Return «3. mars», with the year when it is another one."""
    then = moment.astimezone(OSLO).date()
    with_year = then.year != now.astimezone(OSLO).year
    language = locale()
    if language in SAMI_MONTHS:
        return _sami_day(language, then, with_year=with_year)
    return str(format_date(then, PATTERNS.get(language, "d. MMMM") + (" y" if with_year else ""), rebase=False))


def clock_text(moment: datetime) -> str:
    """Return «14.02», in English «14:02»."""
    return moment.astimezone(OSLO).strftime("%H:%M" if locale() == "en" else "%H.%M")


def _sami_day(language: str, day: date, *, with_year: bool) -> str:
    text = f"{SAMI_MONTHS[language][day.month - 1]} {day.day}. {SAMI_DAY[language]}"
    return f"{text} {day.year}" if with_year else text
