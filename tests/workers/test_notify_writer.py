"""A moderator decides: the writer's phone and mail say that there is news, nobody else hears, no word of it is told."""

import json
from datetime import timedelta

import pytest

from app.accounts.service import add_participant
from app.core.actor import Role
from app.moderation import service
from app.moderation.models import Reason
from app.moderation.service import SHOW, Verdict
from app.parcels import service as parcels
from tests.support.background import Background, MailRecorder, PushRecorder
from tests.support.comments import make_comment
from tests.support.ideas import make_idea
from tests.support.moderation import SHELVES, decide, the_waiting
from tests.support.phones import make_phone

JOB = "notify_writer"
NOT_SHOWN = Verdict(Reason.ABUSE, "Dette er stygt sagt.")


def test_only_karis_own_phone_is_told_and_nothing_personal(session, idea, work, push, mona, settings, now):
    decide(session, the_waiting(session, idea.id), NOT_SHOWN, actor=mona, now=now)

    work.work(JOB)

    ((address, sent),) = push.sent
    assert address.endpoint.endswith("kari")
    shown = json.loads(sent.body)["notification"]
    assert (shown["body"], shown["navigate"]) == ("Det er nytt om idéen din.", f"{settings.public_url}/ideer/{idea.id}")
    assert "stygt" not in sent.body.decode()
    assert "Ring" not in sent.body.decode()


def test_who_wrote_a_comment_hears_of_it_and_whose_idea_it_is_does_not(
    session, idea, work, push, ola, mona, settings, now
):
    decide(session, the_waiting(session, idea.id), SHOW, actor=mona, now=now)
    work.work(JOB)
    push.sent.clear()
    comment = make_comment(session, idea, actor=ola, now=now, text="Ring 412 34 567.")
    decide(session, the_waiting(session, comment.id), NOT_SHOWN, actor=mona, now=now)

    work.work(JOB)

    ((address, sent),) = push.sent
    assert address.endpoint.endswith("ola")
    shown = json.loads(sent.body)["notification"]
    assert shown["body"] == "Det er nytt om kommentaren din."
    assert shown["navigate"] == f"{settings.public_url}/ideer/{idea.id}/kommentarer/{comment.id}"


def test_what_is_shown_now_is_told_as_that(session, idea, work, push, mona, now):
    decide(session, the_waiting(session, idea.id), SHOW, actor=mona, now=now)

    work.work(JOB)

    assert [json.loads(sent.body)["notification"]["body"] for _, sent in push.sent] == ["Idéen din vises nå."]


@pytest.mark.parametrize(("verdict", "said"), [(SHOW, "Nå vises den."), (NOT_SHOWN, "Idéen din vises ikke nå.")])
def test_kari_gets_a_mail_without_the_reason(session, idea, work, mail, mona, now, verdict, said):
    work.work("mail_writer")
    mail.sent.clear()
    decide(session, the_waiting(session, idea.id), verdict, actor=mona, now=now)

    work.work("mail_writer")

    ((sent, _),) = mail.sent
    assert said in sent.text
    assert "stygt" not in sent.text


@pytest.mark.parametrize("job", [JOB, "mail_writer"])
def test_nobody_hears_of_a_slip_that_is_undone_at_once(session, idea, work, push, mail, mona, now, job):
    work.work("mail_writer")
    mail.sent.clear()
    item = the_waiting(session, idea.id)
    decide(session, item, NOT_SHOWN, actor=mona, now=now)
    work.now = now + timedelta(seconds=10)
    work.work(job)
    assert (push.sent, mail.sent) == ([], [])

    service.undo(session, item.id, shelves=SHELVES, actor=mona, now=now + timedelta(seconds=20))
    session.commit()
    work.now = now + timedelta(minutes=2)
    work.work(job)

    assert (push.sent, mail.sent) == ([], [])
    assert [one.stop_reason for one in work.deliveries(job) if one.state == "aldri"] == ["Avgjørelsen er angret"]


def test_a_report_that_changes_nothing_is_nothing_to_tell(session, idea, work, push, mona, now):
    decide(session, the_waiting(session, idea.id), SHOW, actor=mona, now=now)
    work.work(JOB)
    push.sent.clear()
    service.reported(session, idea.id, "idea", now=now)
    decide(session, the_waiting(session, idea.id), SHOW, actor=mona, now=now)

    work.work(JOB)

    assert push.sent == []


@pytest.fixture
def idea(session, settings, kari, ola, now):
    """Kari's idea, which waits. She and Ola have phones that hear of it."""
    made = make_idea(
        session, settings, actor=kari, now=now, title="Ring oss", body="Ring 412 34 567.", email="kari@example.invalid"
    )
    make_phone(session, actor=kari, now=now)
    make_phone(session, actor=ola, now=now, name="ola")
    parcels.follow(session, made.id, actor=ola, now=now + timedelta(hours=1))
    session.commit()
    return made


@pytest.fixture
def mona(session, now):
    made = add_participant(
        session, email="mona@test.example", name="Mona", title="Moderator", role=Role.MODERATOR, now=now
    )
    session.commit()
    return made.actor


@pytest.fixture
def push():
    return PushRecorder()


@pytest.fixture
def mail():
    return MailRecorder()


@pytest.fixture
def work(engine, settings, session, push, mail, now):
    return Background(engine, settings, now=now + timedelta(minutes=1), push=push, mail=mail)
