"""Who asks for a code gets it with a link, known or not; a closed account gets nothing."""

import re

import pytest

from app.accounts import query, service
from app.accounts.models import SignInCode
from app.core.actor import Role
from app.core.receipt import read_sign_in_link
from tests.support.background import Background, MailRecorder

JOB = "mail_sign_in_code"


def test_per_gets_the_code_that_signs_him_in(session, per_at_work, work, mail, settings, now):
    code_id = service.ask_for_code(session, "per@narvik.example", browser="his", language="nb", now=now)
    session.commit()

    (delivery,) = work.work(JOB)

    ((sent, _),) = mail.sent
    (digits,) = re.findall(r"^\d{6}$", sent.text, re.MULTILINE)
    assert delivery.state == "accepted"
    assert sent.to == "per@narvik.example"
    signed_in = service.use_code(session, code_id, digits, browser="his", keys=settings.secret_keys(), now=now)
    assert signed_in.email == "per@narvik.example"


def test_an_address_we_do_not_know_gets_the_same_letter_in_the_language_of_the_page(session, work, mail, now):
    service.ask_for_code(session, "nobody@example.invalid", browser="b", language="en", now=now)
    session.commit()

    work.work(JOB)

    ((sent, _),) = mail.sent
    assert (sent.to, sent.language) == ("nobody@example.invalid", "en")


def test_the_link_in_the_letter_is_on_our_own_site_and_signs_in(session, work, mail, settings, now):
    code_id = service.ask_for_code(session, "kari@narvik.example", browser="hers", language="nb", now=now)
    session.commit()

    work.work(JOB)

    ((sent, _),) = mail.sent
    (token,) = re.findall(rf"^{settings.public_url}/logg-inn/lenke/(\S+)$", sent.text, re.MULTILINE)
    assert read_sign_in_link(settings.secret_keys(), token) == code_id


def test_a_closed_account_gets_nothing(session, per_at_work, work, mail, now):
    per_at_work.closed_at = now
    service.ask_for_code(session, "per@narvik.example", browser="his", language="nb", now=now)
    session.commit()

    (delivery,) = work.work(JOB)

    assert (delivery.state, mail.sent) == ("aldri", [])


def test_a_code_that_is_no_more_is_not_sent(session, per_at_work, work, mail, now):
    code_id = service.ask_for_code(session, "per@narvik.example", browser="his", language="nb", now=now)
    session.commit()
    work.route()
    session.delete(session.get_one(SignInCode, code_id))
    session.commit()

    (delivery,) = work.work(JOB)

    assert (delivery.state, mail.sent) == ("aldri", [])


def test_the_stored_code_holds_no_digits(session, per_at_work, settings, now):
    code_id = service.ask_for_code(session, "per@narvik.example", browser="his", language="nb", now=now)
    session.flush()
    found = query.code_to_send(session, code_id, settings.secret_keys())

    assert found is not None
    stored = session.get_one(SignInCode, code_id)
    assert found.digits.encode() not in repr([getattr(stored, c.name) for c in SignInCode.__table__.columns]).encode()


@pytest.fixture
def per_at_work(session, now):
    made = service.add_participant(
        session, email="per@narvik.example", name="Per", title="Rådgiver", role=Role.CASE_WORKER, now=now
    )
    session.commit()
    return made


@pytest.fixture
def mail():
    return MailRecorder()


@pytest.fixture
def work(engine, settings, mail, now):
    return Background(engine, settings, now, mail=mail)
