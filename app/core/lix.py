"""How hard a Norwegian text is to read, and which sentence is the longest.

LIX = words per sentence + per cent of words with more than six letters (Björnsson 1968). The borders are those for an
official answer: 35 and sentences of at most 20 words are what we promise, above 45 it is a report.
"""

from dataclasses import dataclass
from enum import Enum

import regex

_WORD = regex.compile(r"\p{L}+")
_SENTENCE_END = regex.compile(r"(?<=[.!?:])\s+|\n")
LONG = 6
EASY, HARD = 35, 45
LONGEST = 20


class Ease(str, Enum):
    """How a text reads."""

    EASY = "easy"
    SOME = "some"
    HARD = "hard"


@dataclass(frozen=True, slots=True)
class Reading:
    """What was measured. longest: the longest sentence, as written; longest_words: how many words it has."""

    words: int
    lix: int
    longest: str
    longest_words: int

    @property
    def ease(self) -> Ease:
        return Ease.EASY if self.lix <= EASY else Ease.SOME if self.lix <= HARD else Ease.HARD

    @property
    def is_long(self) -> bool:
        return self.longest_words > LONGEST


def read(text: str) -> Reading:
    """Measure a text; LIX is rounded. Without words everything is 0."""
    counted = {part: len(_WORD.findall(part)) for part in _SENTENCE_END.split(text)}
    sentences = [part for part in _SENTENCE_END.split(text) if counted[part]]
    words = _WORD.findall(text)
    if not words:
        return Reading(0, 0, "", 0)
    many_letters = 100 * sum(len(word) > LONG for word in words) / len(words)
    longest = max(sentences, key=lambda part: counted[part])
    return Reading(len(words), round(len(words) / len(sentences) + many_letters), longest.strip(), counted[longest])
