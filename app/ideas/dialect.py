"""Search in ideas: by words, and by a title that somebody is typing."""

from collections.abc import Sequence
from itertools import combinations
from uuid import UUID

from sqlalchemy.orm import Session

from app.core.search import MOST_WORDS, SHORTEST_STEM, WORD, SearchTable, stem

ENOUGH = 3
SAY_NOTHING = frozenset(
    WORD.findall(
        "alle bare blir ble bli burde den det dette der deres din disse eller enn ett etter flere for fra før gjør "
        "gjøre har her hos hun hva hvor ikke inn inne jeg kan kommune kommunen kunne lage langs litt man mange med meg "
        "mer mest min mot mye narvik noe noen også opp oss over ser selv sin skal skulle som til trenger under ute "
        "uten ved vil ville være vært vår våre and for from have more not our should that the this with"
    )
)

IDEAS = SearchTable("ideas_search", "idea_id", "ideas")


def find_alike(session: Session, title: str, *, most: int = 100) -> Sequence[UUID]:
    """Return ideas that hold most of the words of `title`, at least two where it has two that say something.

    First those that hold all of them, then all but one, and so on, until there are enough to choose from. So a common
    word alone finds nothing, and one word with a slip of the pen costs nothing. Of more than `most`, any will do.
    """
    telling = [_root(word) for word in WORD.findall(title) if _says_something(word)]
    wanted = sorted(dict.fromkeys(telling), key=len, reverse=True)[:MOST_WORDS]
    fewest = min(len(wanted), 2)
    found: dict[UUID, None] = {}
    for size in range(len(wanted), fewest - 1, -1) if wanted else ():
        found |= dict.fromkeys(IDEAS.holding(session, list(combinations(wanted, size)), most, newest=False))
        if len(found) >= ENOUGH:
            break
    return list(found)[:most]


def _root(word: str) -> str:
    """Return the stem without the consonant that Norwegian doubles before an ending: ungdom, ungdommen."""
    stemmed = stem(word)
    doubled = len(stemmed) > SHORTEST_STEM and stemmed[-1] == stemmed[-2] and stemmed[-1] not in "aeiouyæøå"
    return stemmed[:-1] if doubled else stemmed


def _says_something(word: str) -> bool:
    return len(word) >= SHORTEST_STEM and word.lower() not in SAY_NOTHING
