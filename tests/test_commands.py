"""The commands of the person who runs it."""

import sqlite3

import pyrage
import pytest
from sqlalchemy import func, select

from app.backup import write_backup
from app.demo import fill
from app.ideas.models import Idea
from app.outbox.models import OutboxEvent
from tests.support.ideas import make_idea


def test_the_demo_is_filled_once_and_announces_each_idea(session, app, now):
    with app.app_context():
        first = fill(session, now)
        session.commit()
        second = fill(session, now)
        session.commit()

    assert (first, second) == (10, 0)
    assert session.scalar(select(func.count()).select_from(Idea)) == 10
    submitted = select(func.count()).select_from(OutboxEvent).where(OutboxEvent.kind == "idea_submitted")
    assert session.scalar(submitted) == 10


def test_flask_check_says_that_all_is_well(session, app, settings, kari, now):
    make_idea(session, settings, actor=kari, now=now)

    said = app.test_cli_runner().invoke(args=["check"])

    assert said.exit_code == 0, said.output
    assert "går opp" in said.output
    assert "Alt er i orden." in said.output


@pytest.mark.sqlite_only  # the same command runs pg_dump on PostgreSQL, which the next test sees
def test_a_backup_holds_every_idea_and_can_be_opened(session, app, settings, kari, now, tmp_path):
    make_idea(session, settings, actor=kari, now=now)
    target = tmp_path / "backup.sqlite"

    said = app.test_cli_runner().invoke(args=["backup", str(target)])

    assert said.exit_code == 0, said.output
    with sqlite3.connect(target) as copy:
        assert copy.execute("SELECT count(*) FROM ideas").fetchone() == (1,)
        assert copy.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    assert target.stat().st_mode & 0o077 == 0


def test_a_backup_for_two_key_holders_is_sealed_for_both(session, app, settings, kari, now, tmp_path):
    make_idea(session, settings, actor=kari, now=now)
    holders = [pyrage.x25519.Identity.generate(), pyrage.x25519.Identity.generate()]
    recipients = " ".join(str(holder.to_public()) for holder in holders)
    target = tmp_path / "backup.age"
    sealed = settings.__class__(
        **{f: getattr(settings, f) for f in settings.__slots__} | {"backup_recipients": recipients}
    )

    with app.app_context():
        write_backup(sealed, target)

    for holder in holders:
        assert len(pyrage.decrypt(target.read_bytes(), [holder])) > 1000
    assert [path.name for path in tmp_path.iterdir()] == ["backup.age"]


def test_a_backup_never_overwrites_another(app, tmp_path):
    target = tmp_path / "backup"
    target.write_text("the last one")

    said = app.test_cli_runner().invoke(args=["backup", str(target)])

    assert said.exit_code != 0
    assert target.read_text() == "the last one"
