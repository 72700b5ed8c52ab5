"""Times as people say them, in Oslo time."""

from datetime import datetime
from zoneinfo import ZoneInfo

from flask_babel import format_date
from flask_babel import gettext as _

OSLO = ZoneInfo("Europe/Oslo")


def when_text(moment: datetime, now: datetime) -> str:
    """Return «i dag 14.02», «i går 14.02», «3. mars» or «3. mars 2025»."""
    then, today = moment.astimezone(OSLO), now.astimezone(OSLO).date()
    clock = then.strftime("%H.%M")
    days = (today - then.date()).days
    if days == 0:
        return str(_("i dag %(clock)s", clock=clock))
    if days == 1:
        return str(_("i går %(clock)s", clock=clock))
    return day_text(moment, now)


def day_text(moment: datetime, now: datetime) -> str:
    """Return «3. mars», with the year when it is another one."""
    then = moment.astimezone(OSLO).date()
    same_year = then.year == now.astimezone(OSLO).year
    return str(format_date(then, "d. MMMM" if same_year else "d. MMMM y", rebase=False))
