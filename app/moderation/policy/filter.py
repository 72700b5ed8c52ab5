"""The local filter: it marks what tells who somebody is, and words that hurt.

It asks no other machine, and it decides nothing: a person does.
"""

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import regex

from app.core.text import personal_data

MarkKind = Literal["national_id", "phone", "email", "word", "mild"]


@dataclass(frozen=True, slots=True)
class Mark:
    """Something found in a text. field: e.g. "body"; start, end: places in it, where end is not included."""

    field: str
    kind: MarkKind
    start: int
    end: int

    @property
    def is_hard(self) -> bool:
        """Tell whether a person must look before it is shown."""
        return self.kind != "mild"


@dataclass(frozen=True, slots=True)
class Words:
    """The words in force, in small letters; «drep deg» is one of them."""

    hard: frozenset[str]
    mild: frozenset[str]


def marks_in(texts: Mapping[str, str], words: Words) -> tuple[Mark, ...]:
    """Return what is found in `texts` (field -> text), by field and place. No two marks of a field overlap.

    Also what the writer has chosen to keep: that they may is one thing, that somebody looks is another.
    """
    return tuple(mark for field, text in texts.items() for mark in _apart(_found(field, text, words)))


def _found(field: str, text: str, words: Words) -> Iterator[Mark]:
    yield from (Mark(field, one.kind, one.start, one.end) for one in personal_data(text))
    for hit in _ELEVEN_SPREAD.finditer(text):
        if is_birth_number("".join(letter for letter in hit[0] if letter.isdigit())):
            yield Mark(field, "national_id", hit.start(), hit.end())
    seen, places = _seen(text)
    for kind, listed in (("word", words.hard), ("mild", words.mild)):
        for hit in _any_of(listed).finditer(seen) if listed else ():
            yield Mark(field, kind, places[hit.start()], places[hit.end() - 1] + 1)  # type: ignore[arg-type]


def _apart(found: Iterator[Mark]) -> Iterator[Mark]:
    """Give the marks in order, without those that begin inside another; of two at one place, the longer one."""
    end = 0
    for mark in sorted(found, key=lambda one: (one.start, -one.end)):
        if mark.start >= end:
            yield mark
            end = mark.end


# Eleven digits with at most one sign between any two of them; only right check digits tell them from other numbers.
_ELEVEN_SPREAD = regex.compile(r"(?<!\d)\d(?:[ .\-\u2013\u00a0]?\d){10}(?!\d)")
_FIRST, _SECOND = (3, 7, 6, 1, 8, 9, 4, 5, 2), (5, 4, 3, 2, 7, 6, 5, 4, 3, 2)


def is_birth_number(digits: str) -> bool:
    """Tell whether eleven digits are a fødselsnummer, a D number or the like: both check digits are right.

    Source: Skatteetaten, weights 3 7 6 1 8 9 4 5 2 and 5 4 3 2 7 6 5 4 3 2, modulo 11.
    """
    numbers = [int(digit) for digit in digits]
    return numbers[9] == _check_digit(numbers, _FIRST) and numbers[10] == _check_digit(numbers, _SECOND)


def _check_digit(numbers: list[int], weights: tuple[int, ...]) -> int:
    return -sum(weight * number for weight, number in zip(weights, numbers, strict=False)) % 11


_WITHOUT_WIDTH = regex.compile(r"\p{Cf}")


def _seen(text: str) -> tuple[str, Sequence[int]]:
    """Return the text as the eye reads it, and the place in `text` of each of its letters.

    What has no width is left out, and a letter in another dress (wide, bold) is the plain one.
    """
    if unicodedata.is_normalized("NFKC", text) and not _WITHOUT_WIDTH.search(text):
        return text, range(len(text))
    letters, places = [], []
    for place, letter in enumerate(text):
        if unicodedata.category(letter) == "Cf":
            continue
        plain = unicodedata.normalize("NFKC", letter)
        letters.append(plain if len(plain) == 1 else letter)
        places.append(place)
    return "".join(letters), places


@lru_cache(maxsize=8)
def _any_of(words: frozenset[str]) -> "regex.Pattern[str]":
    """Return what finds one of `words` as a whole word, the longest first, in any mixture of cases."""
    listed = sorted(words, key=lambda word: (-len(word), word))
    either = "|".join(r"\s+".join(regex.escape(part) for part in word.split()) for word in listed)
    return regex.compile(rf"(?<![\p{{L}}\p{{M}}\p{{N}}])(?:{either})(?![\p{{L}}\p{{M}}\p{{N}}])", regex.IGNORECASE)
