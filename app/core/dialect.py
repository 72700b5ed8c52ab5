"""The few sentences that SQLite and PostgreSQL say differently."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from app.core.db import Model


def is_postgresql(session: Session) -> bool:
    return session.get_bind().dialect.name == "postgresql"


def insert_once(session: Session, model: type[Model], values: Mapping[str, Any]) -> bool:
    """Insert a row unless one of the table's unique keys is taken; return True when it was inserted.

    The uniqueness is in the write itself. A second writer of the same key waits for the first, then gets False.
    """
    insert = postgresql.insert if is_postgresql(session) else sqlite.insert
    # The row is asked back: psycopg's count of an INSERT is not kept by SQLAlchemy (-1).
    made = insert(model).values(**values).on_conflict_do_nothing().returning(*model.__table__.primary_key)
    return session.execute(made).first() is not None
