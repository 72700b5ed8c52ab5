"""How hard a Norwegian text is to read: LIX, its longest sentence, and words from the office.

LIX = words per sentence + per cent of words with more than six letters (Björnsson 1968). A page is read as a reader
meets it: each heading, item, label and button is a sentence of its own.
"""

import html
import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

WORD = re.compile(r"[A-Za-zÆØÅæøåÁáČčĐđŊŋŠšŦŧŽžéèêüöä]+")
SENTENCE_END = re.compile(r"(?<=[.!?:])\s+|\n")
BLOCK_END = re.compile(
    r"</(p|h\d|li|legend|label|button|a|small|th|td|dt|dd|summary|figcaption|span|title|b|option|div)>", re.IGNORECASE
)
# Names that the UN has given its goals: not our words, and not ours to make plainer.
NAMES = re.compile(r'<span class="goal-name">.*?</span>', re.DOTALL)
UNSEEN = re.compile(r"<(style|svg|script|template|head)\b.*?</\1>", re.DOTALL | re.IGNORECASE)
LONG = 6
# look.md 7: the words of the office, left, and what to say instead.
OFFICE_WORDS = {
    "anmode": "be om", "anskaffe": "kjøpe", "anvende": "bruke", "angående": "om", "vedrørende": "om", "avslag": "nei",
    "begrunnelse": "grunn", "benytte": "bruke", "berørt part": "den det gjelder", "besluttet": "bestemt",
    "bistå": "hjelpe", "dersom": "hvis", "deltakelse": "å være med", "detaljregulering": "plan for området",
    "disponere": "ha", "effektivisere": "gjøre enklere", "eksempelvis": "for eksempel", "ettersom": "fordi",
    "evaluere": "se hva som virket", "foreligge": "finnes", "foreta": "gjøre", "forespørsel": "spørsmål",
    "forutsetning": "krav", "fremlegge": "vise", "fylle ut skjema": "svare", "gjennomføre": "gjøre",
    "herunder": "også", "hensiktsmessig": "lurt", "i forbindelse med": "om", "i henhold til": "etter",
    "implementere": "ta i bruk", "imidlertid": "men", "inneha": "ha", "innsigelse": "protest", "iverksette": "starte",
    "kartlegge": "finne ut", "medio": "midt i", "nevnte": "dette", "nødvendiggjøre": "kreve",
    "oppfølging": "hva som skjer videre", "oversende": "sende", "påbegynne": "begynne", "påse": "sørge for",
    "respondent": "den som svarte", "samtykke": "si ja", "saksbehandler": "den som svarer deg", "således": "slik",
    "tilbakemelding": "svar", "tilrettelegge": "gjøre klart", "tiltak": "det vi gjør", "ugyldig": "stemmer ikke",
    "utarbeide": "lage", "utredning": "undersøkelse av saken", "utforme": "lage", "vedtak": "det som ble bestemt",
    "virksomhet": "kommunen, firmaet", "ytterligere": "flere", "vennligst": "(bare si det)", "obligatorisk": "må",
    "innsending": "send",
}  # fmt: skip


EASY, HARD, LONGEST = 35, 45, 20  # look.md 7: what we promise of an official answer, and above HARD it is a report


class Ease(str, Enum):
    """How a text reads."""

    EASY = "easy"
    SOME = "some"
    HARD = "hard"


@dataclass(frozen=True, slots=True)
class Reading:
    """What was measured. longest: the longest sentence, as read."""

    words: int
    lix: float
    longest: str

    @property
    def ease(self) -> Ease:
        return Ease.EASY if self.lix <= EASY else Ease.SOME if self.lix <= HARD else Ease.HARD

    @property
    def longest_words(self) -> int:
        return len(WORD.findall(self.longest))

    @property
    def is_long(self) -> bool:
        return self.longest_words > LONGEST


def visible_text(page: str) -> str:
    """Return what a reader meets, one sentence for each block."""
    seen = UNSEEN.sub("", NAMES.sub("", page))
    text = html.unescape(re.sub(r"<[^>]+>", " ", BLOCK_END.sub(". ", seen)))
    return re.sub(r"(\s*\.\s*)+", ". ", re.sub(r"\s+", " ", text))


def read(text: str) -> Reading:
    """Measure a text. No words at all: LIX 0."""
    sentences = [part for part in SENTENCE_END.split(re.sub(r"[ \t]+", " ", text)) if re.search(r"\w", part)]
    words = WORD.findall(text)
    if not words:
        return Reading(0, 0.0, "")
    long_words = 100 * sum(len(word) > LONG for word in words) / len(words)
    longest = max(sentences, key=lambda sentence: len(WORD.findall(sentence)))
    return Reading(len(words), len(words) / len(sentences) + long_words, longest)


def office_words(text: str) -> Sequence[str]:
    """Return the words of the office that stand in a text, each with what to say instead."""
    return [
        f"{word} → {better}"
        for word, better in OFFICE_WORDS.items()
        if re.search(rf"\b{re.escape(word)}", text, re.IGNORECASE)
    ]
