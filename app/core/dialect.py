"""The few sentences that SQLite and PostgreSQL say differently."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, cast

from sqlalchemy import Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session
from sqlalchemy.sql.dml import ReturningInsert

from app.core.db import Model
from app.core.rows import rows


def is_postgresql(session: Session) -> bool:
    return session.get_bind().dialect.name == "postgresql"


def insert_once(session: Session, model: type[Model], values: Mapping[str, Any]) -> bool:
    """Insert a row unless one of the table's unique keys is taken; return True when it was inserted.

    The uniqueness is in the write itself. A second writer of the same key waits for the first, then gets False.
    """
    return rows(session, _insert_once(model, is_postgresql(session)), values).first() is not None


def insert_all_once(session: Session, model: type[Model], many: Sequence[Mapping[str, Any]]) -> int:
    """Insert rows, all but those whose unique key is taken; return how many were inserted. Values: in each the same."""
    if not many:
        return 0
    session.flush()
    return len(session.connection().execute(_insert_once(model, is_postgresql(session)), many).all())


@lru_cache
def _insert_once(model: type[Model], on_postgresql: bool) -> ReturningInsert[Any]:
    """Return the sentence for one table, made once: it holds no values, and making it takes longer than saying it."""
    insert = postgresql.insert if on_postgresql else sqlite.insert
    table = cast("Table", model.__table__)
    # The row is asked back: psycopg's count of an INSERT is not kept by SQLAlchemy (-1).
    return insert(table).on_conflict_do_nothing().returning(*table.primary_key)
