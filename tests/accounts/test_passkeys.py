"""Those who work here show a passkey after the code: a real one, made for us, once for each question."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from app.accounts import ceremony
from app.accounts.models import Passkey, SignIn
from app.audit.models import AuditLine
from app.core.actor import Role
from app.core.errors import RuleBroken
from app.personal.policy import End, end_when_erased
from app.personal.query import Owner, own_keys
from tests.support.accounts import staff
from tests.support.authenticator import PRESENT, VERIFIED, Authenticator, bytes_of, changed
from tests.support.signing_in import ask, sign_in
from tests.support.visits import Page, Visit

PER, KARI = "per@test.example", "kari@test.example"
STEP, MINE, PLACE = "/logg-inn/passnokkel", "/mine/passnokler", "/mine/innlogginger"


def test_per_makes_a_passkey_and_the_next_code_alone_opens_nothing(visit, visit_as, session, per):
    key = Authenticator()
    sign_in(visit, PER)
    add(visit, key, name="Mobilen min")
    other = visit_as("anonymous")

    answer = sign_in(other, PER)

    assert answer.location == STEP
    assert other.client.get("/arbeidsflate").location.startswith("/logg-inn?")
    assert "Logg ut" not in other.get("/mine").words
    assert len(visit.get(PLACE).tree.xpath("//article[starts-with(@id, 'sign-in-')]")) == 1
    assert show(other, key).location == "/arbeidsflate"
    other.get("/arbeidsflate")
    assert [row.waits for row in session.scalars(select(SignIn))] == [False, False]


def test_the_link_from_the_mail_asks_for_the_passkey_too(visit, visit_as, per):
    with_passkey(visit)
    other = visit_as("anonymous")

    answer = other.post(f"/logg-inn/lenke/{ask(other, PER).link}")

    assert answer.location == STEP
    other.get("/arbeidsflate", expect=303)


def test_per_comes_to_the_page_he_wanted_by_way_of_the_passkey(visit, visit_as, per):
    key = with_passkey(visit)
    other = visit_as("anonymous")
    other.client.get("/logg-inn", query_string={"neste": "/arbeidsflate/maler"})
    sign_in(other, PER)

    assert show(other, key).location == "/arbeidsflate/maler"


def test_per_sees_his_passkeys_and_removes_one(visit, session, per, clock, now):
    first, second = Authenticator(), Authenticator()
    sign_in(visit, PER)
    add(visit, first, name="Mobil")
    clock["now"] = now + timedelta(minutes=1)
    add(visit, second, name="Nøkkel i skuffen")
    page = visit.get(PLACE)
    assert page.tree.xpath("//section[@id='passkeys']//article//h3/text()") == ["Nøkkel i skuffen", "Mobil"]
    assert "Ikke brukt ennå" in page.words

    visit.post(page.tree.xpath("//form[contains(@action, 'fjern')]/@action")[0])

    assert session.scalars(select(Passkey.credential_id)).all() == [first.id]
    assert session.scalars(select(Passkey.name)).all() == ["Mobil"]


def test_per_sees_when_a_passkey_was_used(visit, visit_as, session, per, clock, now):
    key = with_passkey(visit)
    clock["now"] = now + timedelta(hours=1)
    sign_in(visit_as("anonymous"), PER)
    other = visit_as("anonymous")
    sign_in(other, PER)
    show(other, key)

    assert session.scalars(select(Passkey.used_at)).one() == now + timedelta(hours=1)
    assert "Brukt sist" in other.get(PLACE).words


def test_nobody_removes_a_colleagues_passkey(visit, visit_as, session, per):
    with_passkey(visit)
    passkey_id = session.scalars(select(Passkey.id)).one()

    visit_as("fatima").post(f"{MINE}/{passkey_id}/fjern")

    assert session.scalars(select(Passkey.id)).all() == [passkey_id]
    assert "passkey_removed" not in noted(session)


def test_a_citizen_is_not_asked_and_sees_nothing_of_it(visit, session):
    assert sign_in(visit, KARI).location == "/mine"

    assert "Passnøkler" not in visit.get(PLACE).words
    visit.post(f"{MINE}/sporsmal", expect=404)


def test_what_is_done_with_passkeys_is_noted(visit, visit_as, session, per):
    key = with_passkey(visit)
    other = visit_as("anonymous")
    sign_in(other, PER)
    show(other, Authenticator(), expect=422)
    show(other, key)
    other.post(other.get(PLACE).tree.xpath("//form[contains(@action, 'fjern')]/@action")[0])

    about = {"passkey_registered", "passkey_refused", "passkey_used", "passkey_removed"}
    lines = session.scalars(select(AuditLine).order_by(AuditLine.nr)).all()
    assert [line.action for line in lines] == [
        "signed_in", "passkey_registered", "passkey_refused", "passkey_used", "signed_in", "passkey_removed",
    ]  # fmt: skip
    assert {line.object_ref for line in lines if line.action in about} == {f"participant:{per.participant_id}"}


def test_pers_own_file_tells_of_his_passkeys_and_they_go_with_him(visit, session, per):
    with_passkey(visit)
    keys = session.scalars(select(Passkey.id)).all()
    table = Passkey.__table__

    assert own_keys(session, Owner(None, per.participant_id))[table] == keys
    assert end_when_erased(table) is End.GONE


# --- which answers are refused

FAULTS = {
    "another site's page": ({"origin": "https://ond.example"}, "en annen adresse"),
    "our page without https": ({"origin": "http://localhost:81"}, "en annen adresse"),
    "made for another host": ({"host": "ond.example"}, "stemte ikke"),
    "nobody's finger": ({"flags": PRESENT}, "stemte ikke"),
    "nobody there": ({"flags": VERIFIED}, "stemte ikke"),
    "another question": ({"said": {"challenge": "AAAA"}}, "tok for lang tid"),
    "another kind of answer": ({"said": {"type": "webauthn.nothing"}}, "stemte ikke"),
}


@pytest.mark.parametrize(("fault", "said"), FAULTS.values(), ids=list(FAULTS))
def test_a_faulty_new_passkey_is_refused_beside_the_button_and_not_kept(visit, session, per, fault, said):
    sign_in(visit, PER)

    page = add(visit, Authenticator(**fault), expect=422)

    assert said in error_of(page)
    assert session.scalars(select(Passkey)).all() == []
    assert noted(session)[-1] == "passkey_refused"


@pytest.mark.parametrize(("fault", "said"), FAULTS.values(), ids=list(FAULTS))
def test_a_faulty_answer_lets_nobody_in(visit, visit_as, session, per, fault, said):
    key = with_passkey(visit)
    other = visit_as("anonymous")
    sign_in(other, PER)

    page = show(other, replace(key, **fault), expect=422)

    assert said in error_of(page)
    other.get("/arbeidsflate", expect=303)
    assert session.scalars(select(Passkey.used_at)).one() is None
    assert show(other, key).location == "/arbeidsflate"


def test_a_key_that_is_not_pers_is_unknown(visit, visit_as, session, per, now):
    with_passkey(visit)
    staff(session, "fatima", Role.FACILITATOR, now)
    hers = with_passkey(visit_as("anonymous"), "fatima@test.example")
    other = visit_as("anonymous")
    sign_in(other, PER)

    assert "kjenner ikke" in error_of(show(other, hers, expect=422))


def test_pers_key_signed_by_another_lets_nobody_in(visit, visit_as, per):
    key = with_passkey(visit)
    other = visit_as("anonymous")
    sign_in(other, PER)

    forged = replace(Authenticator(), id=key.id)

    assert "stemte ikke" in error_of(show(other, forged, expect=422))


def test_a_copied_key_is_told_by_its_count(visit, visit_as, session, per):
    key = with_passkey(visit)
    copy = replace(key)
    other, thief = visit_as("anonymous"), visit_as("anonymous")
    sign_in(other, PER)
    show(other, key)
    sign_in(thief, PER)

    assert "stemte ikke" in error_of(show(thief, copy, expect=422))
    assert session.scalars(select(Passkey.sign_count)).one() == key.count


def test_a_key_that_never_counts_may_be_used_again_and_again(visit, visit_as, per):
    key = with_passkey(visit, counts=False)

    for _ in range(2):
        other = visit_as("anonymous")
        sign_in(other, PER)
        assert show(other, key).location == "/arbeidsflate"


def test_a_count_as_high_as_they_come_is_kept(visit, visit_as, session, per):
    key = with_passkey(visit)
    key.count = 2**32 - 2
    other = visit_as("anonymous")
    sign_in(other, PER)
    show(other, key)

    assert session.scalars(select(Passkey.sign_count)).one() == 2**32 - 1


def test_the_same_passkey_is_kept_once(visit, session, per):
    key = with_passkey(visit)

    assert "fra før" in error_of(add(visit, key, expect=422))
    assert len(session.scalars(select(Passkey)).all()) == 1


def test_the_device_is_told_which_keys_there_are_and_to_ask_for_a_finger(visit, visit_as, per):
    key = with_passkey(visit)
    made = question(visit, MINE)
    other = visit_as("anonymous")
    sign_in(other, PER)
    used = question(other, STEP)

    assert [bytes_of(one["id"]) for one in made["excludeCredentials"]] == [key.id]
    assert [bytes_of(one["id"]) for one in used["allowCredentials"]] == [key.id]
    assert made["authenticatorSelection"]["userVerification"] == used["userVerification"] == "required"
    assert (made["rp"]["id"], used["rpId"], made["attestation"]) == ("localhost", "localhost", "none")


# --- the question: once, soon, for this sign-in


def test_an_answer_works_once(visit, visit_as, session, per):
    key = with_passkey(visit)
    other = visit_as("anonymous")
    sign_in(other, PER)
    kept = cookie_of(other)
    answer = key.use(question(other, STEP))
    other.post(STEP, {"credential": answer})
    thief = visit_as("anonymous")
    with thief.client.session_transaction() as cookie:
        cookie.update(kept)

    thief.post(STEP, {"credential": answer}, expect=409)

    thief.get("/arbeidsflate", expect=303)


def test_a_wrong_answer_spends_the_question(visit, visit_as, per):
    key = with_passkey(visit)
    other = visit_as("anonymous")
    sign_in(other, PER)
    asked = question(other, STEP)
    other.post(STEP, {"credential": Authenticator().use(asked)}, expect=422)

    page = other.post(STEP, {"credential": key.use(asked)}, expect=422)

    assert "brukt før" in error_of(page)


def test_the_answer_to_another_sign_ins_question_is_worth_nothing(visit, visit_as, per):
    key = with_passkey(visit)
    one, other = visit_as("anonymous"), visit_as("anonymous")
    sign_in(one, PER)
    sign_in(other, PER)
    question(other, STEP)

    page = other.post(STEP, {"credential": key.use(question(one, STEP))}, expect=422)

    assert "brukt før" in error_of(page)


def test_an_answer_to_no_question_is_refused(visit, visit_as, per):
    key = with_passkey(visit)
    other = visit_as("anonymous")
    sign_in(other, PER)

    page = other.post(STEP, {"credential": key.use({"challenge": "AAAA"})}, expect=422)

    assert "tok for lang tid" in error_of(page)


@pytest.mark.parametrize(("minutes", "status"), [(0, 303), (4.99, 303), (5, 422)])
def test_a_question_lives_for_five_minutes(visit, visit_as, per, clock, now, minutes, status):
    key = with_passkey(visit)
    other = visit_as("anonymous")
    sign_in(other, PER)
    asked = question(other, STEP)
    clock["now"] = now + timedelta(minutes=minutes)

    other.post(STEP, {"credential": key.use(asked)}, expect=status)


@pytest.mark.parametrize(("minutes", "status"), [(14.99, 200), (15, 303)])
def test_a_sign_in_waits_a_quarter_of_an_hour_for_its_passkey(visit, visit_as, per, clock, now, minutes, status):
    with_passkey(visit)
    other = visit_as("anonymous")
    sign_in(other, PER)
    clock["now"] = now + timedelta(minutes=minutes)

    other.get(STEP, expect=status)


def test_who_is_too_late_is_told_to_begin_anew(visit):
    page = visit.post(STEP, {"credential": "{}"}, expect=409)

    assert "Begynn på nytt" in page.words


def test_a_waiting_sign_in_put_into_the_cookie_by_hand_signs_nobody_in(visit, visit_as, session, per):
    with_passkey(visit)
    other = visit_as("anonymous")
    sign_in(other, PER)
    waiting = session.scalars(select(SignIn.id).where(SignIn.waits)).one()
    with other.client.session_transaction() as cookie:
        cookie["_user_id"] = str(waiting)

    other.get("/arbeidsflate", expect=303)
    other.get(PLACE, expect=303)


def test_signing_out_everywhere_ends_what_waits_too(visit, visit_as, session, per):
    key = with_passkey(visit)
    other = visit_as("anonymous")
    sign_in(other, PER)
    visit.post(f"{PLACE}/logg-ut-overalt")

    other.get(STEP, expect=303)
    other.post(STEP, {"credential": key.use({"challenge": "AAAA"})}, expect=409)
    assert session.scalars(select(SignIn)).all() == []


# --- whoever has none


def test_where_all_need_one_per_makes_his_first_before_any_page_opens(visit, visit_as, session, per, told):
    told(staff_passkey="required")
    key = Authenticator()

    assert sign_in(visit, PER).location == STEP
    visit.get("/arbeidsflate", expect=303)
    assert "Lag en passnøkkel" in visit.get(STEP).words
    made = visit.post(STEP, {"name": "Mobil", "credential": key.make(question(visit, STEP))})

    assert made.location == "/arbeidsflate"
    visit.get("/arbeidsflate")
    other = visit_as("anonymous")
    sign_in(other, PER)
    assert show(other, key).location == "/arbeidsflate"


def test_who_has_a_passkey_cannot_take_the_step_by_making_another(visit, visit_as, session, per, told):
    with_passkey(visit)
    told(staff_passkey="required")
    other = visit_as("anonymous")
    sign_in(other, PER)

    fresh = Authenticator().make(question(other, STEP))
    page = other.post(STEP, {"name": "Tyv", "credential": fresh}, expect=422)

    assert "kjenner ikke" in error_of(page)
    assert len(session.scalars(select(Passkey)).all()) == 1


def test_where_it_is_off_per_gets_in_with_the_code_alone(visit, visit_as, per, told):
    with_passkey(visit)
    told(staff_passkey="off")

    assert sign_in(visit_as("anonymous"), PER).location == "/arbeidsflate"


@pytest.mark.parametrize("rule", ["off", "when_registered"])
def test_per_who_has_none_gets_in_where_it_is_not_required(visit, per, told, rule):
    told(staff_passkey=rule)

    assert sign_in(visit, PER).location == "/arbeidsflate"


def test_a_citizen_needs_none_where_staff_do(visit, told):
    told(staff_passkey="required")

    assert sign_in(visit, KARI).location == "/mine"


# --- what is typed and sent


@pytest.mark.parametrize("name", ["", "   ", "x" * 41])
def test_a_passkey_without_a_fair_name_is_refused_at_the_field(visit, session, per, name):
    sign_in(visit, PER)

    page = visit.post(MINE, {"name": name, "credential": Authenticator().make(question(visit, MINE))}, expect=422)

    assert page.tree.xpath("//*[@id='name-error']")
    assert session.scalars(select(Passkey)).all() == []


@pytest.mark.parametrize(
    "answer", ["", "{}", "[]", "null", "1", "{", '{"id": 1}', '{"id": "\\u0000"}', "[" * 10_000, "x" * 20_001, "\x00"]
)
def test_what_is_no_answer_is_refused_with_a_sentence(visit, visit_as, per, answer):
    with_passkey(visit)
    other = visit_as("anonymous")
    sign_in(other, PER)

    for who, url in ((other, STEP), (visit, MINE)):
        question(who, url)
        assert error_of(who.post(url, {"name": "Mobil", "credential": answer}, expect=422))


@given(st.binary(max_size=300))
def test_no_bytes_of_a_device_break_the_reading(junk):
    asked = {"challenge": "AAAA"}
    made = changed(Authenticator().make(asked), lambda a: a["response"].update(attestationObject=junk.hex()))
    used = changed(Authenticator().use(asked), lambda a: a["response"].update(authenticatorData=junk.hex()))

    for prove in (
        lambda: ceremony.prove_made("http://localhost", made, b"\x00\x00\x00"),
        lambda: ceremony.prove_used("http://localhost", used, b"\x00\x00\x00", public_key=junk, sign_count=0),
    ):
        with pytest.raises(RuleBroken):
            prove()


def test_more_than_twenty_are_not_kept(visit, session, per):
    sign_in(visit, PER)
    for _ in range(20):
        add(visit, Authenticator())

    assert "så mange" in error_of(add(visit, Authenticator(), expect=422))
    assert len(session.scalars(select(Passkey)).all()) == 20


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("http://127.0.0.1:8000", "bare på http://localhost:8000"),
        ("https://lab.example", "bare på https://lab.example"),
        ("http://10.0.0.5:8000", "ikke et tall"),
    ],
)
def test_where_passkeys_cannot_work_the_page_says_so_in_place_of_the_button(visit, per, told, address, said):
    told(public_url=address)
    sign_in(visit, PER)

    page = visit.get(PLACE)

    assert said in page.words
    assert not page.tree.xpath("//form[@id='passkey']")


# --- how they do it


@pytest.fixture
def told(app, settings):
    """Tell the app other settings, for one test."""

    def tell(**changes: str) -> None:
        app.extensions["lab_settings"] = replace(settings, **changes)

    yield tell
    app.extensions["lab_settings"] = settings


def question(visit: Visit, url: str) -> dict:
    """Return what the browser is asked, as the page's script does."""
    answer = visit.post(f"{url}/sporsmal", expect=200, headers={"Accept": "application/json"})
    return json.loads(answer.text)


def add(visit: Visit, key: Authenticator, *, name: str = "Mobil", expect: int = 303) -> Page:
    return visit.post(MINE, {"name": name, "credential": key.make(question(visit, MINE))}, expect=expect)


def show(visit: Visit, key: Authenticator, *, expect: int = 303) -> Page:
    return visit.post(STEP, {"credential": key.use(question(visit, STEP))}, expect=expect)


def with_passkey(visit: Visit, email: str = PER, *, counts: bool = True) -> Authenticator:
    """Sign in, make a passkey, and stay signed in."""
    key = Authenticator(counts=counts)
    sign_in(visit, email)
    add(visit, key)
    return key


def error_of(page: Page) -> str:
    (said,) = page.tree.xpath("//form[@id='passkey']//*[@id='passkey-error']")
    return said.text_content()


def noted(session) -> list[str]:
    return list(session.scalars(select(AuditLine.action).order_by(AuditLine.nr)))


def cookie_of(visit: Visit) -> dict:
    with visit.client.session_transaction() as cookie:
        return dict(cookie)
