"""Per answers with words that were written once, and sees how hard they are to read."""

from uuid import uuid4

import pytest

from app.core.lix import Ease, read
from app.desk.models import AnswerTemplate
from tests.support.desk import act
from tests.support.ideas import make_idea

PAGE = "/arbeidsflate/maler"
HEAVY = "Kommunedirektøren vurderer henvendelsens reguleringsmessige forutsetninger, herunder økonomiplanens rammer."


def test_a_template_is_written_changed_taken_away_and_had_back(visit_as, session):
    per = visit_as("per")
    per.post(PAGE, {"title": "Takk", "text": "Takk for idéen."})
    (template,) = session.query(AnswerTemplate).all()
    per.post(f"{PAGE}/{template.id}", {"title": "Takk", "text": "Takk for idéen din."})
    gone = per.post(f"{PAGE}/{template.id}/ta-bort")

    page = per.get(gone.response.headers["Location"])

    assert "«Takk» er tatt bort." in page.words
    assert "Takk for idéen din." not in page.words
    per.post(f"{PAGE}/{template.id}/hent-tilbake")
    assert "Takk for idéen din." in per.get(PAGE).words


def test_its_words_are_put_after_what_per_has_written_and_nothing_is_sent(visit_as, session, settings, kari, now):
    idea = make_idea(session, settings, actor=kari, now=now)
    template = AnswerTemplate(title="Takk", text="Takk for idéen.", changed_at=now)
    session.add(template)
    session.commit()
    form = {"submission_id": str(uuid4()), "text": "Hei.", "template": str(template.id), "hent": "1"}

    page = act(visit_as("per"), idea.id, "svar", form, expect=200)

    assert page.value("text").replace("\r", "") == "Hei.\n\nTakk for idéen."
    assert "Svar sendt" not in page.words


def test_enter_in_the_answer_reads_it_through_and_fetches_no_template(visit_as, session, settings, kari, now):
    idea = make_idea(session, settings, actor=kari, now=now)
    session.add(AnswerTemplate(title="Takk", text="Takk for idéen.", changed_at=now))

    page = visit_as("per").get(f"/arbeidsflate/innspill/{idea.id}")

    (pressed, *_) = page.tree.xpath("//form[@id='answer']//button[@type='submit']")
    assert pressed.get("name") == "les"


@pytest.mark.parametrize("title", ["", "  ", "x" * 61])
def test_a_template_without_a_name_is_refused_and_its_text_stays(visit_as, title):
    page = visit_as("per").post(PAGE, {"title": title, "text": "Takk for idéen."}, expect=422)

    assert page.value("text") == "Takk for idéen."


def test_a_heavy_text_is_said_to_be_heavy_in_words_and_its_longest_sentence_is_shown(visit_as):
    per = visit_as("per")

    heavy = per.fragment("/arbeidsflate/lesbarhet", post={"text": HEAVY + " Og " + "også " * 20 + HEAVY}, expect=200)
    light = per.fragment("/arbeidsflate/lesbarhet", post={"text": "Vi ser på det. Du får svar."}, expect=200)

    assert "Tung" in heavy.words
    assert "Lengste setning har 29 ord." in heavy.words
    assert "Lett å lese" in light.words
    per.fragment("/arbeidsflate/lesbarhet", post={"text": "\x00 "}, expect=200)


@pytest.mark.parametrize(("lix", "ease"), [(35, Ease.EASY), (36, Ease.SOME), (45, Ease.SOME), (46, Ease.HARD)])
def test_the_borders_belong_to_the_easier_side(lix, ease):
    short = " ".join(["ord"] * lix) + "."

    assert read(short).lix == lix
    assert read(short).ease is ease
