"""Every day the newest line of the log is kept outside the database, once, whoever strikes the hour."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from app.audit import anchors, query, service
from app.outbox.models import OutboxEvent
from tests.support.background import Background
from workers.schedule import strike


@pytest.fixture
def folder(settings):
    yield settings.instance
    (settings.instance / anchors.FILE).unlink(missing_ok=True)


@pytest.fixture
def background(engine, settings, now):
    return Background(engine, settings, now + timedelta(days=5))


def struck(session, now, *, days: int) -> int:
    """Strike three times a day; return how often a head was asked for."""
    for day in range(days):
        for hour in (1, 2, 3):
            strike(session, now + timedelta(days=day, hours=hour), status_every=7200)
    asked = session.scalars(select(OutboxEvent).where(OutboxEvent.kind == "audit_head_due")).all()
    session.commit()
    return len(asked)


def test_a_log_without_lines_asks_for_nothing(session, now):
    assert struck(session, now, days=2) == 0


def test_the_newest_line_of_each_day_is_kept(session, background, folder, per, now):
    heads = []
    for number in range(2):
        service.note(session, "idea_hidden", f"idea:{number}", actor=per, now=now)
        heads.append(query.head(session))
        assert struck(session, now + timedelta(days=number), days=1) == number + 1
        session.commit()
        background.work("anchor_audit_log")

    assert anchors.kept(folder) == heads


def test_a_day_without_news_adds_no_line_and_neither_does_a_second_run(session, background, folder, per, now):
    service.note(session, "idea_hidden", "idea:1", actor=per, now=now)
    struck(session, now, days=3)

    deliveries = background.work("anchor_audit_log")

    assert [delivery.state for delivery in deliveries] == ["filed"] * 3
    assert anchors.kept(folder) == [query.head(session)]
    session.rollback()
