"""How SQLite is opened: what is acknowledged is on disk, and every write waits its turn."""

import random
import sqlite3
import time
from typing import Any

from sqlalchemy import Connection, Engine, event
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.types import JSON, BigInteger, Boolean, Date, DateTime, Double, Float, LargeBinary, String, Text, Uuid

BUSY_TIMEOUT_MS = 10_000
ASK_AGAIN_S = (0.001, 0.01)
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
    if connection.get_execution_options().get("writes", False):
        _take_write_lock(connection)
    else:
        connection.exec_driver_sql("BEGIN")


def _take_write_lock(connection: Connection) -> None:
    """Begin a write; wait as long as busy_timeout says, with the same chance as all others who wait.

    SQLite itself asks ever more seldom, so whoever has waited longest gets it last. Measured: with 8 writers on a busy
    machine one of them gave up after its ten seconds, although every turn took a few milliseconds.
    """
    asked = connection.connection.dbapi_connection
    assert asked is not None  # noqa: S101 - a transaction begins on an open connection
    until = time.monotonic() + BUSY_TIMEOUT_MS / 1000
    cursor = asked.cursor()
    cursor.execute("PRAGMA busy_timeout=0")
    try:
        while time.monotonic() < until:
            try:
                cursor.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError as fault:
                if fault.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
                    break
                time.sleep(random.uniform(*ASK_AGAIN_S))  # noqa: S311 - so that two do not ask in step
            else:
                return
        connection.exec_driver_sql("BEGIN IMMEDIATE")  # the last time: what it raises is SQLAlchemy's
    finally:
        cursor.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
        cursor.close()


def scrub(engine: Engine) -> bool:
    """Write the file anew without what was deleted, and empty the write-ahead log; False: somebody reads, try again.

    Deleting alone leaves what was there in the log until it is written over. Other databases are left alone: what is
    deleted there goes when their own cleaner passes.
    """
    if engine.dialect.name != "sqlite":
        return True
    with engine.connect() as connection:
        raw = connection.connection.dbapi_connection
        assert raw is not None  # noqa: S101 - it has just been opened
        cursor = raw.cursor()
        try:
            cursor.execute("VACUUM")
            (busy, _, _) = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
        except sqlite3.OperationalError as fault:
            if fault.sqlite_errorcode & 0xFF not in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
                raise
            return False
        finally:
            cursor.close()
    return not busy


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
