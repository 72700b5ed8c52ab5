"""Search in ideas: Norwegian stems, made here for both databases, so that both find the same."""

from collections.abc import Sequence
from functools import lru_cache
from uuid import UUID

import regex
import snowballstemmer
from sqlalchemy import text
from sqlalchemy.orm import Session

from app.core.dialect import is_postgresql
from app.core.rows import rows

MOST_HITS = 500
_WORD = regex.compile(r"[\p{L}\d]+")
_SHORTEST_STEM = 3

# Tables of their own, made by a migration: no model, since each database has its own kind.
SQLITE_TABLE = (
    "CREATE VIRTUAL TABLE ideas_search USING fts5(idea_id UNINDEXED, words, tokenize='unicode61 remove_diacritics 0')"
)
POSTGRESQL_TABLE = "CREATE TABLE ideas_search (idea_id uuid PRIMARY KEY REFERENCES ideas(id), words tsvector NOT NULL)"
POSTGRESQL_INDEX = "CREATE INDEX ix_ideas_search_words ON ideas_search USING gin (words)"


@lru_cache(maxsize=20_000)
def stem(word: str) -> str:
    """Return the stem of a Norwegian word: snowball's, again until it stays, so that «gatelysene» meets «gatelys»."""
    stemmer = snowballstemmer.stemmer("norwegian")
    word = word.lower()
    while True:
        shorter: str = stemmer.stemWord(word)
        if shorter == word or len(shorter) < _SHORTEST_STEM:
            return word
        word = shorter


def stems(words: str) -> list[str]:
    """Return the stem of each word of a text, in its order."""
    return [stem(word) for word in _WORD.findall(words)]


def index_idea(session: Session, idea_id: UUID, words: str) -> None:
    """Make an idea findable by `words`."""
    if is_postgresql(session):
        rows(
            session,
            text("INSERT INTO ideas_search (idea_id, words) VALUES (:id, to_tsvector('simple', :words))"),
            {"id": idea_id, "words": " ".join(stems(words))},
        )
        return
    rows(
        session,
        text("INSERT INTO ideas_search (idea_id, words) VALUES (:id, :words)"),
        {"id": idea_id.hex, "words": " ".join(stems(words))},
    )


def find_ideas(session: Session, question: str) -> Sequence[UUID]:
    """Return ideas that hold every word of `question` (a word may go on), at most MOST_HITS, newest first."""
    wanted = stems(question)[:10]
    if not wanted:
        return []
    if is_postgresql(session):
        found = session.execute(
            text(
                "SELECT s.idea_id FROM ideas_search s JOIN ideas i ON i.id = s.idea_id "
                "WHERE s.words @@ to_tsquery('simple', :question) ORDER BY i.submitted_at DESC LIMIT :most"
            ),
            {"question": " & ".join(f"{word}:*" for word in wanted), "most": MOST_HITS},
        )
        return [row.idea_id for row in found]
    found = session.execute(
        text("SELECT idea_id FROM ideas_search WHERE ideas_search MATCH :question ORDER BY rowid DESC LIMIT :most"),
        {"question": " AND ".join(f'"{word}"*' for word in wanted), "most": MOST_HITS},
    )
    return [UUID(hex=row.idea_id) for row in found]
