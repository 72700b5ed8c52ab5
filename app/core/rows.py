"""Rows of the session's transaction, without objects that follow their changes: half the cost of `session.execute`."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import CursorResult, Executable
from sqlalchemy.orm import Session

NOTHING: Mapping[str, Any] = {}


def rows(session: Session, sentence: Executable, values: Mapping[str, Any] = NOTHING) -> CursorResult[*tuple[Any, ...]]:
    """Say `sentence` with `values` on the session's connection; return its rows in the order of the sentence.

    What the session has not written yet is written first. Objects that it holds do not hear of what is changed here.
    """
    session.flush()
    return session.connection().execute(sentence, values)
