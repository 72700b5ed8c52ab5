"""What happens to personal data: what is old goes, people are given what is theirs, or are erased."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Table, bindparam, delete, select, update
from sqlalchemy.orm import Session

from app.accounts import service as accounts
from app.audit import service as audit
from app.cases import service as cases
from app.core.actor import Actor
from app.core.db import Model
from app.core.dialect import insert_once
from app.core.errors import NotAllowed, RuleBroken
from app.core.rows import rows
from app.core.submission import Submission
from app.core.text import N_
from app.files import service as files
from app.files.store import PictureStore
from app.ideas import service as ideas
from app.outbox import service as outbox
from app.parcels import service as parcels
from app.personal import query
from app.personal.events import ErasureWanted, OwnFileWanted
from app.personal.models import Erasure, OwnFile
from app.personal.pack import file_path
from app.personal.policy import (
    End,
    Rule,
    emptied_columns,
    empty_row,
    end_when_erased,
    may_erase,
    something_left,
    table_named,
)
from app.personal.query import Owner, own_keys
from app.push import service as push

# What somebody sends, and the archive may have in a report with others.
INPUTS = ("ideas", "comments", "idea_corrections", "comment_corrections")
ERASED = "slettet av innsenderen"


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


def ask_to_be_erased(session: Session, mark: Submission, *, actor: Actor, now: datetime) -> UUID:
    """Ask for `actor` to be erased; return the wish's id. The same form again is the same wish.

    Raises NotAllowed for staff, RuleBroken when nobody asks.
    """
    if not may_erase(actor):
        raise NotAllowed(N_("Kontoen din er for jobben. Be en administrator om å stenge den."))
    if Owner.of(actor).is_nobody:
        raise RuleBroken(N_("Vi har ikke noe fra denne mobilen."))
    erasure_id = uuid4()
    values = {
        "id": erasure_id,
        "submission_hash": mark.key_hash,
        "content_digest": mark.digest,
        "device_key": actor.device_key,
        "participant_id": actor.participant_id,
        "asked_at": now,
    }
    if insert_once(session, Erasure, values):
        outbox.record(session, ErasureWanted(erasure_id=erasure_id), now=now)
    return session.scalars(select(Erasure.id).where(Erasure.submission_hash == mark.key_hash)).one()


def erase(session: Session, owner: Owner, *, store: PictureStore, instance: Path, now: datetime) -> Sequence[str]:
    """Let go of all that is `owner`'s, files first; return the tables it was in, by name. Again: nothing is left.

    Children go before what they hang on. The caller has written the ledger, and lets SQLite's file be made anew.
    """
    parcels.hold_all(session, _inputs(own_keys(session, owner)))
    keys = own_keys(session, owner)  # with what was sealed while we waited
    _remove_files(session, keys, store=store, instance=instance)
    inputs = _inputs(keys)
    cases.leave_out_of_reports(session, inputs, reason=ERASED, now=now)
    ideas.forget_words(session, keys.get(table_named("ideas"), ()), now=now)
    ideas.forget_comments(session, keys.get(table_named("comments"), ()), now=now)
    accounts.close_for_good(session, keys.get(table_named("participants"), ()), now=now)
    for table in reversed(Model.metadata.sorted_tables):
        end = end_when_erased(table)
        if table in keys and end is not None:
            end_rows(session, table, end, keys[table])
    return sorted(table.name for table in keys)


def _inputs(keys: Mapping[Table, Sequence[UUID]]) -> list[UUID]:
    return [key for name in INPUTS for key in keys.get(table_named(name), ())]


def _remove_files(
    session: Session, keys: Mapping[Table, Sequence[UUID]], *, store: PictureStore, instance: Path
) -> None:
    files.remove(session, keys.get(table_named("pictures"), ()), store=store)
    for file_id in keys.get(table_named("own_files"), ()):
        file_path(instance, file_id).unlink(missing_ok=True)


def erasure_is_done(session: Session, erasure_id: UUID, *, now: datetime) -> None:
    """Note that nothing is left; the wish no longer says whose it was. The program itself did it."""
    done = {"done_at": now, "device_key": None, "participant_id": None}
    session.execute(update(Erasure).where(Erasure.id == erasure_id).values(**done))
    audit.note(session, "erased", f"erasure:{erasure_id}", actor=None, now=now)


def replay(session: Session, subjects: Collection[str], *, store: PictureStore, instance: Path, now: datetime) -> int:
    """Erase again everybody whom the ledger names, from a database that was restored; return how many were there."""
    found = query.owners_among(session, subjects)
    for owner in found:
        erase(session, owner, store=store, instance=instance, now=now)
    return len(found)


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
    if not emptied_columns(table, end):
        return
    sentence = update(table).where(key == bindparam("row_key"))
    session.connection().execute(sentence, [{"row_key": one, **empty_row(table, end)} for one in keys])


def _key(table: Table) -> Any:
    (key,) = table.primary_key.columns
    return key


def let_phone_go(session: Session, sign_in_id: UUID | None, *, actor: Actor) -> None:
    """End the notices of this phone, and the sign-in on it. What was sent from it stays as it is."""
    push.unsubscribe(session, actor=actor)
    if sign_in_id is not None:
        accounts.end_sign_in(session, sign_in_id, actor=actor)
