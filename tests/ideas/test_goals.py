"""An idea may be for some of the UN's goals: chosen with it, shown on it, filtered by."""

import pytest
from sqlalchemy import func, select

from app.core.goals import GOALS
from app.ideas.models import Idea, IdeaGoal
from tests.support.ideas import idea_form


def test_kari_chooses_two_goals_and_everybody_sees_them(visit, session):
    visit.post("/ideer/ny", idea_form(goals=["13", "11"]))

    page = visit.get(f"/ideer/{session.scalars(select(Idea.id)).one()}")
    shown = [" ".join(link.text_content().split()) for link in page.tree.xpath("//a[@class='chip']")]
    assert shown == [f"11 {GOALS[11]}", f"13 {GOALS[13]}"]


def test_the_list_is_filtered_by_goal_and_goes_on_so(visit, session):
    visit.post("/ideer/ny", idea_form(title="Buss til Ankenes", goals=["11"]))
    visit.post("/ideer/ny", idea_form(title="Rydd fjæra", goals=["14"]))

    words = visit.get("/ideer?mal=11").words

    assert "1 idé" in words
    assert "Buss til Ankenes" in words
    assert "Rydd fjæra" not in words


@pytest.mark.parametrize("asked", ["18", "0", "x", "", "%00", "1" * 50])
def test_a_goal_that_is_none_is_as_if_none_had_been_asked(visit, session, asked):
    visit.post("/ideer/ny", idea_form())

    assert "Lys i lysløypa" in visit.get(f"/ideer?mal={asked}").words


@pytest.mark.parametrize("goals", [["1", "2", "3", "4"], ["18"], ["x"]])
def test_too_many_goals_and_goals_that_are_none_are_refused_and_the_text_stays(visit, session, goals):
    page = visit.post("/ideer/ny", idea_form(goals=goals), expect=422)

    assert page.value("title") == "Lys i lysløypa til klokka 23"
    assert page.tree.xpath("//details[@id='goals-more']/@open")
    assert session.scalar(select(func.count()).select_from(Idea)) == 0


def test_the_same_form_with_other_goals_is_another_idea(visit, session):
    form = idea_form(goals=["1"])
    visit.post("/ideer/ny", form)

    visit.post("/ideer/ny", form | {"goals": ["2"]}, expect=422)

    assert session.scalars(select(IdeaGoal.goal)).all() == [1]
