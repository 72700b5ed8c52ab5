"""A real database for tests, migrated as in production: SQLite, or PostgreSQL when LAB_TEST_DATABASE_URL says so."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from flask import Flask
from flask_migrate import upgrade
from sqlalchemy import Connection, Engine, create_engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.pool import NullPool

from app.core.db import Model

# Rows that migrations make: every test starts with them. Table -> which of its rows a test made; "" for none.
_IDEPOOL = "SELECT id FROM processes WHERE slug = 'idepool'"
_ITS_PHASES = f"SELECT id FROM process_phases WHERE process_id IN ({_IDEPOOL})"
KEPT = {
    "focus_areas": "",
    "phase_activities": f"phase_id NOT IN ({_ITS_PHASES})",
    "process_phases": f"process_id NOT IN ({_IDEPOOL})",
    "processes": "slug <> 'idepool'",
}
AUDIT_LOG = "audit_log"  # it refuses to lose a line
SERVER = "LAB_TEST_DATABASE_URL"


def on_postgresql() -> bool:
    return bool(os.environ.get(SERVER))


@contextmanager
def fresh_database(folder: Path) -> Iterator[str]:
    """Give the address of an empty database of its own; it is gone afterwards."""
    server = os.environ.get(SERVER)
    if not server:
        yield f"sqlite:///{folder / 'test.sqlite'}"
        return
    name = f"lab_{uuid4().hex[:12]}"
    admin = create_engine(_psycopg(server), isolation_level="AUTOCOMMIT", poolclass=NullPool)
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8'"))
    try:
        yield make_url(_psycopg(server)).set(database=name).render_as_string(hide_password=False)
    finally:
        with admin.connect() as connection:
            connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))


def _psycopg(server: str) -> str:
    return make_url(server).set(drivername="postgresql+psycopg").render_as_string(hide_password=False)


def migrate(app: Flask) -> None:
    with app.app_context():
        upgrade()


def wipe(engine: Engine) -> None:
    """Remove every row that a test made.

    Not by TRUNCATE, which makes new files for every table and index: measured on PostgreSQL, 500 ms against 20.
    """
    names = [table.name for table in reversed(Model.metadata.sorted_tables) if table.name != AUDIT_LOG]
    sentences = [f"DELETE FROM {name} WHERE {KEPT.get(name, '1 = 1')}" for name in names if KEPT.get(name, "all")]
    sentences[:0] = ["DELETE FROM ideas_search", "DELETE FROM comments_search"]
    wipe_audit_log(engine)
    with engine.execution_options(writes=True).begin() as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(text("SET LOCAL synchronous_commit = off"))
            connection.execute(text("; ".join(sentences)))
            return
        for sentence in sentences:
            connection.execute(text(sentence))


def wipe_audit_log(engine: Engine) -> None:
    """Remove every line, as somebody who owns the database can."""
    with engine.connect() as connection:
        if connection.execute(text(f"SELECT 1 FROM {AUDIT_LOG}")).first() is None:
            return
    with unguarded(engine) as connection:
        connection.execute(text(f"DELETE FROM {AUDIT_LOG}"))


@contextmanager
def unguarded(engine: Engine) -> Iterator[Connection]:
    """Give a transaction in which no trigger guards the audit log: what a tamperer with the database's password has."""
    with engine.execution_options(writes=True).begin() as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(text("SET LOCAL session_replication_role = replica"))
            yield connection
            return
        triggers = f"SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = '{AUDIT_LOG}'"
        made = connection.execute(text(triggers)).all()
        for name, _ in made:
            connection.execute(text(f"DROP TRIGGER {name}"))
        yield connection
        for _, sql in made:
            connection.exec_driver_sql(sql)


def remove(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
