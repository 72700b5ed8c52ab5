"""A new day: what has been kept long enough goes, class by class, a few rows at a time."""

from datetime import datetime, timedelta
from pathlib import Path

import structlog

from app.outbox.models import OutboxEvent
from app.personal import service
from app.personal.pack import file_path
from app.personal.policy import RULES, Rule
from app.settings import Settings
from workers.work import Work

CHANNEL = "local"
QUEUE = "heavy"
AT_ONCE = 500

log = structlog.get_logger("workers")


def handle(work: Work, event: OutboxEvent) -> None:  # noqa: ARG001 - what is old is old, whichever day asks
    """Purge every class, and say how many rows went. Run twice, the second finds nothing."""
    for rule in RULES:
        count = _purge(work, rule)
        log.info("purged", name=rule.name, count=count)
    _sweep_own_files(work)
    log.info("purged", name="backups", count=_old_backups(work.settings, work.now))
    with work.settle():
        return


def _purge(work: Work, rule: Rule) -> int:
    """Take a few rows in each transaction: nobody waits long for the write lock, and the lease is kept."""
    days = getattr(work.settings, rule.days)
    count = gone = AT_ONCE
    total = 0
    while gone == count:
        work.steps.before(rule.name)
        with work.transaction() as session:
            gone = service.purge(session, rule, days=days, now=work.now, limit=count)
        total += gone
    work.steps.after(rule.name, str(total))
    return total


def _sweep_own_files(work: Work) -> None:
    """Remove the files whose rows have gone: without the row nobody could open them, and now nobody has them."""
    folder = file_path(work.settings.instance, work.delivery_id).parent
    paths = list(folder.iterdir()) if folder.is_dir() else []
    with work.transaction() as session:
        left = service.files_without_rows(session, paths)
    for path in left:
        path.unlink(missing_ok=True)


def _old_backups(settings: Settings, now: datetime) -> int:
    """Remove backups that are kept no longer, where LAB_BACKUP_FOLDER says that they lie; nothing else lies there."""
    if not settings.backup_folder:
        return 0
    oldest = (now - timedelta(days=settings.keep_backups_days)).timestamp()
    old = [path for path in Path(settings.backup_folder).iterdir() if path.is_file() and path.stat().st_mtime < oldest]
    for path in old:
        path.unlink(missing_ok=True)
    return len(old)
