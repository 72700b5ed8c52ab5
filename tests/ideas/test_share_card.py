"""The picture that stands beside an idea's address when somebody shares it."""

import io

import pytest
from PIL import Image

from app.ideas import service
from app.web.sharecard import share_card
from tests.support.ideas import make_idea


def test_whoever_shares_an_idea_shows_its_picture_from_our_own_address(visit, settings, idea):
    page = visit.get(f"/ideer/{idea.id}")

    (address,) = page.tree.xpath("//meta[@property='og:image']/@content")
    assert address == f"{settings.public_url}/ideer/{idea.id}/delekort.png"
    answer = visit.get(f"/ideer/{idea.id}/delekort.png").response
    assert Image.open(io.BytesIO(answer.data)).size == (1200, 630)
    assert "max-age=3600" in answer.headers["Cache-Control"]
    assert "Set-Cookie" not in answer.headers
    assert {"Cookie", "Accept-Language"} <= set(answer.headers["Vary"].split(", "))  # the word on it is translated


def test_what_is_hidden_has_no_picture_not_even_for_its_writer(visit_as, session, idea, per, now):
    service.hide_idea(session, idea, reason="Grovt", actor=per, now=now)
    session.commit()

    visit_as("kari").get(f"/ideer/{idea.id}/delekort.png", expect=404)
    assert not visit_as("kari").get(f"/ideer/{idea.id}").tree.xpath("//meta[@property='og:title']")


def test_a_thousand_who_share_cost_one_drawing():
    share_card.cache_clear()

    assert len({share_card("Lys i løypa", "Idé") for _ in range(1000)}) == 1
    assert share_card.cache_info().misses == 1


@pytest.mark.parametrize("title", ["Čáhci đŋšŧž", "😀", "x" * 120, "Ord " * 30, "\u200f\uffff"])
def test_no_title_breaks_the_picture(title):
    assert Image.open(io.BytesIO(share_card(title, "Idé"))).size == (1200, 630)


def test_sami_letters_are_drawn_and_not_left_out():
    assert share_card("Čáhci", "Idé") != share_card("áhci", "Idé")


@pytest.fixture
def idea(session, settings, kari, now):
    return make_idea(session, settings, actor=kari, now=now)
