"""Our Norwegian is plain: short sentences, everyday words, no office language (look.md 7)."""

import re
from functools import cache
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_file
from lxml import html

from app.mail import service
from ops import strings

TEMPLATES = Path(__file__).resolve().parents[2] / "templates"
URL = "https://lab.example/kvittering/abc"
WORD = re.compile(r"[A-Za-zÆØÅæøåÁáČčĐđŊŋŠšŦŧŽžéèêüöä]+")
SENTENCE_END = re.compile(r"(?<=[.!?:])\s+|\n")
ENOUGH_WORDS = 100
LONGEST = 20
# Rights and law may be a little harder.
HARDEST = {"/personvern": 45}
# Each page with sentences; /utseende holds the names of languages only.
PAGES = (
    "/", "/bidra", "/ideer", "/ideer/ny", "/kart", "/bli", "/mine", "/mine/data", "/mine/slett", "/varsler", "/om",
    "/personvern", "/tilgjengelighet", "/offline", "/logg-inn",
)  # fmt: skip
LETTERS = {
    "receipt": lambda: service.receipt_letter("kari@example.invalid", "nb", url=URL),
    "news": lambda: service.news_letter("kari@example.invalid", "nb", step="decided", url=URL),
    "sign_in_code": lambda: service.sign_in_letter("kari@example.invalid", "nb", code="012345", url=URL),
}
# Office words, and what to say instead. The beginning of a word is enough: «benytt» finds «benyttes».
OFFICE_WORDS = {
    "anmod": "be om", "anskaff": "kjøpe", "anvend": "bruke", "angående": "om", "vedrørende": "om",
    "avslag": "nei", "begrunnelse": "grunn", "benytt": "bruke", "besluttet": "bestemt", "bistå": "hjelpe",
    "dersom": "hvis", "deltakelse": "å være med", "disponer": "ha", "effektiviser": "gjøre enklere",
    "eksempelvis": "for eksempel", "ettersom": "fordi", "evaluer": "se hva som virket", "foreligg": "finnes",
    "foreta": "gjøre", "forespørsel": "spørsmål", "forutsetning": "krav", "fremlegg": "vise",
    "gjennomfør": "gjøre", "herunder": "også", "hensiktsmessig": "lurt", "i forbindelse med": "om, ved",
    "i henhold til": "etter", "implementer": "ta i bruk", "imidlertid": "men", "inneha": "ha",
    "innsigelse": "protest", "iverksett": "starte", "kartlegg": "finne ut", "medvirkning": "si din mening",
    "medio": "midt i", "nevnte": "dette", "nødvendiggjør": "kreve", "obligatorisk": "må",
    "oppfølging": "hva som skjer videre",
    "oversend": "sende", "påbegynn": "begynne", "påse": "sørge for", "respondent": "den som svarte",
    "saksbehandler": "den som svarer deg", "samtykke": "si ja", "således": "slik", "tilbakemelding": "svar",
    "tilrettelegg": "gjøre klart", "tiltak": "det vi gjør", "ugyldig": "stemmer ikke", "utarbeid": "lage",
    "utredning": "undersøkelse av saken", "utform": "lage", "vedtak": "det som ble bestemt",
    "vennligst": "(ta det bort)",
    "virksomhet": "kommunen, firmaet", "ytterligere": "flere, mer",
}  # fmt: skip


@pytest.mark.parametrize("address", PAGES)
def test_a_page_is_easy_to_read(address, visit):
    words = read_aloud(visit.get(address).text)

    assert lix(words) <= HARDEST.get(address, 30), words


@pytest.mark.parametrize("letter", LETTERS)
def test_a_letter_is_easy_to_read(letter):
    assert lix(LETTERS[letter]().text.replace(URL, "")) <= 30


@pytest.mark.parametrize("room", sorted({*(path.parent.name for path in TEMPLATES.rglob("*.html"))} - {"mail"}))
def test_all_that_a_room_may_say_is_easy_to_read(room):
    """Also what is seldom seen: refusals, empty lists, help."""
    said = "\n".join(text for path in (TEMPLATES / room).rglob("*.html") for text in texts_of(path))

    assert len(WORD.findall(said)) < ENOUGH_WORDS or lix(said) <= 30


def test_no_sentence_is_long():
    long = [(len(WORD.findall(part)), part) for text in all_texts() for part in SENTENCE_END.split(text)]

    assert [part for count, part in long if count > LONGEST] == []


def test_no_office_words():
    found = [
        f"«{office}» in «{text}»: say «{plain}»"
        for text in all_texts()
        for office, plain in OFFICE_WORDS.items()
        if re.search(rf"\b{office}", text, re.IGNORECASE)
    ]

    assert found == []


def test_exclamation_marks_stand_after_thanks_alone():
    assert [text for text in all_texts() if "!" in text and not text.startswith("Takk!")] == []


def test_no_words_in_capitals():
    shouted = {word for text in all_texts() for word in re.findall(r"\b[A-ZÆØÅ]{3,}\b", text)}

    assert shouted <= {"HEIC", "JPG", "PNG", "WCAG"}


def lix(text: str) -> float:
    """Return words per sentence + per cent of words with more than six letters (Björnsson 1968)."""
    sentences = [part for part in SENTENCE_END.split(text) if WORD.search(part)]
    words = WORD.findall(text)
    return len(words) / max(1, len(sentences)) + 100 * sum(len(word) > 6 for word in words) / max(1, len(words))


def read_aloud(page: str) -> str:
    """Return the main part of a page as a reader meets it: each heading, item, label and button is a sentence."""
    (main,) = html.fromstring(page).xpath("//main")
    # The names of the UN's goals are not our words
    for unseen in main.xpath(".//script | .//style | .//svg | .//span[@class='goal-name']"):
        unseen.drop_tree()
    return "\n".join(" ".join(part.split()) for part in main.itertext() if part.strip())


@cache
def all_texts() -> list[str]:
    """Return every Norwegian text a person may see; of a count both forms."""
    messages = strings.messages_of(strings.collected())
    return [text for message in messages for text in ([message.id] if isinstance(message.id, str) else message.id)]


def texts_of(path: Path) -> list[str]:
    found = extract_from_file("jinja2", path, strings.KEYWORDS, options={"silent": "false"})
    return [text if isinstance(text, str) else text[0] for _line, text, _comments, _context in found]
