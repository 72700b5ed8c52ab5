"""Search in what people write: Norwegian stems, made here for both databases, so that both find the same."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from uuid import UUID

import regex
import snowballstemmer
from sqlalchemy import TextClause, text
from sqlalchemy.orm import Session

from app.core.dialect import is_postgresql
from app.core.rows import rows

MOST_HITS = 500
MOST_WORDS = 5  # of a text, the longest: they say most, and five can be combined in few ways
MOST_ASKED = 10
SHORTEST_STEM = 3
WORD = regex.compile(r"[\p{L}\d]+")


@lru_cache(maxsize=20_000)
def stem(word: str) -> str:
    """Return the stem of a Norwegian word: snowball's, again until it stays, so that «gatelysene» meets «gatelys»."""
    stemmer = snowballstemmer.stemmer("norwegian")
    word = word.lower()
    while True:
        shorter: str = stemmer.stemWord(word)
        if shorter == word or len(shorter) < SHORTEST_STEM:
            return word
        word = shorter


def stems(words: str) -> list[str]:
    """Return the stem of each word of a text, in its order."""
    return [stem(word) for word in WORD.findall(words)]


@dataclass(frozen=True, slots=True)
class SearchTable:
    """Where the stems of one kind of thing lie: a table of its own kind in each database, and so no model.

    name, key: of the table, and of its column with a thing's id. things: the table of the things themselves, which says
    when each was sent.
    """

    name: str
    key: str
    things: str

    def created(self, *, on_postgresql: bool) -> Sequence[str]:
        """Return the sentences that make it, for a migration."""
        if on_postgresql:
            columns = f"{self.key} uuid PRIMARY KEY REFERENCES {self.things}(id), words tsvector NOT NULL"
            index = f"CREATE INDEX ix_{self.name}_words ON {self.name} USING gin (words)"
            return (f"CREATE TABLE {self.name} ({columns})", index)
        columns = f"{self.key} UNINDEXED, words, tokenize='unicode61 remove_diacritics 0'"
        return (f"CREATE VIRTUAL TABLE {self.name} USING fts5({columns})",)

    def written(self, *, on_postgresql: bool) -> str:
        """Return the sentence that makes one thing findable; it wants `id` (SQLite: hex) and `words`, its stems."""
        words = "to_tsvector('simple', :words)" if on_postgresql else ":words"
        return f"INSERT INTO {self.name} ({self.key}, words) VALUES (:id, {words})"  # noqa: S608 - names of our own

    def add(self, session: Session, thing_id: UUID, words: str) -> None:
        """Make a thing findable by `words`."""
        on_postgresql = is_postgresql(session)
        named = {"id": thing_id if on_postgresql else thing_id.hex, "words": " ".join(stems(words))}
        rows(session, _made(self.written(on_postgresql=on_postgresql)), named)

    def replace(self, session: Session, thing_id: UUID, before: str, words: str) -> None:
        """Make a thing findable by `words`, and no longer by what it was findable by before."""
        where = f"DELETE FROM {self.name} WHERE {self.key} = :id"  # noqa: S608 - names of our own
        if is_postgresql(session):
            rows(session, _made(where), {"id": thing_id})
        else:
            # By its own words: an id is in no index there, and a million rows would be read
            telling = sorted(set(stems(before)), key=len, reverse=True)[:MOST_WORDS]
            held = f" AND rowid IN (SELECT rowid FROM {self.name} WHERE {self.name} MATCH :question)"  # noqa: S608
            question = " AND ".join(f'"{one}"' for one in telling)
            asked = {"question": question} if telling else {}
            rows(session, _made(where + held if telling else where), {"id": thing_id.hex, **asked})
        self.add(session, thing_id, words)

    def forget(self, session: Session, ids: Sequence[UUID]) -> None:
        """Make things unfindable, with no stem of their words left: SQLite's index keeps them until it is made anew."""
        if not ids:
            return
        one = f"DELETE FROM {self.name} WHERE {self.key} = :id"  # noqa: S608 - names of our own
        if is_postgresql(session):
            session.execute(_made(one.replace("= :id", "= ANY(:ids)")), {"ids": list(ids)})
            return
        for thing_id in ids:
            session.execute(_made(one), {"id": thing_id.hex})
        session.execute(_made(f"INSERT INTO {self.name}({self.name}) VALUES ('optimize')"))  # noqa: S608

    def find(self, session: Session, question: str) -> Sequence[UUID]:
        """Return things that hold every word of `question` (a word may go on), at most MOST_HITS, newest first."""
        wanted = stems(question)[:MOST_ASKED]
        return self.holding(session, [wanted], MOST_HITS) if wanted else []

    def holding(
        self, session: Session, groups: Sequence[Sequence[str]], most: int, *, newest: bool = True
    ) -> Sequence[UUID]:
        """Return things that hold all words of one of the groups. A word is a stem, and may go on.

        newest: in that order; else any `most` of them, since sorting thousands of hits by age is what costs on
        PostgreSQL: measured, 65 ms against 2.
        """
        if is_postgresql(session):
            question = _one_of(groups, "{}:*", " & ", " | ")
            sentence = self._newest_on_postgresql() if newest else self._any_on_postgresql()
            return [row[0] for row in session.execute(_made(sentence), {"question": question, "most": most})]
        question = _one_of(groups, '"{}"*', " AND ", " OR ")
        found = session.execute(_made(self._newest_on_sqlite()), {"question": question, "most": most})
        return [UUID(hex=row[0]) for row in found]

    def _newest_on_sqlite(self) -> str:
        return f"SELECT {self.key} FROM {self.name} WHERE {self.name} MATCH :question ORDER BY rowid DESC LIMIT :most"  # noqa: S608

    def _any_on_postgresql(self) -> str:
        return f"SELECT {self.key} FROM {self.name} WHERE words @@ to_tsquery('simple', :question) LIMIT :most"  # noqa: S608

    def _newest_on_postgresql(self) -> str:
        return (
            f"SELECT s.{self.key} FROM {self.name} s JOIN {self.things} t ON t.id = s.{self.key} "  # noqa: S608
            "WHERE s.words @@ to_tsquery('simple', :question) ORDER BY t.submitted_at DESC LIMIT :most"
        )


@lru_cache
def _made(sentence: str) -> TextClause:
    return text(sentence)


def _one_of(groups: Sequence[Sequence[str]], word: str, both: str, either: str) -> str:
    """Write the question in the database's own words. Stems are letters and digits, so nothing in them is a sign."""
    return either.join(f"({both.join(word.format(one) for one in group)})" for group in groups)
