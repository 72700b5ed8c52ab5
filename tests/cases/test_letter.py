"""The main document: a PDF that says what it is, carries its fonts, and holds every word."""

import unicodedata
from dataclasses import replace
from datetime import UTC, datetime

import pytest
import typst
from hypothesis import given, settings
from hypothesis import strategies as st

from app.cases.letter import Attachment, LetterContent, _as_json, _compile, render_letter
from app.core import glyphs
from tests.support.pdf import fonts_of, opened, words_of

KARIS = LetterContent(
    reference="INL-ABCDEFGHIJKLMNOPQRSTUVWXYZ",
    kind="Idé",
    area_name="Mobilitet",
    process_title="Idépool",
    received_at=datetime(2026, 3, 2, 9, 15, tzinfo=UTC),
    written_at=None,
    channel="nett",
    sender="Anonym innsender",
    sender_email=None,
    language="nb",
    title="Gangfelt ved Parken",
    body="Áhkánjárga: čđŋšŧž, æøå og ÆØÅ.\nNy linje.\n\nNytt avsnitt.",
    place="Ved Parken",
)


def squeezed(text: str) -> str:
    return "".join(text.split())


def test_the_pdf_says_that_it_is_pdf_a_2a() -> None:
    with opened(render_letter(KARIS)) as pdf, pdf.open_metadata() as metadata:
        assert (metadata["pdfaid:part"], metadata["pdfaid:conformance"]) == ("2", "A")


def test_the_pdf_is_tagged_and_has_language_and_title() -> None:
    with opened(render_letter(KARIS)) as pdf:
        assert pdf.Root.MarkInfo.Marked
        assert str(pdf.Root.Lang).lower().startswith("nb")
        assert str(pdf.docinfo.Title) == "Innspill til Narvik kommune – Smart Narvik"
        assert "/StructTreeRoot" in pdf.Root


def test_every_font_lies_in_the_pdf() -> None:
    fonts = fonts_of(render_letter(replace(KARIS, body="فارسی og norsk")))

    assert fonts
    assert all(embedded for _, embedded in fonts)


def test_every_word_of_the_input_stands_in_the_pdf() -> None:
    words = words_of(render_letter(replace(KARIS, sender_email="kari@example.no")))

    for text in (KARIS.title, *KARIS.body.split("\n"), KARIS.place, KARIS.reference, "kari@example.no", "Mobilitet",
                 "Idépool", "2.3.2026 kl. 10.15 (UTC+01:00)", "Side 1 av 1", "bokmål"):  # fmt: skip
        assert squeezed(text) in words


def test_the_attachments_are_listed_with_their_fingerprints() -> None:
    picture = Attachment("Bilde 1", "image/jpeg", 231_233, "ab" * 32)

    words = words_of(render_letter(replace(KARIS, attachments=(picture,), pictures_missing=1)))

    assert squeezed("Bilde 1 JPEG 231 kB") + "ab" * 32 in words
    assert squeezed("Bilder som ikke kunne leses: 1.") in words


def test_a_smiley_is_told_in_words() -> None:
    assert squeezed("[U+1F600 GRINNING FACE]") in words_of(render_letter(replace(KARIS, title="Fint 😀")))


def test_a_family_of_pictures_does_not_show_its_glue() -> None:
    assert glyphs.drawable("👨‍👩‍👧") == "[U+1F468 MAN][U+1F469 WOMAN][U+1F467 GIRL]"


def test_what_a_citizen_writes_is_never_typst() -> None:
    nasty = '#panic("x") $ \\ * _ ` [ ] #import "letter.typ" <label> @ref // /* "'

    assert squeezed(nasty) in words_of(render_letter(replace(KARIS, body=nasty, title=nasty, place=nasty)))


def test_the_same_letter_gives_the_same_bytes() -> None:
    assert render_letter(KARIS) == render_letter(replace(KARIS))


def test_a_long_word_stays_on_the_page_and_whole() -> None:
    assert "x" * 500 in words_of(render_letter(replace(KARIS, body="x" * 500)))


def test_an_answer_of_ours_says_what_it_answers() -> None:
    answer = replace(KARIS, outgoing=True, sender="Rådgiver", about_title="Gangfelt ved Parken", place="")

    words = words_of(render_letter(answer))

    assert squeezed("Svar fra Narvik kommune – Smart Narvik") in words
    assert squeezed("Svar på: Gangfelt ved Parken") in words


@settings(max_examples=25, deadline=None)
@given(st.text(max_size=120))
def test_no_text_stops_the_letter(text: str) -> None:
    assert render_letter(replace(KARIS, title=text or "x", body=text, place=text)).startswith(b"%PDF")


def test_the_fonts_draw_every_character_we_say_they_do() -> None:
    drawn = [chr(code) for code in range(0x20, 0x3000) if glyphs.is_drawn(chr(code))]
    seen = [character for character in drawn if unicodedata.category(character) not in {"Cc", "Cn", "Cs", "Co"}]
    assert len(seen) > 5000

    lines = [" ".join(seen[start : start + 200]) for start in range(0, len(seen), 200)]
    described = [line for line in lines if "U+" in words_of(render_letter(replace(KARIS, body=line)))]

    assert len(described) <= 2  # Arabic marks need a letter below them; NFC makes two brackets Chinese


def test_without_the_table_one_smiley_would_stop_the_letter() -> None:
    with pytest.raises(typst.TypstError, match="could not be displayed"):
        _compile(_as_json(KARIS, frozenset()).replace("Gangfelt", "😀"), 0)
