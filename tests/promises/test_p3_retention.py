"""P3: two years on, each class of personal data has gone on its day, and not before. The clock is moved by hand."""

from collections.abc import Callable
from datetime import datetime, timedelta
from os import utime
from uuid import uuid4

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from structlog.testing import capture_logs

from app.accounts.models import Participant, Passkey, ProviderIdentity, SignIn, SignInCode
from app.cases.models import SealedLetter
from app.comments.models import Comment, Report
from app.core.actor import Actor, Role
from app.files.models import Picture
from app.ideas.models import Idea, Reply, Support
from app.moderation.models import ModerationItem
from app.notices.models import NoticeChoice, NoticesRead
from app.outbox.models import DeliveryState, OutboxDelivery, OutboxEvent
from app.parcels.models import Follow
from app.personal.models import Erasure, OwnFile
from app.personal.policy import RULES
from app.processes.models import ProcessFollow
from app.push.models import PushLog, PushSubscription
from app.settings import Settings
from tests.support.background import Background
from tests.support.ideas import make_idea
from workers.schedule import strike

Count = Callable[[Session], int]
DAY = timedelta(days=1)
EMAIL = "kari@kanari.example"


def rows_of(model: type, *conditions: object) -> Count:
    return lambda session: session.scalar(select(func.count()).select_from(model).where(*conditions)) or 0


# class: (days it is kept, how many of it there still are). Counted apart from the rules themselves.
CLASSES: dict[str, tuple[int, Count]] = {
    "codes": (14, rows_of(SignInCode)),
    "sign_ins": (14, rows_of(SignIn)),
    "identities": (730, rows_of(ProviderIdentity)),
    "passkeys": (730, rows_of(Passkey)),
    "accounts": (730, rows_of(Participant, Participant.name == "Lise")),
    "inputs": (730, rows_of(Idea, (Idea.email == EMAIL) | Idea.device_key.is_not(None) | Idea.author_id.is_not(None))),
    "comments": (730, rows_of(Comment, Comment.device_key.is_not(None) | Comment.author_id.is_not(None))),
    "reports": (90, rows_of(Report)),
    "pictures": (730, rows_of(Picture, Picture.device_key.is_not(None))),
    "supports": (730, rows_of(Support, Support.participant_id.is_not(None) | (func.length(Support.device_key) == 32))),
    "follows": (730, rows_of(Follow)),
    "process_follows": (730, rows_of(ProcessFollow)),
    "notice_choices": (730, rows_of(NoticeChoice)),
    "notices_read": (730, rows_of(NoticesRead)),
    "replies": (730, rows_of(Reply, Reply.author_id.is_not(None))),
    "letters": (90, rows_of(SealedLetter, (SealedLetter.sender_email == EMAIL) | (SealedLetter.title != "Slettet"))),
    "dead_phones": (90, rows_of(PushSubscription, PushSubscription.gone_at.is_not(None))),
    "silent_phones": (730, rows_of(PushSubscription, PushSubscription.gone_at.is_(None))),
    "push_log": (90, rows_of(PushLog)),
    "own_files": (7, rows_of(OwnFile)),
    "erasures": (90, rows_of(Erasure)),
    "moderation": (730, rows_of(ModerationItem, ModerationItem.decided_name == "Lise")),
}


def test_p3_each_class_goes_on_its_day_and_not_before(session, engine, settings, town, now):
    for name, (_, count) in CLASSES.items():
        assert count(session) > 0, f"P3: the town has nothing of the class {name}"
        session.rollback()
    for days in sorted({days for days, _ in CLASSES.values()}):
        due = {name: count for name, (kept, count) in CLASSES.items() if kept == days}

        a_day_passes(session, engine, settings, now + (days - 1) * DAY)
        gone = [name for name, count in due.items() if not count(session)]
        assert not gone, f"P3: gone before their day ({days}): {gone}"

        a_day_passes(session, engine, settings, now + (days + 1) * DAY)
        left = [name for name, count in due.items() if count(session)]
        assert not left, f"P3: still there after their day ({days}): {left}"
        session.rollback()


def test_p3_what_was_said_in_public_stays_without_who_said_it(session, engine, settings, town, now):
    a_day_passes(session, engine, settings, now + 731 * DAY)

    idea = session.scalars(select(Idea)).one()
    assert (idea.title, idea.support_count) == ("Lys i lysløypa til klokka 23", 2), "P3: the idea is not as it was"
    assert rows_of(Support)(session) == 2, "P3: the supports no longer are as many as the idea says"
    assert session.scalars(select(Reply.text)).one() == "Lyset blir på.", "P3: the answer is gone"


def test_p3_every_rule_has_its_class_in_this_check_and_the_days_of_the_settings():
    days = {rule.name: getattr(Settings(), rule.days) for rule in RULES}

    assert days == {name: kept for name, (kept, _) in CLASSES.items()}, "P3: the rules are not those of this check"


def test_p3_the_counts_are_logged(session, engine, settings, town, now):
    with capture_logs() as said:
        a_day_passes(session, engine, settings, now + 15 * DAY)

    counts = {line["name"]: line["count"] for line in said if line["event"] == "purged"}
    assert counts.get("codes") == 1, f"P3: nobody can see what went: {counts}"
    assert set(CLASSES) <= set(counts), "P3: a class says nothing"


def test_p3_a_dead_letter_that_nobody_has_solved_is_kept(session, engine, settings, town, now):
    delivery = session.scalars(select(OutboxDelivery).where(OutboxDelivery.channel == "archive")).first()
    delivery.state = DeliveryState.STOPPED.value
    session.commit()

    a_day_passes(session, engine, settings, now + 700 * DAY)

    assert CLASSES["letters"][1](session) == 1, "P3: a letter went before the archive had it"


def test_p3_old_backups_go_from_their_folder(session, engine, settings, town, now, tmp_path):
    for days in (34, 36):
        path = tmp_path / f"{days}.age"
        path.touch()
        utime(path, ((now - (days - 10) * DAY).timestamp(),) * 2)
    with_folder = Settings(
        **{name: getattr(settings, name) for name in settings.__slots__} | {"backup_folder": str(tmp_path)}
    )

    a_day_passes(session, engine, with_folder, now + 10 * DAY)

    assert [path.name for path in tmp_path.iterdir()] == ["34.age"], "P3: backups are not kept for 35 days"


def test_p3_a_town_that_opened_today_has_nothing_to_purge(session, now, town):
    strike(session, now + timedelta(hours=20), status_every=7200)

    kinds = session.scalars(select(OutboxEvent.kind)).all()
    assert "retention_due" not in kinds


def a_day_passes(session: Session, engine, settings: Settings, now: datetime) -> None:
    """Let the clock strike twice on this day, and the jobs that it asks for run."""
    for hour in (0, 1):
        strike(session, now + timedelta(hours=hour), status_every=7200)
        session.commit()
    asked = session.scalars(select(OutboxEvent).where(OutboxEvent.turn == f"retention:{now:%Y-%m-%d}")).all()
    session.commit()
    assert len(asked) == 1, f"P3: asked for {len(asked)} times in one day"
    Background(engine, settings, now).work("purge_personal_data")
    session.expire_all()


@pytest.fixture
def town(session: Session, settings: Settings, now: datetime) -> None:
    """One row of each class at noon of the first day, all on their way to be forgotten."""
    lise = Participant(
        id=uuid4(), email="lise@kanari.example", name="Lise", title="Rådgiver", role=Role.CASE_WORKER.value,
        created_at=now, closed_at=now,
    )  # fmt: skip
    session.add(lise)
    session.commit()
    idea = make_idea(session, settings, actor=Actor(device_key=bytes(32), participant_id=lise.id), now=now, email=EMAIL)
    Background(session.get_bind(), settings, now).route()
    archive = session.scalars(select(OutboxDelivery).where(OutboxDelivery.channel == "archive")).one()
    archive.state, archive.ended_at = DeliveryState.FILED.value, now
    letter = SealedLetter(
        id=uuid4(), reference=archive.reference, key_system="lab", input_id=idea.id, kind="incoming", title=idea.title,
        public_title="Innspill", document_date=now.date(), received_at=now, sender_kind="person",
        sender_name="Anonym", sender_email=EMAIL, sealed_at=now,
    )  # fmt: skip
    session.add(letter)
    idea.support_count = 2
    session.flush()
    session.add_all([
        SignInCode(id=uuid4(), email=EMAIL, language="nb", browser_hash=bytes(32), made_at=now),
        ProviderIdentity(id=uuid4(), participant_id=lise.id, issuer="https://id.example", sub="x", made_at=now),
        Passkey(
            id=uuid4(), participant_id=lise.id, credential_id=b"c", public_key=b"p", sign_count=0, name="Mobil",
            made_at=now,
        ),
        SignIn(
            id=uuid4(), participant_id=lise.id, browser="", system="", begun_at=now - DAY, ends_at=now,
        ),
        picture(idea.id, now),
        Comment(
            id=uuid4(), submission_hash=bytes(32), content_digest=bytes(32), input_id=idea.id, kind="idea",
            stance="for", text="Ja takk.", language="nb", device_key=bytes(32), submitted_at=now,
        ),
        Report(
            id=uuid4(), input_id=idea.id, kind="idea", reason="other", device_key=bytes(32), reported_at=now,
            handled_at=now,
        ),
        ModerationItem(
            id=uuid4(), kind="idea", input_id=idea.id, nr=1, why="report", marks=[], asked_at=now, state="approved",
            decided_at=now, decided_by=lise.id, decided_name="Lise",
        ),
        Support(id=uuid4(), idea_id=idea.id, device_key=bytes(32), at=now),
        Support(id=uuid4(), idea_id=idea.id, participant_id=lise.id, at=now),
        Reply(
            id=uuid4(), submission_hash=bytes(32), content_digest=bytes(32), idea_id=idea.id, text="Lyset blir på.",
            step="decided", role_name="Rådgiver", author_id=lise.id, answered_at=now,
        ),
        ProcessFollow(id=uuid4(), process_id=idea.process_id, device_key=bytes(32), since=now),
        NoticeChoice(id=uuid4(), device_key=bytes(32), topic="news", way="here", chosen_at=now),
        NoticesRead(id=uuid4(), device_key=bytes(32), read_at=now),
        phone(1, now, gone_at=now, endpoint="", p256dh="", auth=""),
        phone(2, now, endpoint="https://fcm.googleapis.com/x", p256dh="p", auth="a"),
        OwnFile(
            id=uuid4(), submission_hash=bytes(32), content_digest=bytes(32), device_key=bytes(32), asked_at=now, key=""
        ),
        Erasure(id=uuid4(), submission_hash=bytes(32), content_digest=bytes(32), asked_at=now, done_at=now),
        PushLog(id=uuid4(), subscription_id=uuid4(), topic="step", outcome="accepted", at=now),
    ])  # fmt: skip
    session.commit()


def picture(input_id, now: datetime) -> Picture:
    return Picture(
        id=uuid4(), input_id=input_id, position=1, original_name=uuid4().hex, width=8, height=8, sha256=bytes(32),
        public=True, device_key=bytes(32), created_at=now, state="failed",
    )  # fmt: skip


def phone(number: int, now: datetime, **more: object) -> PushSubscription:
    return PushSubscription(
        id=uuid4(), endpoint_hash=bytes([number]) * 32, origin="https://fcm.googleapis.com", device_key=bytes(32),
        created_at=now, **more,
    )  # fmt: skip
