"""What was stored under the phone's key: asked before the rule, so that the same thing twice is one thing."""

from functools import lru_cache
from typing import Any, cast
from uuid import UUID

from sqlalchemy import Select, bindparam, select
from sqlalchemy.orm import Session

from app.core.db import Model
from app.core.errors import RuleBroken
from app.core.rows import rows
from app.core.submission import Submission
from app.core.text import N_


def earlier(session: Session, model: type[Model], submission: Submission) -> UUID | None:
    """Return the id of what was stored under this key. Raises RuleBroken when it was something else."""
    found = rows(session, _under_key(model), {"key_hash": submission.key_hash}).first()
    if found is None:
        return None
    if found.content_digest != submission.digest:
        raise RuleBroken(N_("Dette skjemaet er alt sendt med noe annet. Last siden på nytt og send igjen."))
    return cast("UUID", found.id)


def same(session: Session, model: type[Model], submission: Submission) -> UUID | None:
    """Return the id of just this, when it is stored already; None when nothing is, or something else."""
    found = rows(session, _under_key(model), {"key_hash": submission.key_hash}).first()
    return cast("UUID", found.id) if found is not None and found.content_digest == submission.digest else None


@lru_cache
def _under_key(model: type[Model]) -> Select[Any, Any]:
    """Return the question, made once: it is asked of every submission, and its answer is nearly always no."""
    columns = model.__table__.c
    return select(columns.id, columns.content_digest).where(columns.submission_hash == bindparam("key_hash"))
