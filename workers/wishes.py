"""When and whether people want to be told: the verdicts of a push job, changed by what each has chosen."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from app.notices import query as notices_query
from app.outbox.models import OutboxEvent
from app.push import query as push
from app.push.client import PushMessage
from app.push.policy import MOST_A_WEEK, OTHERS, WEEK, peace_ends
from app.settings import Settings
from workers.notice import LeftOut, Notices, NotYet, Receivers, Verdict

ONLY_HERE = LeftOut("Vil bare ha det i lista")
ENOUGH = LeftOut("Har fått to varsler denne uka")
PEACE = "Det er kveld eller natt."


def heed(
    session: Session,
    topic: str,
    event: OutboxEvent,
    notices: Notices,
    receivers: Receivers,
    *,
    settings: Settings,
    now: datetime,
) -> Notices:
    """Return `notices` with what is not wanted left out, and what is not wanted now put off.

    topic: of the job. Called once for each batch of up to 500 receivers, inside the transaction that read them; it may
    ask the database, and changes nothing there. What is left out stands in the list at /varsler all the same. A test is
    asked for, and comes at once.
    """
    del event, receivers
    about = {one: said.about for one, said in notices.items() if isinstance(said, PushMessage)}
    if topic == "test" or not about:
        return notices
    changed: dict[UUID, Verdict] = dict.fromkeys(notices_query.wanted_only_here(session, about), ONLY_HERE)
    left = {one: said for one, said in about.items() if one not in changed}
    until = peace_ends(now, begins=settings.quiet_from, ends=settings.quiet_until)
    if until is not None:
        changed |= dict.fromkeys(left, NotYet(until, PEACE))
    else:
        others = [one for one, said in left.items() if said in OTHERS]
        told = push.told_of_others(session, others, since=now - WEEK) if others else {}
        changed |= {one: ENOUGH for one, count in told.items() if count >= MOST_A_WEEK}
    return {**notices, **changed}
