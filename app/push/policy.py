"""When people are left in peace, and how often they are told of what is not their own."""

from datetime import UTC, datetime, time, timedelta

from app.core.oslo import OSLO

MOST_A_WEEK = 2
WEEK = timedelta(days=7)
# What answers nothing of one's own, as the log calls it.
OTHERS = frozenset({"follow", "news"})


def peace_ends(now: datetime, *, begins: int, ends: int) -> datetime | None:
    """Return when the quiet hours that `now` is in are over, in UTC; None when it is in none.

    begins, ends: hours of the clock in Narvik. The same hour twice: there are no quiet hours.
    """
    local = now.astimezone(OSLO)
    if not _is_quiet(local.hour, begins, ends):
        return None
    day = local.date() if local.hour < ends else local.date() + timedelta(days=1)
    return datetime.combine(day, time(ends), OSLO).astimezone(UTC)


def _is_quiet(hour: int, begins: int, ends: int) -> bool:
    return begins <= hour < ends if begins <= ends else hour >= begins or hour < ends
