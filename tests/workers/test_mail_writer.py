"""Somebody who left an address hears: at once with the secret link, and when there is an answer. Nobody else does."""

from datetime import timedelta
from uuid import uuid4

import pytest

from app.core.errors import Permanent, Transient
from app.core.receipt import receipt_token
from app.core.submission import submission
from app.ideas import service as ideas
from app.ideas.models import Idea
from app.ideas.service import ReplyDraft
from app.parcels import service as parcels
from app.parcels.models import Step
from tests.support.background import Background, MailRecorder
from tests.support.ideas import make_idea

JOB = "mail_writer"


def test_kari_gets_the_secret_link_at_once(karis_idea, work, mail, settings):
    (delivery,) = work.work(JOB)

    ((sent, reference),) = mail.sent
    token = receipt_token(settings.secret_keys(), karis_idea.id)
    assert delivery.state == "accepted"
    assert (sent.to, sent.subject) == ("kari@example.invalid", "Takk! Vi har fått idéen din")
    assert f"{settings.public_url}/kvittering/{token}" in sent.text
    assert reference == delivery.reference


def test_somebody_who_left_no_address_gets_nothing(session, settings, ola, work, now):
    make_idea(session, settings, actor=ola, now=now)

    assert work.work(JOB) == []


@pytest.mark.parametrize(
    ("step", "mailed"),
    [(Step.READ, 0), (Step.CONSIDERED, 0), (Step.DECIDED, 1), (Step.DONE, 1), (Step.NOT_NOW, 1)],
)
def test_only_news_that_ends_the_wait_is_mailed(session, karis_idea, work, mail, step, mailed):
    work.work(JOB)
    mail.sent.clear()
    work.now += timedelta(days=1)
    parcels.move(session, karis_idea.id, step, now=work.now, reason="Fordi.")
    session.commit()

    deliveries = work.work(JOB)

    assert (len(deliveries), len(mail.sent)) == (1 + mailed, mailed)


def test_an_answer_that_also_moves_the_parcel_is_one_mail(session, karis_idea, work, mail, per, now):
    work.work(JOB)
    mail.sent.clear()

    answer(session, karis_idea, per, Step.DECIDED, now=now)
    work.work(JOB)

    assert [sent.subject for sent, _ in mail.sent] == ["Nytt om idéen din"]


def test_an_answer_that_moves_nothing_is_mailed_as_well(session, karis_idea, work, mail, per, now):
    answer(session, karis_idea, per, Step.DECIDED, now=now)
    work.work(JOB)
    mail.sent.clear()

    work.now += timedelta(days=1)
    answer(session, karis_idea, per, Step.DECIDED, now=work.now)
    work.work(JOB)

    assert [sent.text.splitlines()[2] for sent, _ in mail.sent] == ["Kommunen har svart på idéen din."]


def test_a_letter_holds_nobodys_words(session, karis_idea, work, mail, per, now):
    answer(session, karis_idea, per, Step.DECIDED, now=now)

    work.work(JOB)

    for sent, _ in mail.sent:
        assert "Badebrygge" not in sent.text + sent.html + sent.subject
        assert "svaret til kari" not in sent.text + sent.html


def test_a_server_that_is_away_gets_the_same_reference_again(karis_idea, work, mail):
    mail.fault = Transient("borte")
    work.work(JOB)
    mail.fault = None
    work.now += timedelta(minutes=1)

    (delivery,) = work.work(JOB)

    assert delivery.state == "accepted"
    assert len({reference for _, reference in mail.sent}) == 1


def test_an_address_that_does_not_exist_stops_with_its_reason(karis_idea, work, mail):
    mail.fault = Permanent("E-posttjeneren sa nei (550).")

    (delivery,) = work.work(JOB)

    assert (delivery.state, delivery.stop_reason) == ("stoppet", "E-posttjeneren sa nei (550).")


def test_an_address_that_was_erased_meanwhile_gets_nothing(session, karis_idea, work, mail):
    work.route()
    session.get_one(Idea, karis_idea.id).email = None
    session.commit()

    (delivery,) = work.work(JOB)

    assert (delivery.state, mail.sent) == ("aldri", [])


def answer(session, idea, per, step, *, now) -> None:
    text = "Her er svaret til kari."
    draft = ReplyDraft(text, step, submission(uuid4(), {"text": text}, []))
    ideas.answer_idea(session, session.get_one(Idea, idea.id), draft, actor=per, role_name="Mobilitet", now=now)
    session.commit()


@pytest.fixture
def mail():
    return MailRecorder()


@pytest.fixture
def work(engine, settings, mail, now):
    return Background(engine, settings, now, mail=mail)


@pytest.fixture
def karis_idea(session, settings, kari, now):
    return make_idea(session, settings, actor=kari, now=now, title="Badebrygge", email="kari@example.invalid")
