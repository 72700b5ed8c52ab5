"""Everybody sees where they are signed in and can end it; what is ended is out at the next request."""

import pytest
from sqlalchemy import select

from app.accounts import service
from app.accounts.devices import device_of
from app.accounts.models import Participant, SignIn
from app.core.actor import Role
from tests.support.signing_in import ask, sign_in

KARI, OLA = "kari@test.example", "ola@test.example"
PHONE = (
    "Mozilla/5.0 (Linux; Android 14; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Mobile Safari/537.36"
)


def test_kari_sees_her_phone_and_the_library_and_signs_the_library_out(visit, visit_as, session):
    library = visit_as("anonymous")
    sign_in(visit, KARI)
    sign_in(library, KARI)
    page = visit.get("/mine/innlogginger")
    (other,) = page.tree.xpath("//article[not(.//*[contains(., 'Denne enheten')])]//form/@action")

    visit.post(other)

    assert out(library)
    assert not out(visit)
    assert len(session.scalars(select(SignIn)).all()) == 1


def test_signing_out_everywhere_ends_here_too(visit, visit_as, session):
    library = visit_as("anonymous")
    sign_in(visit, KARI)
    sign_in(library, KARI)

    answer = visit.post("/mine/innlogginger/logg-ut-overalt")

    assert answer.location == "/logget-ut"
    assert [out(visit), out(library)] == [True, True]
    assert session.scalars(select(SignIn)).all() == []


def test_ending_the_one_she_uses_is_signing_out(visit, session):
    sign_in(visit, KARI)

    answer = visit.post(f"/mine/innlogginger/{session.scalars(select(SignIn.id)).one()}/logg-ut")

    assert (answer.location, out(visit)) == ("/logget-ut", True)


def test_signing_out_leaves_no_row_and_an_old_cookie_opens_nothing(visit, session):
    sign_in(visit, KARI)
    with visit.client.session_transaction() as cookie:
        kept = dict(cookie)
    visit.post("/logg-ut")
    with visit.client.session_transaction() as cookie:
        cookie.update(kept)

    assert session.scalars(select(SignIn)).all() == []
    assert out(visit)


def test_ola_can_neither_see_nor_end_where_kari_is_signed_in(visit, visit_as, session):
    sign_in(visit, KARI)
    hers = session.scalars(select(SignIn.id)).one()
    ola = visit_as("anonymous")
    sign_in(ola, OLA)

    assert len(ola.get("/mine/innlogginger").tree.xpath("//article")) == 1
    ola.post(f"/mine/innlogginger/{hers}/logg-ut")
    ola.post("/mine/innlogginger/logg-ut-overalt")

    assert not out(visit)
    assert session.scalars(select(SignIn.id)).all() == [hers]


def test_ending_what_is_gone_changes_nothing(visit, visit_as, session):
    sign_in(visit, KARI)
    gone = f"/mine/innlogginger/{session.scalars(select(SignIn.id)).one()}/logg-ut"
    other = visit_as("anonymous")
    sign_in(other, KARI)

    for _ in range(2):
        other.post(gone)

    assert not out(other)


def test_closing_an_account_ends_all_for_good_also_when_it_is_opened_again(visit, session, now):
    sign_in(visit, KARI)
    service.close_account(session, KARI, actor=None, now=now)
    service.add_participant(session, email=KARI, name="", title="", role=Role.CITIZEN, now=now)

    assert out(visit)
    assert session.scalars(select(SignIn)).all() == []


def test_looking_at_pages_writes_nothing(visit, session):
    sign_in(visit, KARI)
    before = [vars(row).copy() for row in session.scalars(select(SignIn))]

    visit.get("/mine")
    visit.get("/mine/innlogginger")

    after = [vars(row).copy() for row in session.scalars(select(SignIn))]
    assert [without_state(row) for row in after] == [without_state(row) for row in before]


def test_the_device_is_named_in_words_and_what_the_browser_said_is_stored_nowhere(visit, session):
    letter = ask(visit, KARI)
    headers = {"User-Agent": PHONE}
    visit.post("/logg-inn/kode", {"code": letter.digits}, headers=headers)

    assert "Chrome på Android" in visit.get("/mine/innlogginger", headers=headers).words
    stored = repr([vars(row) for model in (SignIn, Participant) for row in session.scalars(select(model))])
    assert "Mozilla" not in stored
    assert "127.0.0.1" not in stored


@pytest.mark.parametrize(
    ("said", "browser", "system"),
    [
        (PHONE, "Chrome", "Android"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) Version/17.5 Mobile Safari/604.1", "Safari", "iPhone"),
        ("Mozilla/5.0 (iPad; CPU OS 17_5) CriOS/126.0 Mobile Safari/604.1", "Chrome", "iPad"),
        ("Mozilla/5.0 (Windows NT 10.0; Win64) Chrome/126.0 Safari/537.36 Edg/126.0", "Edge", "Windows"),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0", "Firefox", "Linux"),
        (
            "Mozilla/5.0 (Linux; Android 13) SamsungBrowser/25.0 Chrome/121.0 Mobile Safari",
            "Samsung Internet",
            "Android",
        ),
        ("curl/8.0", "", ""),
        ("", "", ""),
    ],
)
def test_a_device_is_known_by_two_words(said, browser, system):
    found = device_of(said)

    assert (found.browser, found.system) == (browser, system)


def out(visit) -> bool:
    return "Logg ut" not in visit.get("/mine").words


def without_state(row: dict) -> dict:
    return {name: value for name, value in row.items() if name != "_sa_instance_state"}
