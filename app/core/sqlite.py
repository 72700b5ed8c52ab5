"""How SQLite is opened: what is acknowledged is on disk, and every write waits its turn."""

from typing import Any

from sqlalchemy import Connection, Engine, event
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.types import JSON, BigInteger, Boolean, Date, DateTime, Double, Float, LargeBinary, String, Text, Uuid

BUSY_TIMEOUT_MS = 10_000
PRAGMAS: dict[str, tuple[str, str]] = {
    # name: (what is set, what reads back)
    "journal_mode": ("WAL", "wal"),
    "synchronous": ("FULL", "2"),
    "foreign_keys": ("ON", "1"),
    "trusted_schema": ("OFF", "0"),
    "secure_delete": ("ON", "1"),
    "busy_timeout": (str(BUSY_TIMEOUT_MS), str(BUSY_TIMEOUT_MS)),
}


def prepare(engine: Engine) -> None:
    """Make `engine` open SQLite as promises.md section 4 says; other databases are left alone.

    A transaction begins IMMEDIATE when its connection has the execution option `writes`, because one that has read
    and then wants to write fails at once if another writer came first.
    """
    if engine.dialect.name != "sqlite":
        return
    event.listen(engine, "connect", _open)
    event.listen(engine, "begin", _begin)


def _open(connection: Any, _record: object) -> None:
    connection.isolation_level = None
    for name, (value, _) in PRAGMAS.items():
        connection.execute(f"PRAGMA {name}={value}")


def _begin(connection: Connection) -> None:
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def faults(engine: Engine) -> list[str]:
    """Return a sentence for each setting that did not take; empty when all is well or it is not SQLite."""
    if engine.dialect.name != "sqlite":
        return []
    with engine.connect() as connection:
        found = {name: str(connection.exec_driver_sql(f"PRAGMA {name}").scalar()) for name in PRAGMAS}
    return [
        f"SQLite says {name}={found[name]}, and it must be {wanted}."
        for name, (_, wanted) in PRAGMAS.items()
        if found[name] != wanted
    ]


# STRICT tables know five types. These say which of them each of ours is.
@compiles(String, "sqlite")
@compiles(Text, "sqlite")
@compiles(Uuid, "sqlite")
@compiles(DateTime, "sqlite")
@compiles(Date, "sqlite")
@compiles(JSON, "sqlite")
def _as_text(_type: object, _compiler: object, **_options: object) -> str:
    return "TEXT"


@compiles(Boolean, "sqlite")
@compiles(BigInteger, "sqlite")
def _as_integer(_type: object, _compiler: object, **_options: object) -> str:
    return "INTEGER"


@compiles(LargeBinary, "sqlite")
def _as_blob(_type: object, _compiler: object, **_options: object) -> str:
    return "BLOB"


@compiles(Float, "sqlite")
@compiles(Double, "sqlite")
def _as_real(_type: object, _compiler: object, **_options: object) -> str:
    return "REAL"
