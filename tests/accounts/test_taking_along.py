"""What a phone has sent without an account comes along when its owner says so, and only then."""

import pytest
from sqlalchemy import select

from app.accounts.models import Participant
from app.core.actor import Actor
from app.core.db import Model
from app.factory import BELONGINGS
from app.ideas import service as ideas
from app.ideas.models import Idea, Support
from app.parcels import query as parcels
from app.parcels.models import Follow
from app.push import service as push
from app.push.models import PushSubscription
from tests.support.ideas import idea_form, make_idea
from tests.support.phones import new_wish
from tests.support.signing_in import sign_in

KARI = "kari@test.example"
TITLE = "Flere benker ved kaia"


def test_kari_is_asked_says_yes_and_finds_her_idea_on_another_device(visit, visit_as):
    visit.post("/ideer/ny", idea_form(title=TITLE))
    asked = sign_in(visit, KARI)
    assert asked.location == "/mine/ta-med"
    assert "Vil du ha med det du har sendt fra denne mobilen?" in visit.get(asked.location).words

    assert visit.post("/mine/ta-med", {"answer": "ja"}).location == "/mine"

    assert TITLE in visit.get("/mine").words
    other = visit_as("anonymous")
    sign_in(other, KARI)
    assert TITLE in other.get("/mine").words


def test_a_no_leaves_it_on_the_phone_and_it_is_there_when_she_has_signed_out(visit):
    visit.post("/ideer/ny", idea_form(title=TITLE))
    sign_in(visit, KARI)

    visit.post("/mine/ta-med", {"answer": "nei"})

    assert TITLE not in visit.get("/mine").words
    visit.post("/logg-ut")
    assert TITLE in visit.get("/mine").words


def test_a_question_that_is_not_answered_takes_nothing(visit):
    visit.post("/ideer/ny", idea_form(title=TITLE))
    sign_in(visit, KARI)

    assert TITLE not in visit.get("/mine").words


@pytest.mark.parametrize("answer", ["", "kanskje", "ja\x00"])
def test_what_is_neither_yes_nor_no_is_asked_again_and_takes_nothing(visit, answer):
    visit.post("/ideer/ny", idea_form(title=TITLE))
    sign_in(visit, KARI)

    page = visit.post("/mine/ta-med", {"answer": answer}, expect=422)

    assert "Velg Ja eller Nei." in page.words
    assert TITLE not in visit.get("/mine").words


def test_after_a_yes_nothing_is_left_on_the_phone_for_whoever_has_it_next(visit, session):
    visit.post("/ideer/ny", idea_form(title=TITLE))
    sign_in(visit, KARI)
    visit.post("/mine/ta-med", {"answer": "ja"})
    visit.post("/logg-ut")

    assert TITLE not in visit.get("/mine").words


def test_what_kari_sends_while_signed_in_is_gone_from_the_phone_when_she_signs_out(visit):
    sign_in(visit, KARI)
    visit.post("/ideer/ny", idea_form(title=TITLE))
    visit.post("/logg-ut")

    assert TITLE not in visit.get("/mine").words


def test_whose_account_is_closed_loses_on_the_phone_too_what_they_sent_there(visit, session, now):
    sign_in(visit, KARI)
    visit.post("/ideer/ny", idea_form(title=TITLE))
    session.scalars(select(Participant)).one().closed_at = now

    assert TITLE not in visit.get("/mine").words


def test_ola_who_signs_in_on_karis_phone_is_not_given_what_she_sent_while_signed_in(visit):
    sign_in(visit, KARI)
    visit.post("/ideer/ny", idea_form(title=TITLE))

    assert sign_in(visit, "ola@test.example").location == "/mine"
    assert TITLE not in visit.get("/mine").words
    visit.post("/logg-ut")
    assert TITLE not in visit.get("/mine").words


def test_a_fresh_phone_and_somebody_who_works_here_are_not_asked(visit, visit_as, per):
    assert sign_in(visit, KARI).location == "/mine"
    worker = visit_as("anonymous")
    worker.post("/ideer/ny", idea_form())

    assert sign_in(worker, "per@test.example").location == "/arbeidsflate"


def test_an_answer_without_a_question_changes_nothing(visit, visit_as):
    sign_in(visit, KARI)

    assert visit.get("/mine/ta-med", expect=303).location == "/mine"
    assert visit.post("/mine/ta-med", {"answer": "ja"}).location == "/mine"
    visit_as("per").get("/mine/ta-med", expect=404)


def test_she_goes_on_to_the_page_she_wanted_after_the_question(visit):
    idea = visit.post("/ideer/ny", idea_form(title=TITLE)).location
    visit.client.get("/logg-inn", query_string={"neste": "/varsler"})
    sign_in(visit, KARI)

    assert idea.startswith("/kvittering/")
    assert visit.post("/mine/ta-med", {"answer": "ja"}).location == "/varsler"


def test_a_support_from_phone_and_account_is_one_person_and_the_count_says_so(
    session, settings, kari, ola, signed, now
):
    both, phone_only = (make_idea(session, settings, actor=ola, now=now) for _ in range(2))
    for idea, who in ((both, kari), (both, signed), (both, ola), (phone_only, kari)):
        ideas.support_idea(session, idea, actor=who, now=now)

    for _ in range(2):
        ideas.take_along(session, kari.device_key, actor=signed)

    for idea, count in ((both, 2), (phone_only, 1)):
        session.refresh(idea)
        rows = session.scalars(select(Support).where(Support.idea_id == idea.id)).all()
        assert (idea.support_count, len(rows)) == (count, count)
    assert session.scalars(select(Support).where(Support.device_key == kari.device_key)).all() == []


def test_what_the_phone_followed_is_followed_once_and_still_as_the_writer(session, settings, kari, signed, now):
    idea = make_idea(session, settings, actor=kari, now=now)
    ideas.support_idea(session, idea, actor=signed, now=now.replace(hour=13))

    take_all(session, kari, signed)

    assert list(parcels.followed_by(session, signed)) == [idea.id]
    assert parcels.followed_by(session, kari) == []
    assert session.scalars(select(Follow.since)).all() == [now]
    session.refresh(idea)
    assert (idea.author_id, idea.device_key) == (signed.participant_id, None)


def test_the_phone_goes_on_being_told(session, kari, signed, now):
    push.subscribe(session, new_wish(), actor=kari, now=now)

    take_all(session, kari, signed)

    told = session.scalars(select(PushSubscription)).one()
    assert (told.participant_id, told.device_key) == (signed.participant_id, signed.device_key)


def test_another_phones_things_stay_where_they_are(session, settings, kari, ola, signed, now):
    make_idea(session, settings, actor=ola, now=now)

    take_all(session, kari, signed)

    assert session.scalars(select(Idea.device_key)).one() == ola.device_key


def test_every_table_that_knows_a_device_is_thought_of():
    """A room that keeps things of a device gives the factory its own Belongings, and stands here."""
    with_a_device = {table.name for table in Model.metadata.sorted_tables if "device_key" in table.columns}

    comes_along = {"ideas", "comments", "supports", "pictures", "follows", "process_follows", "push_subscriptions"}
    comes_along |= {"notice_choices"}
    stays = {"reports", "own_files", "erasures"}  # what was asked for on that device stays between it and us
    stays |= {"notices_read"}  # it only says what is new, and begins anew
    assert with_a_device == comes_along | stays


def take_all(session, phone: Actor, account: Actor) -> None:
    session.flush()
    for room in BELONGINGS:
        room.take_along(session, phone.device_key, actor=account)


@pytest.fixture
def signed(session, ola, now) -> Actor:
    """Kari with her account, on the mark that her phone got when she signed in."""
    made = Participant(email=KARI, name="", role="citizen", created_at=now)
    session.add(made)
    session.flush()
    return Actor(participant_id=made.id, device_key=b"k" * 32)
