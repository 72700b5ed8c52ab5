"""Citizens' text: cleaned of what cannot be shown, cut between letters, and screened for personal data."""

import unicodedata
from dataclasses import dataclass
from typing import Literal

import regex

PersonalDataKind = Literal["national_id", "phone", "email"]


def N_(message: str) -> str:  # noqa: N802 - the name gettext looks for
    """Mark `message` for translation where it is written; it is translated where it is shown."""
    return message


# Illegal in XML 1.0, or able to turn the direction of what stands after them.
_UNSEEN = regex.compile(r"[\p{Cc}--\n\t]|[\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff\ufffe\uffff]|\p{Cs}", regex.V1)
# A text that holds nothing else is empty, though it has a length.
_INVISIBLE = regex.compile(r"[\p{Cf}\p{Cc}\p{Z}\p{M}\u2800\u3164\u115f\u1160\uffa0]*")
_BLANK_LINES = regex.compile(r"\n{3,}")


def clean_text(text: str) -> str:
    r"""Return `text` in NFC, with \n line ends, without control characters and direction marks, trimmed.

    What holds nothing that can be seen is "".
    """
    text = unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n"))
    text = _UNSEEN.sub("", text)
    if _INVISIBLE.fullmatch(text):
        return ""
    return str(_BLANK_LINES.sub("\n\n", "\n".join(line.rstrip() for line in text.split("\n")))).strip()


def clean_line(text: str) -> str:
    """Return `text` as one line: cleaned, and every run of white space is one blank."""
    return " ".join(clean_text(text).split())


def cut(text: str, length: int) -> str:
    """Return `text` if it has at most `length` characters, else cut between graphemes and ended with «…»."""
    if len(text) <= length:
        return text
    kept = ""
    for grapheme in regex.findall(r"\X", text):
        if len(kept) + len(grapheme) > length - 1:
            break
        kept += grapheme
    return kept.rstrip() + "…"


def likeness(one: str, other: str) -> float:
    """Return how alike two short texts are, 0 to 1: the share of their three-letter pieces that they have in common.

    Case and punctuation do not count, and a slip of the pen costs little.
    """
    pieces, others = _pieces(one), _pieces(other)
    return len(pieces & others) / len(pieces | others) if pieces and others else 0.0


def _pieces(text: str) -> frozenset[str]:
    words = (f"  {word} " for word in regex.findall(r"[\p{L}\d]+", text.lower()))
    return frozenset(word[place : place + 3] for word in words for place in range(len(word) - 2))


@dataclass(frozen=True, slots=True)
class PersonalData:
    """Something in a text that tells who somebody is. start, end: places in the text; end is not included."""

    kind: PersonalDataKind
    start: int
    end: int


_ELEVEN = regex.compile(r"(?<![\d])(\d{6})[ .\-]?(\d{5})(?![\d])")
_PHONE = regex.compile(
    r"(?<![\d\w.,/\-])(?:(?:\+|00)47[ ]?)?"
    r"(?:[2-9]\d{7}|[49]\d{2}[ ]\d{2}[ ]\d{3}|[2-9]\d[ ]\d{2}[ ]\d{2}[ ]\d{2})(?![\d\w])"
)
_EMAIL = regex.compile(r"[\p{L}\d._%+\-]{1,64}@[\p{L}\d\-]{1,63}(?:\.[\p{L}\d\-]{1,63}){1,8}")


def personal_data(text: str) -> list[PersonalData]:
    """Return what looks like a fødselsnummer (eleven digits), a phone number or an e-mail, in the text's order.

    Eleven digits count whether or not their check digits are right: a typing mistake is a person's number still.
    """
    found: list[PersonalData] = [PersonalData("national_id", m.start(), m.end()) for m in _ELEVEN.finditer(text)]
    taken = [(f.start, f.end) for f in found]
    for match in _EMAIL.finditer(text):
        found.append(PersonalData("email", match.start(), match.end()))
        taken.append((match.start(), match.end()))
    found += [
        PersonalData("phone", m.start(), m.end())
        for m in _PHONE.finditer(text)
        if not any(start < m.end() and m.start() < end for start, end in taken)
    ]
    return sorted(found, key=lambda f: f.start)
