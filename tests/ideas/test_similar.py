"""While Kari types a title she sees the ideas that are like it, and can support one instead of writing it again."""

import pytest

from app.core.text import likeness
from app.ideas import query, service
from app.ideas.dialect import find_alike
from tests.support.ideas import make_idea

THERE = (
    "La lysløypa på Ankenes lyse til klokka 23",
    "Gratis buss for ungdom på kvelden",
    "Flere benker langs strandpromenaden",
    "Skilt til turstien på Fagernesfjellet",
    "Tak over sykkelstativet ved stasjonen",
)
HTMX = {"HX-Request": "true", "HX-Request-Type": "partial"}


@pytest.fixture
def ideas(session, settings, ola, now):
    return {title: make_idea(session, settings, actor=ola, now=now, title=title, body="Grunn.") for title in THERE}


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("Lysløypa på Ankenes", THERE[0]),
        ("Lys i lysløypene lenger ut på kvelden på Ankenes", THERE[0]),  # other endings
        ("Gratis bus for ungdom", THERE[1]),  # a slip of the pen
        ("Gratisbuss for ungdommen på kveldene", THERE[1]),
        ("benk strandprom", THERE[2]),  # not at the end of the word yet
        ("BENKER LANGS STRANDPROMENADEN!", THERE[2]),
        ("skilt på turstien", THERE[3]),
    ],
)
def test_an_idea_is_found_by_other_endings_beginnings_and_slips_of_the_pen(session, ideas, typed, found):
    assert [idea.title for idea in query.similar_ideas(session, typed)][:1] == [found]


@pytest.mark.parametrize(
    "typed",
    ["", " ", "på", "Flere", "Narvik trenger mer", "svømmehall", "????", "' OR 1=1 --", "a" * 120, "NEAR AND OR *"],
)
def test_what_says_nothing_or_something_else_finds_nothing(session, ideas, typed):
    assert query.similar_ideas(session, typed) == ()


@pytest.mark.parametrize("typed", ["Gratis svømmehall", "Flere", "Flere i Narvik"])
def test_a_common_word_alone_is_not_even_looked_at(session, ideas, typed):
    assert find_alike(session, typed) == []


def test_the_most_alike_comes_first_and_three_are_enough(session, settings, ideas, ola, now):
    for number in range(4):
        make_idea(session, settings, actor=ola, now=now, title=f"Gratis buss for ungdom på kvelden i bydel {number}")

    found = query.similar_ideas(session, "Gratis buss for ungdom på kvelden")

    assert len(found) == query.SIMILAR
    assert found[0].title == THERE[1]


def test_hidden_and_withdrawn_ideas_are_like_nothing(session, ideas, per, now):
    service.hide_idea(session, ideas[THERE[0]], reason="Den nevner en nabo.", actor=per, now=now)
    service.undo_idea(session, ideas[THERE[1]], now=now, undo_seconds=10)

    assert query.similar_ideas(session, THERE[0]) == ()
    assert query.similar_ideas(session, THERE[1]) == ()


def test_the_part_names_the_idea_its_count_and_a_button_whose_form_lies_elsewhere(visit, ideas):
    idea = ideas[THERE[2]]

    part = visit.client.get("/ideer/ligner", query_string={"title": "Benker langs strandpromenaden"}, headers=HTMX)

    assert f'href="/ideer/{idea.id}"' in part.text
    assert f'form="alike-{idea.id}"' in part.text
    assert part.text.index('hx-target="#similar-forms"') < part.text.index(f'<form id="alike-{idea.id}"')
    assert "1 idé ligner." in part.text
    assert "no-store" in part.headers["Cache-Control"]


def test_nothing_alike_empties_the_place(visit, ideas):
    part = visit.client.get("/ideer/ligner", query_string={"title": "Svømmehall"}, headers=HTMX)

    assert "similar__list" not in part.text
    assert "<form" not in part.text


def test_whoever_opens_the_address_comes_to_the_search(visit, ideas):
    answer = visit.client.get("/ideer/ligner", query_string={"title": "benker"})

    assert (answer.status_code, answer.location) == (303, "/ideer?sok=benker")
    assert visit.get("/ideer/ligner", expect=303).location == "/ideer"


@pytest.mark.parametrize("title", ["x" * 5000, "\x00", "<script>alert(1)</script>", "%", "\\"])
def test_no_title_makes_a_fault(visit, ideas, title):
    answer = visit.client.get("/ideer/ligner", query_string={"title": title}, headers=HTMX)

    assert answer.status_code == 200
    assert "<script>" not in answer.text


def test_likeness_goes_from_nothing_in_common_to_the_same():
    assert likeness("Buss", "Ferge til Lofoten") == 0
    assert likeness("Gratis buss!", "gratis BUSS") == 1
    assert 0 < likeness("Gratis bus", "Gratis båt") < likeness("Gratis bus", "Gratis buss") < 1
    assert likeness("", "") == 0
