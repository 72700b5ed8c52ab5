"""What happens to personal data: what is old goes, and people are given what is theirs."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Table, bindparam, delete, select, update
from sqlalchemy.orm import Session

from app.core.actor import Actor
from app.core.dialect import insert_once
from app.core.errors import RuleBroken
from app.core.rows import rows
from app.core.submission import Submission
from app.core.text import N_
from app.outbox import service as outbox
from app.personal.events import OwnFileWanted
from app.personal.models import OwnFile
from app.personal.policy import End, Rule, empty_row, something_left, table_named
from app.personal.query import Owner


def ask_for_file(session: Session, mark: Submission, *, actor: Actor, language: str, now: datetime) -> UUID:
    """Ask for a file with all that we hold on `actor`; return its id. The same form again gives the same file.

    Raises RuleBroken when nobody asks: a device that has sent nothing.
    """
    if Owner.of(actor).is_nobody:
        raise RuleBroken(N_("Vi har ikke noe fra denne mobilen."))
    file_id = uuid4()
    values = {
        "id": file_id,
        "submission_hash": mark.key_hash,
        "content_digest": mark.digest,
        "device_key": actor.device_key,
        "participant_id": actor.participant_id,
        "language": language,
        "asked_at": now,
        "key": "",
    }
    if insert_once(session, OwnFile, values):
        outbox.record(session, OwnFileWanted(file_id=file_id), now=now)
    return session.scalars(select(OwnFile.id).where(OwnFile.submission_hash == mark.key_hash)).one()


def file_is_ready(session: Session, file_id: UUID, *, key: str, now: datetime) -> None:
    """Note the key that opens it. A file whose row has gone meanwhile stays closed, and is swept."""
    session.execute(update(OwnFile).where(OwnFile.id == file_id).values(key=key, ready_at=now))


def gone_at(file: OwnFile, *, days: int) -> datetime:
    """Return when the file goes."""
    return file.asked_at + timedelta(days=days)


def files_without_rows(session: Session, paths: Iterable[Path]) -> Sequence[Path]:
    """Return those of these files that nobody can fetch any more."""
    named = {path.stem: path for path in paths}
    known = {str(found) for found in session.scalars(select(OwnFile.id))}
    return [path for name, path in named.items() if name not in known]


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
