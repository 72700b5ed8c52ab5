"""The local filter marks what tells who somebody is, and words that hurt, and leaves ordinary Norwegian alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.moderation.policy.filter import Words, is_birth_number, marks_in
from app.moderation.policy.words import HARD, MILD

WORDS = Words(HARD, MILD)
A_BIRTH_NUMBER = "01010012356"  # nobody's: made here, with check digits that are right


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (f"Jeg er {A_BIRTH_NUMBER}.", [("national_id", A_BIRTH_NUMBER)]),
        ("Jeg er 010100 12356.", [("national_id", "010100 12356")]),
        ("Jeg er 01.01.00-123 56.", [("national_id", "01.01.00-123 56")]),
        ("Skrevet feil: 01010012345", [("national_id", "01010012345")]),
        ("Ring 412 34 567 eller +47 91234567", [("phone", "412 34 567"), ("phone", "+47 91234567")]),
        ("Skriv til kari.hansen@example.no", [("email", "kari.hansen@example.no")]),
        ("Du er en HORE", [("word", "HORE")]),
        ("Slik ei fitte!", [("word", "fitte")]),
        ("What a fucking mess", [("word", "fucking")]),
        ("Don jea huorra", [("word", "huorra")]),
        ("Eg skal drepe\n deg", [("word", "drepe\n deg")]),
        ("f\u200bitte og ｆｉｔｔｅ", [("word", "f\u200bitte"), ("word", "ｆｉｔｔｅ")]),
        ("Det er jævla mørkt her", [("mild", "jævla")]),
    ],
)
def test_what_a_moderator_should_see_is_marked_at_its_place(text, found):
    marks = marks_in({"body": text}, WORDS)

    assert [(mark.kind, text[mark.start : mark.end]) for mark in marks] == found


@pytest.mark.parametrize(
    "text",
    [
        "Fittjabotn i Sør-Troms, Kukkola og Pikksteinen er steder.",
        "Horn, hornmusikk og Hornindal. Spissklokka og sopelimen står i boden.",
        "Kuka brukte tiden på å kokkelere. Pikkpakk, så var det gjort.",
        "Fagfolk, retardasjon og bitchen finnes ikke her. Assistenten kom.",
        "Vi var 12 500 000 mennesker på 3 000 m² i 2026, fra 8. til 12. mai.",
        "Kontonummer ber vi ikke om, men 1 234 kr og 20 prosent er lov.",
        "Buss 12345 gikk klokka 08.15, 09.15 og 10.15 fra Narvik stasjon.",
        "Vi telte 3 4 5 6 7 8 9 10 11 i kor i Kirkegata 12, 8514 Narvik.",
        "Sørsamisk, nordsamisk: Mii háliidat eanet sámegiela skuvllas.",
        "Ikkje drep lysten til å gå på tur. Knus isen om vinteren.",
    ],
)
def test_ordinary_words_places_and_numbers_are_left_alone(text):
    assert marks_in({"body": text}, WORDS) == ()


def test_check_digits_are_told_from_chance():
    assert is_birth_number(A_BIRTH_NUMBER)
    assert not is_birth_number("01010012357")
    assert not is_birth_number("11010012356")


def test_a_mild_word_alone_stops_nobody():
    (mild,) = marks_in({"title": "Faen så kaldt"}, WORDS)
    (hard,) = marks_in({"title": "Fitte"}, WORDS)

    assert (mild.is_hard, hard.is_hard) == (False, True)


@given(st.text(alphabet=st.sampled_from("abcfitehorky 0123456789@.+-\u200b\u00ad"), max_size=200))
def test_marks_lie_inside_their_text_in_order_and_apart(text):
    marks = marks_in({"body": text}, WORDS)

    places = [place for mark in marks for place in (mark.start, mark.end)]
    assert places == sorted(places)
    assert all(0 <= mark.start < mark.end <= len(text) for mark in marks)
