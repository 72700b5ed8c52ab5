"""What happens to personal data: what is old goes."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Table, bindparam, delete, select, update
from sqlalchemy.orm import Session

from app.core.rows import rows
from app.personal.policy import End, Rule, empty_row, something_left, table_named


def purge(session: Session, rule: Rule, *, days: int, now: datetime, limit: int) -> int:
    """Let go of what `rule` keeps no longer at `now`, at most `limit` rows, oldest or not; return how many there were.

    Kept for `days` days to the second: a row goes when it is older than that.
    """
    table = table_named(rule.table)
    old = [rule.since(table) < now - timedelta(days=days), rule.only(table)]
    if rule.end is not End.GONE:
        old.append(something_left(table, rule.end))
    keys = [row[0] for row in rows(session, select(_key(table)).where(*old).limit(limit))]
    end_rows(session, table, rule.end, keys)
    return len(keys)


def end_rows(session: Session, table: Table, end: End, keys: Sequence[UUID]) -> None:
    """Do with these rows what `end` says."""
    if not keys:
        return
    key = _key(table)
    if end is End.GONE:
        session.execute(delete(table).where(key.in_(keys)))
        return
    sentence = update(table).where(key == bindparam("row_key"))
    session.connection().execute(sentence, [{"row_key": one, **empty_row(table, end)} for one in keys])


def _key(table: Table) -> Any:
    (key,) = table.primary_key.columns
    return key
