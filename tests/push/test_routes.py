"""/varsler/valg as a browser meets it: with script, without, and with things that are no subscription."""

from dataclasses import asdict, replace
from uuid import UUID

import pytest
from sqlalchemy import select

from app.parcels import query as parcels
from app.push import service
from app.push.models import PushLog, PushOutcome, PushSubscription
from tests.push.test_webpush_sender import new_pem
from tests.support.ideas import make_idea
from tests.support.phones import make_phone, new_wish


def test_somebody_new_reads_that_notices_are_off(visit, with_key):
    page = visit.get("/varsler/valg")

    assert "Varsler er av i denne nettleseren." in page.words


def test_without_a_key_the_page_says_that_notices_are_not_set_up(visit):
    assert "Varsler er ikke satt opp her ennå." in visit.get("/varsler/valg").words


def test_the_browser_gets_our_public_key(visit, with_key):
    key = visit.get("/varsler/nokkel").response.get_json()["key"]

    assert len(key) == 87


def test_kari_switches_on_and_follows_at_once(visit_as, session, settings, ola, kari, now):
    idea = make_idea(session, settings, actor=ola, now=now)
    wish = sent("kari", input_id=str(idea.id))

    answer = subscribe(visit_as("kari"), wish)

    assert answer.get_json() == {"ok": True}
    assert parcels.follows(session, idea.id, kari)
    assert session.scalars(select(PushSubscription)).one().device_key == kari.device_key


def test_a_phone_without_a_mark_gets_one(visit, session):
    subscribe(visit, sent("new"))

    assert session.scalars(select(PushSubscription)).one().device_key is not None


def test_we_remember_which_key_of_ours_a_phone_used(visit_as, session, with_key):
    visiting = visit_as("kari")
    newest = visiting.get("/varsler/nokkel").response.get_json()["key"]

    for said in ({}, {"key": newest}):
        subscribe(visiting, sent("kari") | said)
        assert session.scalars(select(PushSubscription.vapid_key)).one() == newest[:16]


def test_a_subscription_made_with_a_key_that_is_not_ours_is_refused(visit_as, session, with_key):
    page = visit_as("kari").post("/varsler/abonner", sent("kari") | {"key": "A" * 87}, expect=422)

    assert "Nettleseren ga oss nøkler vi ikke kan bruke." in page.words
    assert session.scalars(select(PushSubscription)).all() == []


def test_a_form_is_as_good_as_json(visit_as, session):
    page = visit_as("kari").post("/varsler/abonner", sent("kari"))

    assert page.location == "/varsler/valg"


@pytest.mark.parametrize(
    "body",
    [
        [],
        ["endpoint"],
        "endpoint",
        7,
        None,
        {},
        {"endpoint": "https://fcm.googleapis.com/x"},
        {"endpoint": ["a"], "p256dh": {"x": 1}, "auth": 7},
        {"endpoint": "x" * 10_000, "p256dh": "x", "auth": "x"},
        {"endpoint": "https://inner.test/x", "p256dh": "x", "auth": "x"},
        {"endpoint": "https://fcm.googleapis.com/\ud800", "p256dh": "\ud800", "auth": "\x00"},
    ],
)
def test_what_is_no_subscription_is_refused_with_a_sentence(visit_as, session, body):
    answer = subscribe(visit_as("kari"), body, expect=422)

    assert answer.get_json()["error"]
    assert session.scalars(select(PushSubscription)).all() == []


@pytest.mark.parametrize(("input_id", "status"), [("no id", 422), (str(UUID(int=7)), 404)])
def test_an_input_that_is_not_there_stores_nothing(visit_as, session, input_id, status):
    subscribe(visit_as("kari"), sent("kari", input_id=input_id), expect=status)

    assert session.scalars(select(PushSubscription)).all() == []


@pytest.mark.parametrize("path", ["/varsler/abonner", "/varsler/avslutt", "/varsler/test"])
def test_another_site_cannot_do_it_for_kari(visit_as, path):
    visit_as("kari").post(path, sent("kari"), token=False, expect=400)


def test_kari_switches_off(visit_as, session, kari, now):
    make_phone(session, actor=kari, now=now)

    visit_as("kari").post("/varsler/avslutt")

    assert session.scalars(select(PushSubscription)).all() == []


def test_a_test_is_on_its_way_and_then_said_to_be_sent(visit_as, session, kari, now, with_key):
    phone = make_phone(session, actor=kari, now=now)
    karis = visit_as("kari")
    karis.post("/varsler/test")

    on_its_way = karis.get("/varsler/valg").words
    service.note_all(session, [phone.id], topic="test", outcome=PushOutcome.ACCEPTED, now=now)

    assert "Testvarselet er på vei." in on_its_way
    assert "Sendt i dag 13.00. Kom det fram?" in karis.get("/varsler/valg").words


def test_the_part_that_changes_comes_alone_when_asked_for(visit_as, session, kari, now, with_key):
    make_phone(session, actor=kari, now=now)

    assert "Varsler er på i denne nettleseren." in visit_as("kari").fragment("/varsler/valg").text


def test_a_test_without_notices_is_refused_kindly(visit_as):
    visit_as("kari").post("/varsler/test", expect=409)


def test_a_dead_subscription_is_told(visit_as, session, kari, now, with_key):
    phone = make_phone(session, actor=kari, now=now)
    service.forget_all(session, [phone.id], now=now)

    assert "Varsler sluttet å virke i dag 13.00." in visit_as("kari").get("/varsler/valg").words


def test_ola_sees_nothing_of_karis_notices(visit_as, session, kari, now, with_key):
    make_phone(session, actor=kari, now=now)

    assert "Varsler er av" in visit_as("ola").get("/varsler/valg").words


def test_the_page_is_nobody_elses_to_keep(visit):
    assert visit.get("/varsler/valg").response.headers["Cache-Control"] == "no-store"


def test_the_log_holds_no_address(session):
    columns = set(PushLog.__table__.columns.keys())

    assert columns == {"id", "subscription_id", "topic", "outcome", "at"}


def sent(name: str, **more: str) -> dict[str, str]:
    """Return what push.js sends."""
    wish = asdict(new_wish(name))
    return {key: wish[key] for key in ("endpoint", "p256dh", "auth")} | more


def subscribe(visit, body, *, expect: int = 201):
    visit.session.commit()
    answer = visit.client.post(
        "/varsler/abonner",
        json=body,
        headers={"X-CSRFToken": visit.token(), "Accept": "application/json"},
    )
    visit.session.expire_all()
    assert answer.status_code == expect, answer.get_data(as_text=True)
    return answer


@pytest.fixture
def with_key(app, tmp_path):
    """The app has a VAPID key for as long as the test lasts."""
    path = tmp_path / "vapid.pem"
    path.write_bytes(new_pem())
    before = app.extensions["lab_settings"]
    app.extensions["lab_settings"] = replace(before, vapid_key_file=str(path))
    yield
    app.extensions["lab_settings"] = before
