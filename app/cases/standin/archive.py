"""The archive itself: cases, entries and documents in one SQLite file. It never asks if it has seen a letter before.

One connection and one lock serve all threads: what is written here is small, and an archive that mixes up two letters
would be no archive. Numbers start where the official samples stand (case 2026/211, entry 5444, journal number 571).
"""

import hashlib
import json
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from app.cases.standin.clock import Clock
from app.cases.standin.codes import OPEN_CASE
from app.cases.standin.records import (
    Case,
    CaseNumber,
    Class,
    Document,
    Entry,
    JournalNumber,
    Key,
    NewCase,
    NewDocument,
    NewEntry,
    Part,
    Reply,
    Shielding,
)

SCHEMA = """
CREATE TABLE IF NOT EXISTS cases (
  system_id INTEGER PRIMARY KEY, year INTEGER NOT NULL, sequence INTEGER NOT NULL, opened_at TEXT NOT NULL,
  title TEXT NOT NULL, status TEXT NOT NULL, public_title TEXT NOT NULL, shielded_title INTEGER NOT NULL,
  shielding TEXT, arkivdel TEXT NOT NULL, unit TEXT NOT NULL, classes TEXT NOT NULL, key_system TEXT, key TEXT,
  UNIQUE (year, sequence));
CREATE INDEX IF NOT EXISTS cases_by_key ON cases (key);
CREATE INDEX IF NOT EXISTS cases_by_title ON cases (title);
CREATE TABLE IF NOT EXISTS entries (
  system_id INTEGER PRIMARY KEY, case_id INTEGER NOT NULL REFERENCES cases, number_in_case INTEGER NOT NULL,
  journal_year INTEGER, journal_sequence INTEGER, registered_at TEXT NOT NULL, kind TEXT NOT NULL,
  status TEXT NOT NULL, title TEXT NOT NULL, public_title TEXT NOT NULL, shielded_title INTEGER NOT NULL,
  shielding TEXT, document_date TEXT NOT NULL, parts TEXT NOT NULL, replies TEXT NOT NULL DEFAULT '[]',
  key_system TEXT, key TEXT, past TEXT NOT NULL DEFAULT '[]',
  UNIQUE (case_id, number_in_case), UNIQUE (journal_year, journal_sequence));
CREATE INDEX IF NOT EXISTS entries_by_key ON entries (key);
CREATE TABLE IF NOT EXISTS documents (
  system_id INTEGER PRIMARY KEY, entry_id INTEGER NOT NULL REFERENCES entries, number TEXT NOT NULL,
  role TEXT NOT NULL, kind TEXT NOT NULL, title TEXT NOT NULL, status TEXT NOT NULL, variant TEXT NOT NULL,
  format TEXT NOT NULL, filename TEXT NOT NULL, media_type TEXT NOT NULL, sha256 TEXT NOT NULL, size INTEGER NOT NULL,
  stored_at TEXT NOT NULL, content BLOB NOT NULL);
CREATE INDEX IF NOT EXISTS documents_by_entry ON documents (entry_id);
CREATE UNIQUE INDEX IF NOT EXISTS one_main_document ON documents (entry_id) WHERE role = 'H';
CREATE TABLE IF NOT EXISTS calls (
  id INTEGER PRIMARY KEY AUTOINCREMENT, at TEXT NOT NULL, service TEXT NOT NULL, operation TEXT NOT NULL,
  action TEXT NOT NULL, status INTEGER NOT NULL, behaviour TEXT NOT NULL, fate TEXT NOT NULL, outcome TEXT NOT NULL,
  took_ms REAL NOT NULL, request BLOB NOT NULL, answer BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS mails (id INTEGER PRIMARY KEY AUTOINCREMENT, at TEXT NOT NULL, sender TEXT NOT NULL,
  recipients TEXT NOT NULL, raw BLOB NOT NULL);
"""
TABLES = ("documents", "entries", "cases", "calls", "mails")
FIRST_CASE_ID, FIRST_ENTRY_ID, FIRST_DOCUMENT_ID = 3001, 5444, 9001
FIRST_CASE_SEQUENCE, FIRST_JOURNAL_SEQUENCE = 211, 571

ENTRY_COLUMNS = """e.system_id, e.case_id, c.year, c.sequence, e.number_in_case, e.journal_year, e.journal_sequence,
  e.registered_at, e.kind, e.status, e.title, e.public_title, e.shielded_title, e.shielding, e.document_date, e.parts,
  e.replies, e.key_system, e.key"""
DOCUMENT_COLUMNS = """system_id, entry_id, number, role, kind, title, status, variant, format, filename, media_type,
  sha256, size, stored_at"""


class RefusedError(Exception):
    """The archive will not do this. detail names the field, as feilDetaljer does."""

    def __init__(self, words: str, detail: str) -> None:
        super().__init__(words)
        self.words, self.detail = words, detail


class Archive:
    """Reads and writes; each call is one transaction. Safe for several threads of one process."""

    def __init__(self, path: Path | str, clock: Clock) -> None:
        self.clock = clock
        self._lock = threading.RLock()
        self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._db.row_factory = sqlite3.Row
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=NORMAL")
        self._db.executescript(SCHEMA)

    def close(self) -> None:
        with self._lock:
            self._db.close()

    def reset(self) -> None:
        with self.writing() as db:
            for table in TABLES:
                db.execute(f"DELETE FROM {table}")  # noqa: S608 - the names stand above

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """One write transaction; an exception undoes it."""
        with self._lock:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")

    def rows(self, sql: str, *values: Any) -> list[sqlite3.Row]:
        with self._lock:
            return self._db.execute(sql, values).fetchall()

    # --- cases ------------------------------------------------------------------------------------------------------

    def open_case(self, new: NewCase) -> Case:
        """Open a case. Two equal wishes open two. Raises RefusedError when a wished number is taken."""
        now = self.clock.now()
        with self.writing() as db:
            number = new.number or CaseNumber(now.year, _next_case_sequence(db, now.year))
            if db.execute("SELECT 1 FROM cases WHERE year=? AND sequence=?", (number.year, number.sequence)).fetchone():
                raise RefusedError(f"Saksnummer {number} er brukt", "saksmappe.saksnr")
            system_id = _next_id(db, "cases", FIRST_CASE_ID)
            db.execute(
                "INSERT INTO cases VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
                (
                    system_id, number.year, number.sequence, now.isoformat(), new.title, new.status,
                    new.public_title, new.shielded_title, _dump_shielding(new.shielding), new.arkivdel, new.unit,
                    json.dumps([asdict(c) for c in new.classes]), *_key_columns(new.key),
                ),
            )  # fmt: skip
            return _case(db.execute("SELECT * FROM cases WHERE system_id=?", (system_id,)).fetchone())

    def cases(self) -> list[Case]:
        """Return all cases, newest first."""
        return [_case(row) for row in self.rows("SELECT * FROM cases ORDER BY system_id DESC")]

    def case_by_id(self, system_id: str) -> Case | None:
        return self._one_case("system_id=?", _as_id(system_id))

    def case_by_number(self, number: CaseNumber) -> Case | None:
        return self._one_case("year=? AND sequence=?", number.year, number.sequence)

    def cases_by_key(self, key: Key) -> list[Case]:
        """Return the cases with this key, oldest first; there may be several."""
        where = "SELECT * FROM cases WHERE key=? AND key_system=? ORDER BY system_id"
        return [_case(row) for row in self.rows(where, key.key, key.system)]

    def cases_by_title(self, title: str) -> list[Case]:
        """Return the cases with exactly this title, open or not, oldest first."""
        return [_case(row) for row in self.rows("SELECT * FROM cases WHERE title=? ORDER BY system_id", title)]

    def give_case_key(self, case: Case, key: Key) -> Case:
        with self.writing() as db:
            values = (*_key_columns(key), case.system_id)
            db.execute("UPDATE cases SET key_system=?, key=? WHERE system_id=?", values)
        return replace(case, key=key)

    def set_case_status(self, case: Case, status: str) -> Case:
        with self.writing() as db:
            db.execute("UPDATE cases SET status=? WHERE system_id=?", (status, case.system_id))
        return replace(case, status=status)

    def _one_case(self, where: str, *values: Any) -> Case | None:
        rows = self.rows(f"SELECT * FROM cases WHERE {where}", *values)  # noqa: S608 - written above
        return _case(rows[0]) if rows else None

    # --- entries ----------------------------------------------------------------------------------------------------

    def file_entry(self, new: NewEntry, *, number_now: bool) -> Entry:
        """Register one letter; the same letter twice gives two. number_now: give the journal number at once.

        Raises RefusedError when the case is closed, also when it was closed a moment ago.
        """
        now = self.clock.now()
        with self.writing() as db:
            case = db.execute("SELECT status FROM cases WHERE system_id=?", (new.case_id,)).fetchone()
            if case["status"] not in OPEN_CASE:
                raise RefusedError("Saken er avsluttet", "journalpost.saksnr")
            system_id = _next_id(db, "entries", FIRST_ENTRY_ID)
            journal = _next_journal(db, now.year) if number_now else None
            in_case = "SELECT coalesce(max(number_in_case), 0) + 1 FROM entries WHERE case_id=?"
            db.execute(
                "INSERT INTO entries (system_id, case_id, number_in_case, journal_year, journal_sequence,"
                " registered_at, kind, status, title, public_title, shielded_title, shielding, document_date,"
                " parts, key_system, key) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
                (
                    system_id, new.case_id, db.execute(in_case, (new.case_id,)).fetchone()[0],
                    journal and journal.year, journal and journal.sequence, now.isoformat(), new.kind, new.status,
                    new.title, new.public_title, new.shielded_title, _dump_shielding(new.shielding),
                    new.document_date.isoformat(), _dump_parts(new.parts), *_key_columns(new.key),
                ),
            )  # fmt: skip
            return _one_entry(db, system_id)

    def entry_by_id(self, system_id: str) -> Entry | None:
        return next(iter(self._entries("WHERE e.system_id=?", _as_id(system_id))), None)

    def entries_by_key(self, key: Key) -> list[Entry]:
        """Return the entries with this key, oldest first; there may be several."""
        return self._entries("WHERE e.key=? AND e.key_system=? ORDER BY e.system_id", key.key, key.system)

    def entries_of_case(self, case: Case) -> list[Entry]:
        return self._entries("WHERE e.case_id=? ORDER BY e.system_id", int(case.system_id))

    def entry_by_journal(self, number: JournalNumber) -> Entry | None:
        where = "WHERE e.journal_year=? AND e.journal_sequence=?"
        return next(iter(self._entries(where, number.year, number.sequence)), None)

    def entries(self, *, newest: int | None = None) -> list[Entry]:
        """Return all entries, oldest first; or the `newest` ones, newest first."""
        if newest is None:
            return self._entries("ORDER BY e.system_id")
        return self._entries("ORDER BY e.system_id DESC LIMIT ?", newest)

    def change_entry(self, entry: Entry, *, undo: Sequence[str] = ()) -> Entry:
        """Store status, journal number, parts and replies of `entry`; remember how it was, so that it can go back.

        undo: systemIDs of entries that came with this change; when it is taken back, they get status U.
        """
        with self.writing() as db:
            before = _one_entry(db, entry.system_id)
            past = [*_past(db, entry.system_id), {"was": _changeable(before), "undo": list(undo)}]
            _write_entry(db, entry, past)
        return entry

    def step_back(self, entry: Entry) -> Entry:
        """Undo the last change. Raises RefusedError when there is none."""
        with self.writing() as db:
            past = _past(db, entry.system_id)
            if not past:
                raise RefusedError("Det er ingen steg å gå tilbake", "journalpost")
            last = past.pop()
            for other in last["undo"]:
                db.execute("UPDATE entries SET status='U' WHERE system_id=?", (other,))
            was = last["was"]
            earlier = replace(entry, status=was["status"], parts=_parts(was["parts"]), replies=_replies(was["replies"]))
            _write_entry(db, earlier, past)
            return earlier

    def new_journal_number(self) -> JournalNumber:
        """Return the next free number; it is taken when an entry with it is stored."""
        with self._lock:
            return _next_journal(self._db, self.clock.now().year)

    def next_reply_id(self) -> str:
        rows = self.rows("SELECT coalesce(sum(json_array_length(replies)), 0) AS n FROM entries")
        return str(7001 + int(rows[0]["n"]))

    def _entries(self, rest: str, *values: Any) -> list[Entry]:
        sql = f"SELECT {ENTRY_COLUMNS} FROM entries e JOIN cases c ON c.system_id=e.case_id {rest}"  # noqa: S608 - ours
        return [_entry(row) for row in self.rows(sql, *values)]

    # --- documents --------------------------------------------------------------------------------------------------

    def file_document(self, new: NewDocument) -> Document:
        """Store one document. Raises RefusedError for a second H, a V before the H, or a closed case."""
        now = self.clock.now()
        with self.writing() as db:
            roles = [row["role"] for row in db.execute("SELECT role FROM documents WHERE entry_id=?", (new.entry_id,))]
            if new.role == "H" and "H" in roles:
                raise RefusedError("Journalposten har allerede et hoveddokument", "dokument.tilknyttetRegistreringSom")
            if new.role == "V" and "H" not in roles:
                raise RefusedError("Hoveddokumentet må komme først", "dokument.tilknyttetRegistreringSom")
            closed = "SELECT c.status FROM cases c JOIN entries e ON e.case_id=c.system_id WHERE e.system_id=?"
            if db.execute(closed, (new.entry_id,)).fetchone()["status"] not in OPEN_CASE:
                raise RefusedError("Saken er avsluttet", "dokument.referanseJournalpostSystemID")
            system_id = _next_id(db, "documents", FIRST_DOCUMENT_ID)
            db.execute(
                "INSERT INTO documents VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
                (
                    system_id, new.entry_id, new.number, new.role, new.kind, new.title, new.status, new.variant,
                    new.format, new.filename, new.media_type, hashlib.sha256(new.content).hexdigest(),
                    len(new.content), now.isoformat(), new.content,
                ),
            )  # fmt: skip
            one = f"SELECT {DOCUMENT_COLUMNS} FROM documents WHERE system_id=?"  # noqa: S608 - ours
            return _document(db.execute(one, (system_id,)).fetchone())

    def documents_of(self, entry: Entry) -> list[Document]:
        """Return the documents of `entry`, in the order they came."""
        where = f"SELECT {DOCUMENT_COLUMNS} FROM documents WHERE entry_id=? ORDER BY system_id"  # noqa: S608 - ours
        return [_document(row) for row in self.rows(where, int(entry.system_id))]

    def documents(self) -> list[Document]:
        every = f"SELECT {DOCUMENT_COLUMNS} FROM documents ORDER BY system_id"  # noqa: S608 - ours
        return [_document(row) for row in self.rows(every)]

    def document_with_content(self, system_id: str) -> tuple[Document, bytes] | None:
        rows = self.rows("SELECT * FROM documents WHERE system_id=?", _as_id(system_id))
        return (_document(rows[0]), bytes(rows[0]["content"])) if rows else None


# --- numbers --------------------------------------------------------------------------------------------------------


def _next_id(db: sqlite3.Connection, table: str, first: int) -> int:
    highest = db.execute(f"SELECT max(system_id) FROM {table}").fetchone()[0]  # noqa: S608 - one of ours
    return first if highest is None else int(highest) + 1


def _next_case_sequence(db: sqlite3.Connection, year: int) -> int:
    highest = db.execute("SELECT max(sequence) FROM cases WHERE year=?", (year,)).fetchone()[0]
    return FIRST_CASE_SEQUENCE if highest is None else int(highest) + 1


def _next_journal(db: sqlite3.Connection, year: int) -> JournalNumber:
    highest = db.execute("SELECT max(journal_sequence) FROM entries WHERE journal_year=?", (year,)).fetchone()[0]
    return JournalNumber(year, FIRST_JOURNAL_SEQUENCE if highest is None else int(highest) + 1)


def _as_id(text: str) -> int:
    """Return the number in `text`; -1, which no row has, when it is none."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 18 else -1  # noqa: PLR2004 - SQLite's limit


# --- rows and values ------------------------------------------------------------------------------------------------


def _key_columns(key: Key | None) -> tuple[str | None, str | None]:
    return (key.system, key.key) if key else (None, None)


def _key(row: sqlite3.Row) -> Key | None:
    return Key(row["key_system"], row["key"]) if row["key_system"] is not None else None


def _dump_shielding(shielding: Shielding | None) -> str | None:
    return json.dumps(asdict(shielding)) if shielding else None


def _shielding(text: str | None) -> Shielding | None:
    return Shielding(**json.loads(text)) if text else None


def _dump_parts(parts: Sequence[Part]) -> str:
    return json.dumps([asdict(part) for part in parts])


def _parts(rows: list[dict[str, Any]]) -> tuple[Part, ...]:
    return tuple(Part(**row) for row in rows)


def _replies(rows: list[dict[str, Any]]) -> tuple[Reply, ...]:
    return tuple(
        Reply(
            row["system_id"],
            row["code"],
            datetime.fromisoformat(row["at"]),
            row["by"],
            JournalNumber(*row["answered_by"]) if row["answered_by"] else None,
        )
        for row in rows
    )


def _reply_row(reply: Reply) -> dict[str, Any]:
    answered_by = [reply.answered_by.year, reply.answered_by.sequence] if reply.answered_by else None
    return {**asdict(reply), "at": reply.at.isoformat(), "answered_by": answered_by}


def _changeable(entry: Entry) -> dict[str, Any]:
    return {
        "status": entry.status,
        "parts": [asdict(part) for part in entry.parts],
        "replies": [_reply_row(reply) for reply in entry.replies],
    }


def _past(db: sqlite3.Connection, system_id: str) -> list[dict[str, Any]]:
    row = db.execute("SELECT past FROM entries WHERE system_id=?", (system_id,)).fetchone()
    past: list[dict[str, Any]] = json.loads(row["past"])
    return past


def _write_entry(db: sqlite3.Connection, entry: Entry, past: list[dict[str, Any]]) -> None:
    now = _changeable(entry)
    db.execute(
        "UPDATE entries SET status=?, journal_year=?, journal_sequence=?, parts=?, replies=?, past=? WHERE system_id=?",
        (
            entry.status, entry.journal and entry.journal.year, entry.journal and entry.journal.sequence,
            json.dumps(now["parts"]), json.dumps(now["replies"]), json.dumps(past), entry.system_id,
        ),
    )  # fmt: skip


def _case(row: sqlite3.Row) -> Case:
    return Case(
        system_id=str(row["system_id"]),
        number=CaseNumber(row["year"], row["sequence"]),
        opened_at=datetime.fromisoformat(row["opened_at"]),
        title=row["title"],
        status=row["status"],
        public_title=row["public_title"],
        shielded_title=bool(row["shielded_title"]),
        shielding=_shielding(row["shielding"]),
        arkivdel=row["arkivdel"],
        unit=row["unit"],
        classes=tuple(Class(**c) for c in json.loads(row["classes"])),
        key=_key(row),
    )


def _one_entry(db: sqlite3.Connection, system_id: int | str) -> Entry:
    sql = f"SELECT {ENTRY_COLUMNS} FROM entries e JOIN cases c ON c.system_id=e.case_id WHERE e.system_id=?"  # noqa: S608 - ours
    return _entry(db.execute(sql, (system_id,)).fetchone())


def _entry(row: sqlite3.Row) -> Entry:
    journal = row["journal_year"] and JournalNumber(row["journal_year"], row["journal_sequence"])
    return Entry(
        system_id=str(row["system_id"]),
        case_id=str(row["case_id"]),
        case_number=CaseNumber(row["year"], row["sequence"]),
        number_in_case=row["number_in_case"],
        journal=journal,
        registered_at=datetime.fromisoformat(row["registered_at"]),
        kind=row["kind"],
        status=row["status"],
        title=row["title"],
        public_title=row["public_title"],
        shielded_title=bool(row["shielded_title"]),
        shielding=_shielding(row["shielding"]),
        document_date=datetime.fromisoformat(row["document_date"]),
        parts=_parts(json.loads(row["parts"])),
        replies=_replies(json.loads(row["replies"])),
        key=_key(row),
    )


def _document(row: sqlite3.Row) -> Document:
    return Document(
        system_id=str(row["system_id"]),
        entry_id=str(row["entry_id"]),
        number=row["number"],
        role=row["role"],
        kind=row["kind"],
        title=row["title"],
        status=row["status"],
        variant=row["variant"],
        format=row["format"],
        filename=row["filename"],
        media_type=row["media_type"],
        sha256=row["sha256"],
        size=row["size"],
        stored_at=datetime.fromisoformat(row["stored_at"]),
    )
