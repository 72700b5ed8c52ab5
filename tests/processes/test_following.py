"""Ola follows a process: from its page, with and without script, and with him when he signs in."""

from datetime import timedelta

import pytest

from app.core.actor import NOBODY, Actor, Role
from app.processes import query, service
from app.processes.models import Process
from app.push import query as push
from tests.support.accounts import staff
from tests.support.phones import make_phone
from tests.support.processes import begin, publish


def test_ola_follows_a_process_and_stops_following(visit_as, session, process, ola):
    visiting = visit_as("ola")
    assert visiting.get(f"/prosesser/{process.slug}").tree.xpath("//a[@id='follow-link']/@href") == [url(process)]

    pressed = visiting.fragment(url(process), post={"pressed": "false"})
    assert pressed.tree.xpath("//button/@aria-pressed") == ["true"]
    assert query.follows(session, process.id, ola)

    assert visiting.post(url(process), {"pressed": "true"}).location == url(process)
    assert not query.follows(session, process.id, ola)


def test_the_page_of_a_process_is_the_same_for_who_follows_and_who_does_not(visit_as, session, process, ola, now):
    service.follow(session, process, actor=ola, now=now)
    session.commit()

    assert visit_as("ola").get(url(process)).tree.xpath("//button/@aria-pressed") == ["true"]
    assert visit_as("kari").get(url(process)).tree.xpath("//button/@aria-pressed") == ["false"]
    answer = visit_as("ola").get(f"/prosesser/{process.slug}").response
    assert answer.headers["X-Offline"] == "1"
    assert "Du følger" not in answer.get_data(as_text=True)
    assert visit_as("ola").get(url(process)).response.headers["Cache-Control"] == "no-store"


def test_nobody_follows_what_is_only_being_written(visit_as, session, arne):
    draft = begin(session, arne, "Hemmelig plan")

    visit_as("ola").post(url(draft), {"pressed": "false"}, expect=404)
    visit_as("ola").get(url(draft), expect=404)


def test_whoever_follows_twice_follows_once_and_nobody_in_particular_follows_nothing(session, process, ola, now):
    for hours in (0, 1):
        service.follow(session, process, actor=ola, now=now + timedelta(hours=hours))
    service.follow(session, process, actor=NOBODY, now=now)

    assert [one.slug for one in query.followed_by(session, ola)] == [process.slug]
    assert query.followed_by(session, NOBODY) == []


def test_what_the_phone_followed_comes_along_to_the_account_once(session, process, ola, per, now):
    service.follow(session, process, actor=per, now=now)
    service.follow(session, process, actor=ola, now=now)

    service.take_along(session, ola.device_key, actor=per)

    assert query.follows(session, process.id, per)
    assert not query.any_followed_by(session, ola.device_key)


def test_phones_that_follow_by_device_or_account_are_found_once_each(session, process, kari, ola, per, now):
    both = Actor(participant_id=per.participant_id, device_key=ola.device_key)
    phones = [
        make_phone(session, actor=kari, now=now, name="kari"),
        make_phone(session, actor=both, now=now, name="per"),
    ]
    for actor in (ola, per):
        service.follow(session, process, actor=actor, now=now)
    session.commit()

    assert push.subscriptions_following_process(session, process.id) == [phones[1].id]
    assert push.following_process(session, [one.id for one in phones], process.id) == {phones[1].id}


def url(process: Process) -> str:
    return f"/prosesser/{process.slug}/folg"


@pytest.fixture
def arne(session, now) -> Actor:
    return staff(session, "arne", Role.WORKING_GROUP, now)


@pytest.fixture
def process(session, arne) -> Process:
    made = publish(session, arne)
    session.commit()
    return made
