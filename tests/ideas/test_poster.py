"""The poster of an idea, and where it is found."""

import pytest

from app.ideas import service
from tests.support.ideas import make_idea
from tests.support.pdf import opened, words_of


def test_ola_prints_a_poster_for_karis_idea(visit, idea):
    page = visit.get(f"/ideer/{idea.id}")
    links = page.tree.xpath("//a[contains(@href, 'plakat.pdf')]/@href")

    answers = [visit.get(link).response for link in links]

    assert [link.rpartition("=")[2] for link in links] == ["a4", "a5", "lapper"]
    for answer in answers:
        assert answer.mimetype == "application/pdf"
        assert answer.headers["Cache-Control"] == "public, max-age=3600"
        assert {"Cookie", "Accept-Language"} <= set(answer.headers["Vary"].split(", "))
        assert "Set-Cookie" not in answer.headers
        assert "Lysilysløypatilklokka23" in words_of(answer.data)
        assert f"localhost/ideer/{idea.id}" in words_of(answer.data)


def test_without_a_size_it_is_a4_and_with_a_wrong_one_it_is_refused(visit, idea):
    assert "plakat-a4.pdf" in visit.get(f"/ideer/{idea.id}/plakat.pdf").response.headers["Content-Disposition"]
    assert "Velg A4, A5 eller lapper." in visit.get(f"/ideer/{idea.id}/plakat.pdf?storrelse=a0", expect=422).words


def test_the_poster_speaks_the_language_of_who_prints_it(visit, idea):
    english = visit.get(f"/ideer/{idea.id}/plakat.pdf", headers={"Accept-Language": "en"}).response.data

    assert "Scanandsaywhatyouthink." in words_of(english)
    with opened(english) as pdf:
        assert str(pdf.Root.Lang).lower().startswith("en")


@pytest.mark.parametrize("who", ["kari", "ola", "per"])
def test_what_is_hidden_has_no_poster_for_anybody(visit_as, session, idea, per, now, who):
    service.hide_idea(session, idea, reason="Grovt", actor=per, now=now)
    session.commit()

    visit_as(who).get(f"/ideer/{idea.id}/plakat.pdf", expect=404)
    assert "plakat.pdf" not in visit_as(who).get(f"/ideer/{idea.id}").text


def test_what_is_taken_back_has_no_poster(visit_as, session, settings, idea, now):
    service.undo_idea(session, idea, now=now, undo_seconds=settings.undo_seconds)
    session.commit()

    visit_as("kari").get(f"/ideer/{idea.id}/plakat.pdf", expect=404)
    assert "plakat.pdf" not in visit_as("kari").get(f"/ideer/{idea.id}").text


def test_what_waits_for_a_moderator_has_no_poster(visit_as, session, settings, kari, now):
    idea = make_idea(session, settings, actor=kari, now=now, title="Ring meg på 412 34 567")

    visit_as("kari").get(f"/ideer/{idea.id}/plakat.pdf", expect=404)


@pytest.fixture
def idea(session, settings, kari, now):
    return make_idea(session, settings, actor=kari, now=now)
