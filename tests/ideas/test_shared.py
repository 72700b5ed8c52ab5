"""What other apps share to us, where no service worker takes it."""

import io

import pytest
from sqlalchemy import func, select

from app.ideas.models import TITLE_LENGTH, Idea


def test_shared_words_stand_in_the_form_and_nothing_is_stored(session, visit):
    page = visit.post(
        "/del", {"title": "Hull i veien", "text": "Se her", "url": "https://a.example/b"}, expect=200, token=False
    )

    assert page.value("title") == "Hull i veien"
    assert page.value("body") == "Se her\n\nhttps://a.example/b"
    assert page.tree.xpath("//form[@id='idea-form']/@action") == ["/ideer/ny"]
    assert session.scalar(select(func.count()).select_from(Idea)) == 0


def test_a_title_that_is_too_long_is_not_cut(visit):
    long = "Veldig " * 40

    page = visit.post("/del", {"title": long}, expect=200, token=False)

    assert page.value("title") == ""
    assert page.value("body").startswith(long.strip()[:TITLE_LENGTH])


def test_whoever_shares_a_photo_is_asked_to_choose_it_again(visit):
    page = visit.post("/del", {"pictures": (io.BytesIO(b"x"), "a.jpg")}, expect=200, token=False)

    assert "Velg bildene på nytt." in page.words


def test_it_comes_from_outside_and_is_let_in(visit):
    headers = {"Origin": "null", "Sec-Fetch-Site": "cross-site"}

    visit.post("/del", {"text": "Hei"}, expect=200, token=False, headers=headers)


@pytest.mark.parametrize(
    "sent", [{}, {"title": "\x00", "text": "\u202e"}, {"text": "x" * 100_000}, {"kept": "1", "email": "a@b.no"}]
)
def test_odd_things_give_an_ordinary_form(visit, sent):
    page = visit.post("/del", sent, expect=200, token=False)

    assert page.value("email") == ""
    assert len(page.value("body")) <= 4000
