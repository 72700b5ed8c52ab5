"""Titles, keys and shielding: no word of a citizen reaches a public title."""

import unicodedata
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from app.cases import titles
from app.cases.geointegrasjon import envelopes
from app.core.outbound.archive import Credentials
from tests.support.letters import CODES, letter

NASTY = st.text(
    alphabet=st.one_of(
        st.sampled_from(
            list("æøåáčđŋšŧž-–«»<>&;'\"\u202e\u200f\ufeff\x00\x0b\x1f\x7f\r\n\t \u200d\u0301😀👩‍🚀1234567890@.")
        ),
        st.characters(),
    ),
    max_size=400,
)


@settings(max_examples=60, deadline=None)
@given(NASTY)
def test_any_words_give_a_legal_title_of_at_most_255(words: str) -> None:
    title = titles.input_title(words)

    assert len(title) <= 255
    assert title == unicodedata.normalize("NFC", title)
    assert not any(unicodedata.category(c) in {"Cc", "Cs"} or c in "\u202e\u200f\ufeff" for c in title)


@settings(max_examples=60, deadline=None)
@given(NASTY)
def test_any_words_give_legal_xml_that_says_them_unchanged(words: str) -> None:
    made = letter(title=titles.input_title(words))

    sent = envelopes.enveloped(envelopes.new_entry(made, "2026/211", None, CODES), Credentials())

    assert etree.fromstring(sent).findtext(".//{*}journalpost/{*}tittel") == made.title


def test_a_public_title_is_made_of_our_own_words() -> None:
    assert titles.public_input_title("Idépool", "Mobilitet") == "Innspill til Idépool (mobilitet)"


def test_a_long_title_is_cut_between_letters_people_see() -> None:
    title = titles.input_title("👩‍🚀" * 200)

    assert title.endswith("👩‍🚀…")
    assert len(title) <= 255


@pytest.mark.parametrize(
    ("slug", "name", "wanted"),
    [
        ("mobilitet", "Mobilitet", "Smart Narvik, mobilitet"),
        ("annet", "Annet", "Smart Narvik, innbyggerlab"),
        ("", "", "Smart Narvik, innbyggerlab"),
    ],
)
def test_the_folder_is_never_the_bare_smart_narvik(slug: str, name: str, wanted: str) -> None:
    assert titles.folder_title(slug, name) == wanted


def test_the_key_of_a_folder_has_the_year_it_is_in_narvik() -> None:
    new_years_eve = datetime(2026, 12, 31, 23, 30, tzinfo=UTC)

    assert titles.folder_key("INNBYGGERLAB", "energi", new_years_eve).key == "sak:energi:2027"


@pytest.mark.parametrize(
    "text",
    [
        "Mitt nummer er 010190 12345",
        "Ring 412 34 567",
        "Skriv til kari@example.no",
        "Jeg har angst",
        "Min sønn går der",
    ],
)
def test_what_tells_who_somebody_is_gets_shielded(text: str) -> None:
    shielding = titles.shielding_for("Gangfelt", text, codes=CODES)

    assert shielding is not None
    assert (shielding.access_code, shielding.legal_basis) == ("13", "offl. § 13 jf. fvl. § 13")


@pytest.mark.parametrize("text", ["Bygg en benk ved Parken", "Sett opp 12 lamper i 2027", "Mer legemiddelfri hage"])
def test_openness_is_the_main_rule(text: str) -> None:
    assert titles.shielding_for(text, codes=CODES) is None


def test_a_citizen_can_ask_for_shielding() -> None:
    assert titles.shielding_for("En benk", codes=CODES, marked_private=True) is not None
