"""/varsler as Kari meets it: what has happened, what is new, and what her phone is to say."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from app.core.actor import Actor, Role
from app.notices import query, service
from app.notices.models import NoticeChoice, NoticesRead, Topic, Way
from app.parcels import service as parcels
from app.parcels.models import Step
from app.processes import service as processes
from tests.support.accounts import staff
from tests.support.followers import tell
from tests.support.ideas import make_idea
from tests.support.processes import publish

KARIS = "Lys i lysløypa til klokka 23"


def moved(session, idea, now, step: Step = Step.READ) -> None:
    parcels.move(session, idea.id, step, now=now)
    session.commit()


def test_a_fresh_phone_is_told_what_comes_here(visit):
    page = visit.get("/varsler")

    assert "Ingen varsler ennå." in page.words
    assert "Merk alt som lest" not in page.words


def test_kari_sees_that_her_idea_was_read_and_it_is_new_until_she_has_seen_it(session, settings, visit_as, kari, now):
    idea = make_idea(session, settings, actor=kari, now=now, title=KARIS)
    moved(session, idea, now)
    visit = visit_as("kari")
    assert "1 nytt varsel." in visit.get("/mine").words

    page = visit.get("/varsler")

    assert KARIS in page.words
    assert "Idéen din er lest." in page.words
    assert "Ny " in page.words
    visit.post("/varsler/lest")
    assert "Merk alt som lest" not in visit.get("/varsler").words
    assert KARIS in visit.get("/varsler").words
    assert "nytt varsel" not in visit.get("/mine").words


def test_the_page_marks_it_read_by_itself_and_says_nothing(session, settings, visit_as, kari, now):
    moved(session, make_idea(session, settings, actor=kari, now=now), now)

    visit_as("kari").fragment("/varsler/lest", post={}, expect=204)

    assert session.scalar(select(func.count()).select_from(NoticesRead)) == 1


def test_who_follows_hears_what_came_after_and_others_nothing(session, settings, visit_as, kari, ola, now):
    idea = make_idea(session, settings, actor=kari, now=now, title=KARIS)
    moved(session, idea, now)
    parcels.follow(session, idea.id, actor=ola, now=now + timedelta(seconds=1))
    session.commit()
    assert "Ingen varsler ennå." in visit_as("ola").get("/varsler").words

    moved(session, idea, now + timedelta(seconds=2), Step.CONSIDERED)

    assert "En idé du følger, vurderes nå." in visit_as("ola").get("/varsler").words
    assert "Ingen varsler ennå." in visit_as("anonymous").get("/varsler").words


def test_news_of_a_process_stand_there_with_its_name_and_the_process_under_mine(session, visit_as, arne, kari, now):
    process = publish(session, arne)
    processes.follow(session, process, actor=kari, now=now)
    tell(session, process, "Vi har valgt farge", actor=arne, now=now)

    page = visit_as("kari").get("/varsler")

    assert "Vi har valgt farge" in page.words
    assert process.title in page.words
    assert process.title in visit_as("kari").get("/mine").words


def test_a_title_that_is_hidden_now_is_not_shown_to_followers(session, settings, visit_as, kari, ola, now):
    idea = make_idea(session, settings, actor=kari, now=now, title="Kanarifugl")
    parcels.follow(session, idea.id, actor=ola, now=now)
    moved(session, idea, now + timedelta(seconds=1))
    idea.withdrawn_at = now
    session.commit()

    assert "Kanarifugl" not in visit_as("ola").get("/varsler").words


def test_many_come_in_pages(session, settings, visit_as, kari, now):
    for number in range(45):
        idea = make_idea(session, settings, actor=kari, now=now, title=f"Idé nummer {number}")
        parcels.move(session, idea.id, Step.READ, now=now + timedelta(minutes=number))
    session.commit()
    kari_s = visit_as("kari")

    first, second, last = (kari_s.get(f"/varsler?side={side}") for side in (1, 2, 3))

    assert "Idé nummer 44" in first.words
    assert "Idé nummer 24" in second.words
    assert "Idé nummer 0" in last.words
    assert "Vis flere" in second.words
    assert "Vis flere" not in last.words
    assert "Ingen varsler" in kari_s.get("/varsler?side=4").words
    for odd in ("0", "-1", "x", "99999", "²"):
        kari_s.get(f"/varsler?side={odd}")


def test_kari_chooses_and_sees_what_she_chose(session, visit_as):
    kari = visit_as("kari")
    before = kari.get("/varsler/valg")
    assert before.tree.xpath("//input[@name='news' and @checked]/@value") == ["push"]

    answer = kari.post("/varsler/valg", {"own": "push", "follow": "here", "news": "here"})

    page = kari.get(f"{answer.location}?lagret=ja")
    assert "Valgene dine er lagret." in page.words
    assert page.tree.xpath("//input[@name='news' and @checked]/@value") == ["here"]
    assert page.tree.xpath("//input[@name='own' and @checked]/@value") == ["push"]
    kari.post("/varsler/valg", {"own": "here", "follow": "here", "news": "push"})
    assert session.scalar(select(func.count()).select_from(NoticeChoice)) == 3
    assert kari.get("/varsler/valg").tree.xpath("//input[@name='own' and @checked]/@value") == ["here"]


def test_a_choice_that_is_none_is_told_beside_it_and_the_others_are_kept(session, visit_as):
    page = visit_as("kari").post("/varsler/valg", {"own": "here", "follow": "due", "news": ""}, expect=422)

    assert page.tree.xpath("//input[@name='own' and @checked]/@value") == ["here"]
    assert session.scalar(select(func.count()).select_from(NoticeChoice)) == 0


def test_what_a_phone_has_chosen_comes_along_with_its_owner_unless_the_account_has_chosen(session, kari, arne, now):
    account = Actor(device_key=kari.device_key, participant_id=arne.participant_id)
    service.choose(session, {Topic.NEWS: Way.PUSH}, actor=account, now=now)
    service.choose(session, {Topic.NEWS: Way.HERE, Topic.OWN: Way.HERE}, actor=kari, now=now)
    assert query.anything_chosen(session, kari.device_key)

    service.take_along(session, kari.device_key, actor=account)

    assert query.ways_of(session, account) == {Topic.OWN: Way.HERE, Topic.FOLLOW: Way.PUSH, Topic.NEWS: Way.PUSH}
    assert not query.anything_chosen(session, kari.device_key)


@pytest.fixture
def arne(session, now) -> Actor:
    return staff(session, "arne", Role.WORKING_GROUP, now)
