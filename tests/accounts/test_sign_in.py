"""Signing in by a code from an e-mail: once, soon, in the browser that asked; and nobody learns who is known."""

from dataclasses import replace
from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import select

from app.accounts import query, service
from app.accounts.models import Participant, SignInCode
from app.accounts.service import add_participant
from app.audit.models import AuditLine
from app.core.actor import Role
from app.core.errors import RuleBroken
from app.core.receipt import one_time_code
from app.factory import create_app
from app.outbox.models import OutboxEvent
from app.web.extensions import db, limiter
from tests.support.signing_in import sign_in

EMAIL = "per@test.example"


def test_per_signs_in_and_comes_to_the_desk(session, visit, per, settings):
    visit.post("/logg-inn", {"email": " Per@TEST.example "})

    answer = visit.post("/logg-inn/kode", {"code": code_of(session, settings)})

    assert answer.location == "/arbeidsflate"
    assert "Arbeidsflate" in visit.get("/arbeidsflate").words


def test_per_comes_back_to_the_page_he_wanted(session, visit, per, settings):
    wanted = f"/arbeidsflate/innspill/{uuid4()}"
    visit.client.get("/logg-inn", query_string={"neste": wanted})
    visit.post("/logg-inn", {"email": EMAIL})

    assert visit.post("/logg-inn/kode", {"code": code_of(session, settings)}).location == wanted


def test_an_unknown_address_is_answered_like_a_known_one_and_is_not_yet_anybody(session, visit, per):
    known, unknown = (visit.post("/logg-inn", {"email": email}) for email in (EMAIL, "ukjent@test.example"))

    assert known.location == unknown.location == "/logg-inn/kode"
    assert len(session.scalars(select(OutboxEvent)).all()) == 2
    assert [found.email for found in session.scalars(select(Participant))] == [EMAIL]


def test_kari_becomes_a_citizen_when_she_uses_the_code_and_comes_to_what_is_hers(session, visit):
    visit.post("/utseende", {"language": "nn"})

    answer = sign_in(visit, " Kari@Test.Example ")

    kari = session.scalars(select(Participant)).one()
    assert (kari.email, kari.role, kari.name, kari.language) == ("kari@test.example", "citizen", "", "nn")
    assert answer.location == "/mine"
    assert "Logg ut" in visit.get("/mine").words


def test_kari_who_comes_back_is_the_same_kari(session, visit, visit_as):
    sign_in(visit, "kari@test.example")
    sign_in(visit_as("anonymous"), "kari@test.example")

    assert len(session.scalars(select(Participant)).all()) == 1


def test_a_citizen_is_not_sent_to_a_page_for_staff(visit):
    visit.client.get("/logg-inn", query_string={"neste": "/arbeidsflate/leveringer"})

    assert sign_in(visit, "kari@test.example").location == "/mine"


def test_a_citizen_stays_signed_in_on_her_phone_and_staff_only_while_the_browser_is_open(visit, visit_as, per):
    kari, worker = visit, visit_as("anonymous")

    lasting = [sign_in(who, email).response.headers["Set-Cookie"] for who, email in
               ((kari, "kari@test.example"), (worker, EMAIL))]  # fmt: skip

    assert ["Expires" in cookie for cookie in lasting] == [True, False]


def test_nobodys_post_box_is_filled_from_one_place(settings, tmp_path, session):
    made = create_app(replace(settings, rate_limits=True, instance=tmp_path))
    made.config["WTF_CSRF_ENABLED"] = False
    phone = made.test_client()
    try:
        answers = [phone.post("/logg-inn", data={"email": "Kari@test.example"}) for _ in range(6)]
        other = phone.post("/logg-inn", data={"email": "ola@test.example"})
    finally:
        limiter.enabled = settings.rate_limits
        with made.app_context():
            db.engine.dispose()

    assert [answer.status_code for answer in (*answers, other)] == [303] * 5 + [429, 303]
    assert "søppelposten" in answers[-1].get_data(as_text=True)


def test_the_code_itself_is_stored_nowhere(session, visit, per, settings):
    visit.post("/logg-inn", {"email": EMAIL})
    digits = code_of(session, settings)

    rows = [repr(vars(row)) for model in (SignInCode, OutboxEvent) for row in session.scalars(select(model))]

    assert digits not in "".join(rows).replace("-", "")


def test_a_code_works_once(session, visit, visit_as, per, settings):
    visit.post("/logg-inn", {"email": EMAIL})
    kept = cookie_of(visit)
    digits = code_of(session, settings)
    visit.post("/logg-inn/kode", {"code": digits})

    other = visit_as("anonymous")
    with other.client.session_transaction() as cookie:
        cookie.update(kept)
    page = other.post("/logg-inn/kode", {"code": digits}, expect=422)

    assert "Koden stemmer ikke" in page.words
    assert other.client.get("/arbeidsflate").status_code == 303


def test_a_code_works_in_the_browser_that_asked_alone(session, visit, visit_as, per, settings):
    visit.post("/logg-inn", {"email": EMAIL})
    thief = visit_as("anonymous")
    with thief.client.session_transaction() as cookie:
        cookie["kode"], cookie["nettleser"] = cookie_of(visit)["kode"], "another browser"

    thief.post("/logg-inn/kode", {"code": code_of(session, settings)}, expect=422)


@pytest.mark.parametrize(("minutes", "status"), [(0, 303), (14.99, 303), (15, 422), (16, 422)])
def test_a_code_lives_for_fifteen_minutes(session, visit, per, settings, clock, now, minutes, status):
    visit.post("/logg-inn", {"email": EMAIL})
    clock["now"] = now + timedelta(minutes=minutes)

    visit.post("/logg-inn/kode", {"code": code_of(session, settings)}, expect=status)


def test_five_wrong_guesses_spend_the_code_and_are_counted_although_refused(session, visit, per, settings):
    visit.post("/logg-inn", {"email": EMAIL})
    digits = code_of(session, settings)
    wrong = "000000" if digits != "000000" else "111111"
    for _ in range(service.TRIES):
        visit.post("/logg-inn/kode", {"code": wrong}, expect=422)

    visit.post("/logg-inn/kode", {"code": digits}, expect=422)

    assert session.scalars(select(SignInCode.tries)).one() == service.TRIES


def test_the_fifth_try_may_still_be_the_right_one(session, visit, per, settings):
    visit.post("/logg-inn", {"email": EMAIL})
    digits = code_of(session, settings)
    wrong = "000000" if digits != "000000" else "111111"
    for _ in range(service.TRIES - 1):
        visit.post("/logg-inn/kode", {"code": wrong}, expect=422)

    visit.post("/logg-inn/kode", {"code": f"{digits[:3]} {digits[3:]}"})


@pytest.mark.parametrize("typed", ["", "   ", "abc", "1" * 21, "12345", "1234567"])
def test_what_is_no_code_is_refused_with_a_sentence(visit, per, typed):
    visit.post("/logg-inn", {"email": EMAIL})

    page = visit.post("/logg-inn/kode", {"code": typed}, expect=422)

    assert page.tree.xpath("//*[contains(@class, 'error')]")


@pytest.mark.parametrize("typed", ["", "per", "per@", "@test.example", "x" * 255 + "@test.example", "a@b.no c@d.no"])
def test_what_is_no_address_is_refused_with_what_was_typed(session, visit, typed):
    visit.post("/logg-inn", {"email": typed}, expect=422)

    assert session.scalars(select(SignInCode)).all() == []


def test_whoever_has_left_gets_no_letter_cannot_sign_in_and_is_signed_out_everywhere(
    session, visit, visit_as, settings, now
):
    signed_in = visit_as("per")
    visit.post("/logg-inn", {"email": EMAIL})
    digits, code_id = code_of(session, settings), session.scalars(select(SignInCode.id)).one()
    session.scalars(select(Participant)).one().closed_at = now

    visit.post("/logg-inn/kode", {"code": digits}, expect=422)

    assert query.code_to_send(session, code_id, settings.secret_keys()) is None
    assert signed_in.client.get("/arbeidsflate").status_code == 303


def test_the_session_of_somebody_signed_in_begins_anew(session, visit, per, settings):
    visit.client.get("/merke")
    before = cookie_of(visit)
    visit.post("/logg-inn", {"email": EMAIL})
    visit.post("/logg-inn/kode", {"code": code_of(session, settings)})

    assert set(before) & set(cookie_of(visit)) <= {"csrf_token"}
    assert before.get("csrf_token") != cookie_of(visit).get("csrf_token")


def test_signing_out_forgets_all_and_asks_the_browser_to(visit_as):
    per = visit_as("per")

    answer = per.post("/logg-ut")

    assert answer.location == "/logget-ut"
    assert "_user_id" not in cookie_of(per)
    assert per.client.get("/arbeidsflate").status_code == 303


def test_the_browser_is_asked_to_forget_beside_the_page_and_not_with_it(visit_as):
    per = visit_as("per")
    per.post("/logg-ut")

    page, beside = per.get("/logget-ut"), per.fragment("/logget-ut")

    assert "Clear-Site-Data" not in page.response.headers
    assert beside.response.headers["Clear-Site-Data"] == '"cache", "storage"'


def test_a_link_to_the_page_of_those_who_left_throws_nothing_away(visit, visit_as):
    per = visit_as("per")
    per.post("/logg-ut")
    per.fragment("/logget-ut")

    for whoever in (visit, per):
        assert "Clear-Site-Data" not in whoever.fragment("/logget-ut").response.headers


@pytest.mark.parametrize("user", ["", "tull", "3f1c8a52-6f0e-4d57-9d0b-1f2a7c4e8b90"])
def test_a_cookie_with_nobody_in_it_signs_nobody_in(visit, user):
    with visit.client.session_transaction() as cookie:
        cookie["_user_id"] = user

    assert visit.client.get("/arbeidsflate").status_code == 303
    visit.get("/")


def test_somebody_who_comes_back_gets_a_new_role_and_no_second_account(session, now):
    first = service.add_participant(session, email="Per@x.no", name="Per", title="Råd", role=Role.MODERATOR, now=now)
    first.closed_at = now
    session.flush()

    again = service.add_participant(session, email="per@x.no", name="Per", title="Råd", role=Role.CASE_WORKER, now=now)

    assert (again.id, again.role, again.closed_at) == (first.id, "case_worker", None)


def test_a_code_made_with_an_older_key_still_works_and_a_strangers_does_not(session, per, now):
    code_id = service.ask_for_code(session, EMAIL, browser="b", language="nb", now=now)
    digits = one_time_code("old", code_id)

    with pytest.raises(RuleBroken):
        service.use_code(session, code_id, digits, browser="b", keys=["new"], now=now)
    used = service.use_code(session, code_id, digits, browser="b", keys=["old", "new"], now=now)

    assert used.id == per.participant_id


def test_that_per_signed_in_stands_in_the_log_and_that_kari_did_does_not(session, visit, per, settings, clock, now):
    add_participant(session, email="kari@test.example", name="Kari", title="", role=Role.CITIZEN, now=now)
    session.commit()

    for minute, address in enumerate(("kari@test.example", "per@test.example")):
        clock["now"] = now + timedelta(minutes=minute)
        visit.post("/logg-inn", {"email": address})
        visit.post("/logg-inn/kode", {"code": code_of(session, settings)}, expect=303)
        visit.post("/logg-ut", expect=303)

    lines = session.scalars(select(AuditLine)).all()
    assert [(line.action, line.object_ref, line.who_ref) for line in lines] == [
        ("signed_in", f"participant:{per.participant_id}", per.audit_key)
    ]


def code_of(session, settings) -> str:
    code = session.scalars(select(SignInCode).order_by(SignInCode.made_at.desc())).first()
    session.commit()
    return one_time_code(settings.secret_keys()[-1], UUID(str(code.id)))


def cookie_of(visit) -> dict:
    with visit.client.session_transaction() as cookie:
        return dict(cookie)
