"""The base of all tables: names of constraints, instants in UTC, ids, and what is submitted only once."""

from datetime import UTC, datetime
from typing import Any, Literal
from uuid import UUID, uuid4

from sqlalchemy import DateTime, Dialect, LargeBinary, MetaData, Table, TypeDecorator, Uuid, event
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, registry

import app.core.sqlite  # noqa: F401 - how SQLite spells our column types must be known before any table is made

DataClass = Literal["person", "content", "technical", "vote"]


class Instant(TypeDecorator[datetime]):
    """A moment in UTC. Python: aware datetime; PostgreSQL: timestamptz; SQLite: text in UTC, which sorts as time."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse a naive time: it has lost its zone, and nobody can tell which it was."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("an Instant needs a time zone")
        in_utc = value.astimezone(UTC)
        return in_utc.replace(tzinfo=None) if dialect.name == "sqlite" else in_utc

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """Give the moment back in UTC, whichever database kept it."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Model(DeclarativeBase):
    """Base of all tables. Every column says in `info` which class of data it holds (see `column`)."""

    registry = registry(
        metadata=MetaData(
            naming_convention={
                "ix": "ix_%(table_name)s_%(column_0_N_name)s",
                "uq": "%(table_name)s_%(column_0_N_name)s_key",
                "ck": "%(table_name)s_%(constraint_name)s",
                "fk": "%(table_name)s_%(column_0_name)s_fkey",
                "pk": "%(table_name)s_pkey",
            }
        ),
        type_annotation_map={datetime: Instant, UUID: Uuid(), bytes: LargeBinary()},
    )


@event.listens_for(Table, "before_parent_attach")
def _strict_on_sqlite(table: Table, _parent: object) -> None:
    """SQLite's tables are STRICT: a text in a number column is refused there as it is in PostgreSQL."""
    table.dialect_options["sqlite"]["strict"] = True


def column(data: DataClass, /, *args: Any, **kwargs: Any) -> Any:
    """Return a mapped column tagged with its class of data.

    "person": says who; "content": what somebody wrote; "technical": neither; "vote": part of a secret ballot.
    Export, erasure, retention and the log filter read the tag; a column without one fails a test.
    """
    return mapped_column(*args, info={"data": data}, **kwargs)


class Identified:
    """A random id of our own, so that no address counts up."""

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid4, info={"data": "technical"})


class SubmittedOnce:
    """What the phone sends with a key of its own: the same key and content are the same thing, however often.

    submission_hash: SHA-256 of the phone's key. content_digest: SHA-256 of what was sent, without the CSRF token.
    """

    submission_hash: Mapped[bytes] = mapped_column(unique=True, info={"data": "technical"})
    content_digest: Mapped[bytes] = mapped_column(info={"data": "technical"})
