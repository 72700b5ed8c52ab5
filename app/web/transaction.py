"""One request, one transaction: an answer below 400 commits, anything else rolls back. A GET never writes."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager

from flask import Flask, Response, request
from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from app.core.crash import crash_point
from app.web.extensions import db, session

WRITES = frozenset({"POST", "PUT", "PATCH", "DELETE"})


def install(app: Flask) -> None:
    """Open, commit and undo transactions around the requests of `app`."""
    app.before_request(_open)
    app.after_request(_close)


def _open() -> None:
    """Open the session as the request needs it.

    One that writes takes the write lock with its first query, before it has read anything (see core/sqlite.py). One
    that reads asks PostgreSQL without a transaction around: each question sees what is committed either way, and BEGIN
    and ROLLBACK are two more trips than the page itself needs.
    """
    if request.method in WRITES:
        _bind(db.engine.execution_options(writes=True))
    elif db.engine.dialect.name == "postgresql":
        _bind(db.engine.execution_options(isolation_level="AUTOCOMMIT"))


def _bind(engine: Engine) -> None:
    db.session.remove()
    db.session(bind=engine)


@contextmanager
def writing() -> Iterator[Session]:
    """Give one write transaction outside a request: a command is an edge, as a request is."""
    with Session(db.engine.execution_options(writes=True)) as opened, opened.begin():
        yield opened


def keep_changes() -> None:
    """Commit this request's changes although its answer is a refusal: a counted try must stay counted."""
    request.environ["lab.keep"] = True


def _close(response: Response) -> Response:
    if request.method not in WRITES:
        return response
    if response.status_code < 400 or request.environ.get("lab.keep"):  # noqa: PLR2004 - what this module is about
        session().commit()
        crash_point("submit.after_commit")
        crash_point("submit.before_answer")
    else:
        session().rollback()
    return response


def is_busy(fault: BaseException) -> bool:
    """Tell whether the database was too busy, away or without room: then the truth is 503, not 500.

    A quota that is used up is a "disk I/O error" to SQLite.
    """
    if isinstance(fault, OSError) and fault.errno in {errno.ENOSPC, errno.EDQUOT}:
        return True
    if not isinstance(fault, OperationalError):
        return False
    said = str(fault.orig).lower()
    return any(word in said for word in ("locked", "busy", "timeout", "full", "disk i/o", "connection"))
