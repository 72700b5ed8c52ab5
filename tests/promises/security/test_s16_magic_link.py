"""S16: the link in a mail signs in once, within 15 minutes, in the browser that asked; opening it does nothing."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from app.accounts.models import Participant, SignInCode
from app.core.receipt import read_sign_in_link, receipt_token, sign_in_link
from app.outbox.models import OutboxEvent
from tests.support.signing_in import ask, sign_in

KARI = "kari@test.example"
SCANNER = {"User-Agent": "SafeLinks/1.0", "Accept": "*/*"}


def test_s16_ten_scanners_look_at_the_link_and_then_kari_signs_in(visit, visit_as, session):
    link = address(ask(visit, KARI))
    for method in ("GET", "HEAD") * 5:
        assert visit_as("anonymous").client.open(link, method=method, headers=SCANNER).status_code == 200
        visit.client.open(link, method=method)

    assert session.scalars(select(Participant)).all() == [], "S16: looking at the link made an account"
    page = visit.get(link)
    assert page.tree.xpath("//form[@method='post']"), "S16: looking at the link used it up"
    answer = visit.client.post(link, data={"csrf_token": visit.token()})
    assert answer.status_code == 303, f"S16: the person was refused with {answer.status_code}"
    assert "Logg ut" in visit.get("/mine").words, "S16: the person was not signed in"


def test_s16_a_link_is_used_once(visit, session):
    link = address(ask(visit, KARI))
    kept = cookie_of(visit)
    visit.post(link)
    visit.post("/logg-ut")
    with visit.client.session_transaction() as cookie:
        cookie.update(kept)

    page = visit.post(link, expect=422)

    assert "Be om en ny" in page.words, "S16: a used link does not say what to do"
    assert signed_out(visit), "S16: a link signed in twice"


def test_s16_digits_that_were_used_spend_the_link_and_the_other_way_round(visit, visit_as):
    first = ask(visit, KARI)
    kept = cookie_of(visit)
    visit.post("/logg-inn/kode", {"code": first.digits})
    other = visit_as("anonymous")
    with other.client.session_transaction() as cookie:
        cookie.update(kept)
    other.post(address(first), expect=422)

    second = ask(other, KARI)
    kept = cookie_of(other)
    other.post(address(second))
    with visit.client.session_transaction() as cookie:
        cookie.clear()
        cookie.update(kept)
    visit.post("/logg-inn/kode", {"code": second.digits}, expect=422)

    assert signed_out(visit), "S16: the digits still work when the link is used"


@pytest.mark.parametrize(("minutes", "status"), [(14.99, 303), (15, 422), (16, 422)])
def test_s16_a_link_lives_for_fifteen_minutes(visit, clock, now, minutes, status):
    link = address(ask(visit, KARI))
    clock["now"] = now + timedelta(minutes=minutes)

    answer = visit.client.post(link, data={"csrf_token": visit.token()})

    assert answer.status_code == status, f"S16: after {minutes} minutes a link gave {answer.status_code}"
    assert signed_out(visit) is (status != 303), "S16: an old link signed in"


def test_s16_in_another_browser_the_link_says_where_to_go_and_signs_nobody_in(visit, visit_as, session):
    letter = ask(visit, KARI)
    other = visit_as("anonymous")

    assert "skriv koden fra e-posten" in other.get(address(letter)).words
    page = other.post(address(letter), expect=422)

    assert "Lenka virker bare der du ba om den. Gå dit, og skriv koden fra e-posten." in page.words
    assert signed_out(other), "S16: another browser was signed in"
    assert session.scalars(select(Participant)).all() == [], "S16: another browser made an account"
    visit.post(address(letter))


def test_s16_kari_who_asks_twice_may_use_the_link_of_either_letter(visit):
    older = address(ask(visit, KARI))
    visit.post("/logg-inn", {"email": KARI})

    visit.post(older)

    assert not signed_out(visit), "S16: the link of the first of two letters is refused"


@pytest.mark.parametrize(
    "mend", [str.upper, lambda t: t[:-1], lambda t: t + "A", lambda t: "x" * len(t), lambda _: "x"]
)
def test_s16_a_link_that_is_not_whole_is_refused_with_a_sentence(visit, mend):
    token = mend(ask(visit, KARI).link)

    visit.get(f"/logg-inn/lenke/{token}", expect=404)
    page = visit.post(f"/logg-inn/lenke/{token}", expect=404)

    assert "Denne lenka stemmer ikke. Sjekk at hele er med." in page.words, "S16: refused without a sentence"


def test_s16_no_other_secret_of_ours_is_a_link(visit, session, settings):
    letter = ask(visit, KARI)
    code_id = read_sign_in_link(settings.secret_keys(), letter.link)

    assert letter.link != receipt_token(settings.secret_keys(), code_id), "S16: a receipt is a link"
    visit.post(f"/logg-inn/lenke/{receipt_token(settings.secret_keys(), code_id)}", expect=404)
    visit.post(f"/logg-inn/lenke/{sign_in_link(['a stranger'], code_id)}", expect=404)


def test_s16_neither_link_nor_digits_nor_the_browsers_mark_is_stored(visit, session):
    letter = ask(visit, KARI)
    mark = cookie_of(visit)["nettleser"]
    stored = "".join(repr(vars(row)) for model in (SignInCode, OutboxEvent) for row in session.scalars(select(model)))

    secret = letter.link.partition(".")[2]
    assert secret, "S16: the link has no secret part"
    for word in (secret, letter.digits, mark):
        assert word not in stored.replace("-", ""), "S16: a secret lies in the database"


def test_s16_the_links_address_is_never_stored_and_never_told_on(visit):
    link = address(ask(visit, KARI))

    headers = visit.get(link).response.headers

    assert headers["Cache-Control"] == "no-store", "S16: the page of a link may be stored"
    assert headers["Referrer-Policy"] == "strict-origin", "S16: the link is told on as referrer"
    assert not re.search(r"\shx-", visit.get(link).text), "S16: htmx would carry the address"


def test_s16_the_session_of_whoever_signs_in_by_link_begins_anew(visit):
    letter = ask(visit, KARI)
    before = cookie_of(visit)

    visit.post(address(letter))

    same = {name for name, value in cookie_of(visit).items() if before.get(name) == value}
    assert same == set(), f"S16: {same} lived on"


def test_s16_a_closed_account_is_not_opened_by_a_link(visit, visit_as, session, now):
    sign_in(visit_as("anonymous"), KARI)
    link = address(ask(visit, KARI))
    session.scalars(select(Participant)).one().closed_at = now

    visit.post(link, expect=422)

    assert signed_out(visit), "S16: a closed account was opened"


def address(letter) -> str:
    return f"/logg-inn/lenke/{letter.link}"


def signed_out(visit) -> bool:
    return "Logg ut" not in visit.get("/mine").words


def cookie_of(visit) -> dict:
    with visit.client.session_transaction() as cookie:
        return dict(cookie)
