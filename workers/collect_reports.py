"""What waits for a report is put into one when the first input of its process should be in one by now."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from uuid import UUID

import structlog
from sqlalchemy.orm import Session

from app.comments import query as comments
from app.core.crash import crash_point
from app.files import query as files
from app.ideas import query as ideas
from app.parcels import query as parcels
from app.parcels import service
from app.settings import Settings
from workers.forward_case import WITHDRAWN
from workers.work import Transaction

ASKED_AT_ONCE = 500  # ids in one question

log = structlog.get_logger("reports")


def collect(transaction: Transaction, settings: Settings, now: datetime) -> int:
    """Make the reports that are due, each process in a transaction of its own; return how many were made."""
    with transaction() as session:
        due = parcels.processes_due(session, now)
    made = 0
    for process_id in due:
        with transaction() as session:
            made += _collect(session, process_id, settings, now)
            crash_point("report.after_collect")
    return made


def _collect(session: Session, process_id: UUID, settings: Settings, now: datetime) -> int:
    """Put all that waits in one process into reports; what its writer has taken back goes into none."""
    waiting = parcels.waiting_for_report(session, process_id, now)
    gone: set[UUID] = set()
    pictures: dict[UUID, int] = {}
    for first in range(0, len(waiting), ASKED_AT_ONCE):
        ids = waiting[first : first + ASKED_AT_ONCE]
        back = {*ideas.taken_back(session, ids), *comments.taken_back(session, ids)}
        if back:
            service.leave_out(session, sorted(back), reason=WITHDRAWN, now=now)
            gone |= back
        pictures.update(files.picture_counts(session, ids))
    left = [input_id for input_id in waiting if input_id not in gone]
    parts = list(in_parts(left, pictures, most_inputs=settings.report_inputs, most_pictures=settings.report_pictures))
    for number, part in enumerate(parts, start=1):
        service.make_report(session, process_id, part, part=number, parts=len(parts), now=now)
    if parts:
        log.info("reports_made", process=str(process_id), inputs=len(left), parts=len(parts))
    return len(parts)


def in_parts(
    inputs: Sequence[UUID], pictures: Mapping[UUID, int], *, most_inputs: int, most_pictures: int
) -> Iterator[Sequence[UUID]]:
    """Give the inputs in their order, so many at a time that one letter can hold them and their pictures.

    pictures: how many an input has, 0 without a key. One that alone has more pictures than `most_pictures` gets a part
    of its own.
    """
    part: list[UUID] = []
    held = 0
    for input_id in inputs:
        more = pictures.get(input_id, 0)
        if part and (len(part) == most_inputs or held + more > most_pictures):
            yield part
            part, held = [], 0
        part.append(input_id)
        held += more
    if part:
        yield part
