"""What the archive's codes mean for a citizen, and how often it is asked."""

from datetime import datetime, time, timedelta

from app.cases.client import ArchiveStatus
from app.cases.codes import Codes
from app.core.oslo import OSLO
from app.parcels.models import ORDER, Step

QUIET_AFTER = timedelta(days=90)
WEEK = timedelta(days=7)
NIGHT, MORNING, EVENING = time(3), time(7), time(17)
SATURDAY = 5
HURRIED = timedelta(minutes=30)


def step_of(status: ArchiveStatus, codes: Codes) -> Step | None:
    """Return the step that the archive's answer means, the furthest one when it means several; None: no change.

    Source: case-systems.md section 5. A code the map does not name means nothing to a citizen, only to staff.
    """
    meanings = codes.pairs("status_map")
    said = [status.entry_code, status.reply_code]
    if has_handler(status, codes):
        said.append("handler")
    steps = [Step(meanings[code]) for code in said if code and meanings.get(code) in set(Step)]
    return max(steps, key=ORDER.__getitem__, default=None)


def has_handler(status: ArchiveStatus, codes: Codes) -> bool:
    """Tell whether somebody other than the one we sent has been given the entry."""
    return status.handler is not None and status.handler != codes.given("handler")


def is_unknown(code: str | None, codes: Codes) -> bool:
    return code is not None and code not in codes.pairs("status_map")


def next_poll(now: datetime, *, every: float, quiet_since: datetime) -> datetime:
    """Return when a case is asked about next. every: seconds between questions in working time (setting).

    Outside working time it waits for the night at 03.00 in Narvik, and a case without news for 90 days for a week.
    Intervals under half an hour are for demos and tests and are kept as they are.
    """
    step = timedelta(seconds=every)
    if step < HURRIED:
        return now + step
    if now - quiet_since > QUIET_AFTER:
        return now + WEEK
    wanted = (now + step).astimezone(OSLO)
    if wanted.weekday() < SATURDAY and MORNING <= wanted.time() <= EVENING:
        return wanted
    night = datetime.combine(wanted.date(), NIGHT, OSLO)
    return night if night > now else night + timedelta(days=1)
