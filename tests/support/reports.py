"""Processes that archive in reports, for tests."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime

from sqlalchemy import update
from sqlalchemy.orm import Session

from app.parcels.models import ReportItem
from app.processes.models import IDEPOOL_SLUG, Archiving, Process
from tests.support.pdf import words_of
from tests.support.standin import Standin

LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


def archive_in_reports(session: Session, *, ideas: bool = True, comments: bool = True) -> None:
    """Let what the Idepool gets from now on go to the archive in reports, or not, and commit."""
    way = {True: Archiving.REPORT.value, False: Archiving.ALONE.value}
    chosen = {"ideas_archived": way[ideas], "comments_archived": way[comments]}
    session.execute(update(Process).where(Process.slug == IDEPOOL_SLUG).values(chosen))
    session.commit()


@contextmanager
def in_reports(session: Session) -> Iterator[None]:
    """Let the Idepool archive in reports until the end: it outlives the test."""
    archive_in_reports(session)
    yield
    session.rollback()
    archive_in_reports(session, ideas=False, comments=False)


def let_reports_fall_due(session: Session) -> None:
    """As if a month had passed."""
    session.execute(update(ReportItem).where(ReportItem.report_id.is_(None)).values(due_at=LONG_AGO))


def in_reports_there(standin: Standin, titles: Sequence[str]) -> Mapping[str, int]:
    """Return in how many reports of the archive each of these titles stands, as somebody reads them there."""
    seen: Counter[str] = Counter()
    for entry in standin.state()["entries"]:
        if entry["kind"] == "X":
            (report,) = [document for document in entry["documents"] if document["role"] == "H"]
            words = words_of(standin.document(report["system_id"]))
            seen.update(title for title in titles if "".join(title.split()) in words)
    return seen
