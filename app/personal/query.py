"""What is somebody's: which rows, read from the columns, and which of the files they have asked for."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Table, or_, select
from sqlalchemy.orm import Session

from app.core.actor import Actor
from app.core.db import Instant, Model
from app.core.errors import NotFound
from app.core.rows import rows
from app.core.text import N_
from app.personal.ledger import subject_of
from app.personal.models import Erasure, OwnFile
from app.personal.policy import BELONGS, OTHERS, OWNERS, PARTS, may_fetch, table_named, tagged

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose data: a device, an account, or both when somebody is signed in on it."""

    device_key: bytes | None
    participant_id: UUID | None

    @classmethod
    def of(cls, actor: Actor) -> "Owner":
        return cls(actor.device_key, actor.participant_id)

    @property
    def subjects(self) -> Sequence[str]:
        """What the erase ledger calls them."""
        return [subject_of(mark) for mark in (self.device_key, self.participant_id) if mark is not None]

    @property
    def is_nobody(self) -> bool:
        return self.device_key is None and self.participant_id is None


def own_keys(session: Session, owner: Owner) -> Mapping[Table, Sequence[UUID]]:
    """Return the keys of the rows that are `owner`'s, by table; a table with none is left out.

    Theirs is a row that carries their mark, and what hangs on such a row and carries nobody's: the letter about an
    idea, its steps, its pictures. What others have done with it, support or a comment, carries their mark and is
    theirs.
    """
    found: dict[Table, list[UUID]] = {}
    for table in Model.metadata.sorted_tables:
        if theirs := _ask(session, table, _carries(table, owner)):
            found[table] = theirs
    while _reach_further(session, found):
        pass
    return found


def _reach_further(session: Session, found: dict[Table, list[UUID]]) -> bool:
    """Add the rows that hang on those found; return whether there were any new ones."""
    grown = False
    for table in Model.metadata.sorted_tables:
        if _owners(table) and table.name not in PARTS:
            continue
        hanging = _ask(session, table, _hangs_on(table, found))
        if set(hanging) - set(found.get(table, ())):
            found[table] = sorted({*found.get(table, ()), *hanging})
            grown = True
    return grown


def _ask(session: Session, table: Table, signs: Sequence[ColumnElement[bool]]) -> list[UUID]:
    """Return the keys of the rows with one of these signs. A table without a single key of its own holds none."""
    keys = tuple(table.primary_key.columns)
    if not signs or len(keys) != 1:
        return []
    return [row[0] for row in rows(session, select(keys[0]).where(or_(*signs)))]


def _owners(table: Table) -> Sequence[ColumnElement[Any]]:
    return [column for column in table.columns if column.name in OWNERS]


def _carries(table: Table, owner: Owner) -> list[ColumnElement[bool]]:
    """Return by what a row shows that it carries the owner's mark."""
    marks: list[ColumnElement[bool]] = []
    for column in _owners(table):
        mark = owner.device_key if column.name == "device_key" else owner.participant_id
        marks += [] if mark is None else [column == mark]
    if table.name == "participants" and owner.participant_id is not None:
        marks.append(table.c.id == owner.participant_id)
    return marks


def _hangs_on(table: Table, found: Mapping[Table, Sequence[UUID]]) -> list[ColumnElement[bool]]:
    """Return by what a row shows that it hangs on one of those found: by a foreign key, or by the id of an input."""
    threads: list[ColumnElement[bool]] = []
    for column in table.columns:
        parents = {key.column.table for key in column.foreign_keys}
        if not parents and column.name in BELONGS:
            parents = {parent for parent in found if parent is not table}
        held = [key for parent in parents for key in found.get(parent, ()) if isinstance(key, UUID)]
        threads += [column.in_(held)] if held else []
    return threads


def own_rows(session: Session, owner: Owner) -> Iterator[tuple[Table, Sequence[Row]]]:
    """Give the owner's rows, table by table: what says who, what somebody wrote, and when it was."""
    for table, keys in own_keys(session, owner).items():
        (key,) = table.primary_key.columns
        theirs = (column for column in tagged(table, "person", "content") if column.name not in OTHERS)
        shown = [key, *(column for column in theirs if column is not key)]
        shown += [column for column in tagged(table, "technical") if isinstance(column.type, Instant)]
        if len(shown) > 1:
            yield table, [dict(row) for row in rows(session, select(*shown).where(key.in_(keys))).mappings()]


def get_own_file(session: Session, file_id: UUID, *, actor: Actor) -> OwnFile:
    """Return a file that `actor` asked for. For anybody else it is not there (NotFound)."""
    found = session.get(OwnFile, file_id)
    if found is None or not may_fetch(actor, found):
        raise NotFound(N_("Vi fant ikke siden."))
    return found


def own_files(session: Session, actor: Actor, *, limit: int = 10) -> Sequence[OwnFile]:
    """Return the files that `actor` has asked for and may fetch, the last one first."""
    owner = Owner.of(actor)
    if owner.is_nobody:
        return []
    query = (
        select(OwnFile)
        .where(or_(*_carries(table_named(OwnFile.__tablename__), owner)))
        .order_by(OwnFile.asked_at.desc())
        .limit(limit)
    )
    return [found for found in session.scalars(query) if may_fetch(actor, found)]


def get_erasure(session: Session, erasure_id: UUID) -> Erasure:
    """Return a wish to be erased. It tells nobody whose it is, so whoever has its address may see how it goes."""
    found = session.get(Erasure, erasure_id)
    if found is None:
        raise NotFound(N_("Vi fant ikke siden."))
    return found


def owners_among(session: Session, subjects: Collection[str]) -> Sequence[Owner]:
    """Return the devices and accounts in the database that the erase ledger calls by one of these names."""
    found: set[Owner] = set()
    for table in Model.metadata.sorted_tables:
        for column in (*_owners(table), *([table.c.id] if table.name == "participants" else [])):
            for (mark,) in rows(session, select(column).where(column.is_not(None)).distinct()):
                if subject_of(mark) in subjects:
                    found.add(Owner(mark, None) if isinstance(mark, bytes) else Owner(None, mark))
    return sorted(found, key=str)
