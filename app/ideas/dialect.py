"""Search in ideas: Norwegian stems, made here for both databases, so that both find the same."""

from collections.abc import Sequence
from functools import lru_cache
from itertools import combinations
from uuid import UUID

import regex
import snowballstemmer
from sqlalchemy import text
from sqlalchemy.orm import Session

from app.core.dialect import is_postgresql
from app.core.rows import rows

MOST_HITS = 500
MOST_WORDS = 5  # of a title, the longest: they say most, and five can be combined in few ways
ENOUGH = 3
_WORD = regex.compile(r"[\p{L}\d]+")
_SHORTEST_STEM = 3
SAY_NOTHING = frozenset(
    _WORD.findall(
        "alle bare blir ble bli burde den det dette der deres din disse eller enn ett etter flere for fra før gjør "
        "gjøre har her hos hun hva hvor ikke inn inne jeg kan kommune kommunen kunne lage langs litt man mange med meg "
        "mer mest min mot mye narvik noe noen også opp oss over ser selv sin skal skulle som til trenger under ute "
        "uten ved vil ville være vært vår våre and for from have more not our should that the this with"
    )
)

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


def reindex_idea(session: Session, idea_id: UUID, before: str, words: str) -> None:
    """Make an idea findable by `words`, and no longer by what it was findable by before."""
    if is_postgresql(session):
        rows(session, text("DELETE FROM ideas_search WHERE idea_id = :id"), {"id": idea_id})
    else:
        # By its own words: an idea's id is in no index there, and a million rows would be read
        telling = sorted(set(stems(before)), key=len, reverse=True)[:MOST_WORDS]
        question = " AND ".join(f'"{one}"' for one in telling)
        rows(session, text(_FORGET if telling else _FORGET_SIGNS), {"id": idea_id.hex, "question": question})
    index_idea(session, idea_id, words)


_FORGET = (
    "DELETE FROM ideas_search WHERE rowid IN "
    "(SELECT rowid FROM ideas_search WHERE ideas_search MATCH :question AND idea_id = :id)"
)
_FORGET_SIGNS = "DELETE FROM ideas_search WHERE idea_id = :id AND :question = ''"


def unindex_ideas(session: Session, idea_ids: Sequence[UUID]) -> None:
    """Make ideas unfindable, with no stem of their words left: SQLite's index keeps them until it is made anew."""
    if is_postgresql(session):
        session.execute(text("DELETE FROM ideas_search WHERE idea_id = ANY(:ids)"), {"ids": list(idea_ids)})
        return
    for idea_id in idea_ids:
        session.execute(text("DELETE FROM ideas_search WHERE idea_id = :id"), {"id": idea_id.hex})
    session.execute(text("INSERT INTO ideas_search(ideas_search) VALUES ('optimize')"))


def find_ideas(session: Session, question: str) -> Sequence[UUID]:
    """Return ideas that hold every word of `question` (a word may go on), at most MOST_HITS, newest first."""
    wanted = stems(question)[:10]
    return _holding(session, [wanted], NEWEST, MOST_HITS) if wanted else []


def find_alike(session: Session, title: str, *, most: int = 100) -> Sequence[UUID]:
    """Return ideas that hold most of the words of `title`, at least two where it has two that say something.

    First those that hold all of them, then all but one, and so on, until there are enough to choose from. So a common
    word alone finds nothing, and one word with a slip of the pen costs nothing. Of more than `most`, any will do.
    """
    telling = [_root(word) for word in _WORD.findall(title) if _says_something(word)]
    wanted = sorted(dict.fromkeys(telling), key=len, reverse=True)[:MOST_WORDS]
    fewest = min(len(wanted), 2)
    found: dict[UUID, None] = {}
    for size in range(len(wanted), fewest - 1, -1) if wanted else ():
        found |= dict.fromkeys(_holding(session, list(combinations(wanted, size)), ANY, most))
        if len(found) >= ENOUGH:
            break
    return list(found)[:most]


def _root(word: str) -> str:
    """Return the stem without the consonant that Norwegian doubles before an ending: ungdom, ungdommen."""
    stemmed = stem(word)
    doubled = len(stemmed) > _SHORTEST_STEM and stemmed[-1] == stemmed[-2] and stemmed[-1] not in "aeiouyæøå"
    return stemmed[:-1] if doubled else stemmed


def _says_something(word: str) -> bool:
    return len(word) >= _SHORTEST_STEM and word.lower() not in SAY_NOTHING


_ON_SQLITE = "SELECT idea_id FROM ideas_search WHERE ideas_search MATCH :question ORDER BY rowid DESC LIMIT :most"
NEWEST = (
    "SELECT s.idea_id FROM ideas_search s JOIN ideas i ON i.id = s.idea_id "
    "WHERE s.words @@ to_tsquery('simple', :question) ORDER BY i.submitted_at DESC LIMIT :most"
)
# Sorting thousands of hits by age is what costs there: measured on PostgreSQL, 65 ms against 2
ANY = "SELECT idea_id FROM ideas_search WHERE words @@ to_tsquery('simple', :question) LIMIT :most"


def _holding(session: Session, groups: Sequence[Sequence[str]], on_postgresql: str, most: int) -> Sequence[UUID]:
    """Return ideas that hold all words of one of the groups. A word is a stem, and may go on. SQLite: the newest."""
    if is_postgresql(session):
        question = _one_of(groups, "{}:*", " & ", " | ")
        return [row.idea_id for row in session.execute(text(on_postgresql), {"question": question, "most": most})]
    question = _one_of(groups, '"{}"*', " AND ", " OR ")
    return [UUID(hex=row.idea_id) for row in session.execute(text(_ON_SQLITE), {"question": question, "most": most})]


def _one_of(groups: Sequence[Sequence[str]], word: str, both: str, either: str) -> str:
    """Write the question in the database's own words. Stems are letters and digits, so nothing in them is a sign."""
    return either.join(f"({both.join(word.format(one) for one in group)})" for group in groups)
