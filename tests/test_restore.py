"""flask restore: what it refuses, what it opens, and what becomes of letters that may have been sent."""

import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import timedelta

import pyrage
import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.factory import create_app
from app.ideas.models import Idea
from app.outbox import service as outbox
from app.outbox import watermark
from app.outbox.models import DeliveryAttempt, DeliveryState, OutboxDelivery
from app.outbox.service import reference_of
from app.settings import Settings
from app.web.extensions import db
from tests.support.background import Background
from tests.support.database import migrate
from tests.support.ideas import make_idea


@pytest.mark.sqlite_only  # what is refused on PostgreSQL is asked of the server: pg_stat_activity
def test_it_is_refused_while_anybody_uses_the_database(town, tmp_path):
    copy = backed_up(town, tmp_path / "copy")

    with closing(sqlite3.connect(town.database)) as somebody:
        somebody.execute("SELECT count(*) FROM ideas").fetchone()
        said = town.flask("restore", "--yes", str(copy))

    assert said.exit_code != 0
    assert "Stopp alle prosesser først." in said.output


@pytest.mark.sqlite_only
def test_a_file_that_is_no_backup_is_refused_and_nothing_is_lost(town, tmp_path):
    for name, content in (("text", b"not a database"), ("empty", b"")):
        (tmp_path / name).write_bytes(content)

        said = town.flask("restore", "--yes", str(tmp_path / name))

        assert said.exit_code != 0, name
        assert town.titles() == ["Før"], name


@pytest.mark.sqlite_only
def test_without_a_yes_it_asks_first(town, tmp_path):
    copy = backed_up(town, tmp_path / "copy")
    town.write("Etter")

    said = town.flask("restore", str(copy))

    assert said.exit_code != 0
    assert town.titles() == ["Etter", "Før"]


@pytest.mark.sqlite_only
def test_a_sealed_backup_needs_its_key_and_is_open_nowhere_afterwards(town, tmp_path):
    plain = backed_up(town, tmp_path / "copy")
    town.write("Etter")
    identity = pyrage.x25519.Identity.generate()
    sealed, key = tmp_path / "copy.age", tmp_path / "key.txt"
    pyrage.encrypt_file(str(plain), str(sealed), [identity.to_public()])
    key.write_text(f"# a comment, as age writes it\n{identity}\n")
    (tmp_path / "other.txt").write_text(f"{pyrage.x25519.Identity.generate()}\n")

    assert "--key" in town.flask("restore", "--yes", str(sealed)).output
    assert "åpner ikke" in town.flask("restore", "--yes", "--key", str(tmp_path / "other.txt"), str(sealed)).output
    said = town.flask("restore", "--yes", "--key", str(key), str(sealed))

    assert said.exit_code == 0, said.output
    assert town.titles() == ["Før"]
    assert not list(town.settings.instance.glob("restore*"))


def test_file_and_by_hand_are_not_said_together(town):
    assert town.flask("restore").exit_code != 0


def test_an_archive_that_can_be_asked_is_asked_before_anything_is_sent(session, engine, settings, kari, now):
    delivery = leased(session, engine, settings, kari, now)

    assert outbox.after_restore(session, can_ask=True, since=None, now=now) == 1

    session.refresh(delivery)
    assert (delivery.state, delivery.lease_until, delivery.lease_owner) == ("waiting", None, None)


def test_an_archive_that_cannot_be_asked_leaves_it_to_a_person(session, engine, settings, kari, now):
    delivery = leased(session, engine, settings, kari, now)
    unrouted = make_idea(session, settings, actor=kari, now=now, title="Uten levering")

    assert outbox.after_restore(session, can_ask=False, since=None, now=now) == 1
    session.commit()
    Background(engine, settings, now).route()

    session.refresh(delivery)
    assert (delivery.state, delivery.reference[:4]) == ("avklares", "INL-")
    found = session.scalars(select(OutboxDelivery).where(OutboxDelivery.id != delivery.id)).all()
    assert [row.may_have_arrived for row in found if row.channel == "archive"] == [True], unrouted.title


def test_what_was_made_before_the_given_moment_is_left_alone(session, engine, settings, kari, now):
    delivery = leased(session, engine, settings, kari, now)

    assert outbox.after_restore(session, can_ask=False, since=now + timedelta(hours=1), now=now) == 0

    session.refresh(delivery)
    assert delivery.state == DeliveryState.SENDING.value


def test_a_delivery_that_is_made_again_has_the_same_reference(session, engine, settings, kari, now):
    delivery = leased(session, engine, settings, kari, now)

    assert delivery.reference == reference_of(delivery.event_id, "forward_case", "archive")
    assert delivery.reference != reference_of(delivery.event_id, "forward_case", "somebody else")


def test_the_watermark_rises_and_never_falls_by_itself(session, engine, settings, kari, now, tmp_path):
    delivery = leased(session, engine, settings, kari, now)

    assert watermark.keep(session, tmp_path)
    session.execute(DeliveryAttempt.__table__.delete().where(DeliveryAttempt.delivery_id == delivery.id))

    assert watermark.is_behind(session, tmp_path)
    assert not watermark.keep(session, tmp_path)
    watermark.lower(session, tmp_path)
    assert not watermark.is_behind(session, tmp_path)


def test_a_watermark_that_cannot_be_read_lets_nothing_out(session, engine, settings, kari, now, tmp_path):
    (tmp_path / watermark.FILE).write_text("mange\n")

    with pytest.raises(ValueError, match="mange"):
        watermark.is_behind(session, tmp_path)


def leased(session: Session, engine, settings: Settings, kari, now) -> OutboxDelivery:
    """A letter that a worker had in hand when the backup was taken."""
    make_idea(session, settings, actor=kari, now=now)
    later = now + timedelta(minutes=1)
    Background(engine, settings, later).route()
    query = select(OutboxDelivery).where(OutboxDelivery.channel == "archive")
    delivery = session.scalars(query).one()
    outbox.take(session, delivery.id, owner="somebody-1-x", now=later, seconds=180)
    session.commit()
    return delivery


def backed_up(town, target):
    said = town.flask("backup", str(target))
    assert said.exit_code == 0, said.output
    return target


class Town:
    """An app with a database of its own, in which one idea lies."""

    def __init__(self, settings: Settings, now, kari) -> None:
        self.settings, self.now, self.kari = settings, now, kari
        self.app = create_app(settings, clock=lambda: now)
        migrate(self.app)
        self.database = settings.database.removeprefix("sqlite:///")

    def flask(self, *words: str):
        with self.app.app_context():
            db.engine.dispose()
        return self.app.test_cli_runner().invoke(args=list(words))

    def write(self, title: str) -> None:
        with self.app.app_context(), Session(db.engine.execution_options(writes=True)) as session:
            make_idea(session, self.settings, actor=self.kari, now=self.now, title=title)

    def titles(self) -> list[str]:
        with self.app.app_context(), Session(db.engine) as session:
            return sorted(session.scalars(select(Idea.title)))


@pytest.fixture
def town(settings, empty_database, tmp_path, kari, now):
    folder = tmp_path / "town"
    folder.mkdir()
    made = Town(replace(settings, instance=folder, database_url=empty_database), now, kari)
    made.write("Før")
    yield made
    with made.app.app_context():
        db.session.remove()
        db.engine.dispose()
