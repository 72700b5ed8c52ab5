"""What somebody has taken back is theirs alone again: Per sees that it was sent, and no word of it."""

from datetime import timedelta

import pytest

from app.comments.models import Stance
from app.ideas import service as ideas
from tests.support.comments import make_comment
from tests.support.ideas import make_idea


def test_the_list_says_that_it_was_taken_back_and_no_word_of_it(visit_as, taken_back):
    page = visit_as("per").get("/arbeidsflate?bunke=alle")

    assert "Skjær" not in page.text
    (line,) = page.tree.xpath(f"//a[@id='line-{taken_back.hex}']")
    assert line.text == "Trukket tilbake"


def test_nobody_finds_it_by_its_words(visit_as, taken_back):
    page = visit_as("per").get("/arbeidsflate?bunke=alle&sok=Skj%C3%A6ret")

    assert page.tree.xpath("//ol[@id='lines']/li") == []


def test_per_opens_it_and_reads_its_way_without_its_words(visit_as, taken_back):
    page = visit_as("per").get(f"/arbeidsflate/innspill/{taken_back}")

    assert "Skjær" not in page.text
    assert page.tree.xpath("string(//h2[@id='item-heading'])") == "Trukket tilbake"
    assert page.tree.xpath("//form[@id='answer'] | //*[@id='hide-fold'] | //*[@id='show-email']") == []
    assert "Mottatt" in page.words


def test_what_hangs_on_it_or_answers_it_does_not_quote_it(visit_as, session, settings, kari, ola, now):
    idea = make_idea(session, settings, actor=kari, now=now, title="Skjæret ved kaia")
    question = make_comment(session, idea, actor=kari, now=now, stance=Stance.QUESTION, text="Skjæret?")
    answer = make_comment(session, idea, actor=ola, now=now, answers=question.id, text="Ja, det.")
    ideas.withdraw_comment(session, question, actor=kari, now=now)
    ideas.withdraw_idea(session, idea, now=now)
    session.commit()

    page = visit_as("per").get(f"/arbeidsflate/innspill/{answer.id}")

    assert "Ja, det." in page.words
    assert "Skjæret" not in page.text


def test_nobody_reads_who_sent_it(visit_as, session, settings, kari, now):
    idea = make_idea(session, settings, actor=kari, now=now, email="kari@test.example")
    per = visit_as("per")
    ideas.withdraw_idea(session, idea, now=now)
    session.commit()

    page = per.post(f"/arbeidsflate/innspill/{idea.id}/e-post", expect=409)

    assert "Denne er trukket tilbake." in page.words
    assert "kari@test.example" not in page.text


@pytest.fixture(params=["idea", "comment"])
def taken_back(request, session, settings, kari, ola, now):
    """Return the id of «Skjæret», an idea or a comment of Kari's, after she took it back two days later."""
    later = now + timedelta(days=2)
    if request.param == "idea":
        sent = make_idea(session, settings, actor=kari, now=now, title="Skjæret", body="Skjæret", place="Skjæret")
        ideas.withdraw_idea(session, sent, now=later)
    else:
        sent = make_comment(
            session, make_idea(session, settings, actor=ola, now=now), actor=kari, now=now, text="Skjæret"
        )
        ideas.withdraw_comment(session, sent, actor=kari, now=later)
    session.commit()
    return sent.id
