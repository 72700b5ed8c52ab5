"""The log of SOAP calls, with the raw XML of both sides."""

import sqlite3
import threading
from typing import Any

from app.cases.standin.archive import Archive
from app.cases.standin.names import Service
from app.cases.standin.traffic import Answer

SUMMARY = "id, at, service, operation, action, status, behaviour, fate, outcome, took_ms"
PRUNE_EVERY = 200


class CallLog:
    """Rows in the archive's file; the oldest go when there are more than `kept`."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive
        self._lock = threading.Lock()
        self._invalid: list[str] = []
        self.kept = 5000

    def add(
        self,
        service: Service,
        operation: str,
        action: str,
        request: bytes,
        answer: Answer,
        *,
        behaviour: str,
        took_ms: float,
    ) -> None:
        row = (
            self._archive.clock.now().isoformat(), service.value, operation, action, answer.status, behaviour,
            answer.fate.value, answer.outcome, round(took_ms, 2), request, answer.body,
        )  # fmt: skip
        insert = f"INSERT INTO calls ({SUMMARY.removeprefix('id, ')}, request, answer) VALUES ({','.join('?' * 11)})"  # noqa: S608 - ours
        with self._archive.writing() as db:
            number = db.execute(insert, row).lastrowid or 0
            if number % PRUNE_EVERY == 0:
                db.execute("DELETE FROM calls WHERE id <= ?", (number - self.kept,))

    def after(self, since: int) -> list[dict[str, Any]]:
        """Return the calls with an id above `since`, oldest first, with raw XML as text."""
        rows = self._archive.rows("SELECT * FROM calls WHERE id > ? ORDER BY id", since)
        return [{**dict(row), **_texts(row)} for row in rows]

    def newest(self, count: int) -> list[sqlite3.Row]:
        """Return the newest calls without their XML, newest first."""
        return self._archive.rows(f"SELECT {SUMMARY} FROM calls ORDER BY id DESC LIMIT ?", count)  # noqa: S608 - ours

    def one(self, number: int) -> dict[str, Any] | None:
        rows = self._archive.rows("SELECT * FROM calls WHERE id = ?", number)
        return {**dict(rows[0]), **_texts(rows[0])} if rows else None

    def count_invalid_answer(self, faults: list[str]) -> None:
        with self._lock:
            self._invalid.extend(faults)

    def invalid_answers(self) -> list[str]:
        with self._lock:
            return list(self._invalid)

    def reset(self) -> None:
        with self._lock:
            self._invalid.clear()


def _texts(row: sqlite3.Row) -> dict[str, str]:
    return {name: bytes(row[name]).decode(errors="replace") for name in ("request", "answer")}
