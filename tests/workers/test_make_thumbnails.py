import multiprocessing
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import create_engine, select
from sqlalchemy.orm import Session

from app.core.crash import arm
from app.core.db import Model
from app.core.errors import LeaseLost, Transient
from app.core.sqlite import prepare
from app.files import cleaning, query, service
from app.files.service import Original
from app.files.store import picture_store
from app.outbox import service as outbox
from app.outbox.models import DeliveryState, OutboxDelivery, OutboxEvent
from app.outbox.service import Lease
from app.settings import Settings
from tests.files import hostile
from tests.files.seen import laid
from workers import make_thumbnails
from workers.runtime import transactions
from workers.work import Steps, Work


def test_an_idea_without_pictures_asks_nobody(session, own_settings, event):
    assert make_thumbnails.recipients(session, event, own_settings) == []


def test_an_idea_with_pictures_asks_once(session, own_settings, event, send):
    send(hostile.jpeg(), hostile.png())

    assert len(make_thumbnails.recipients(session, event, own_settings)) == 1


def test_karis_photos_are_shown_and_their_originals_are_gone(session, store, event, idea_id, send, work):
    send(hostile.saved(hostile.photo(4000, 3000), "JPEG"), hostile.turned(6))

    make_thumbnails.handle(work(), event)

    pictures = query.pictures_of(session, idea_id)
    assert [(picture.state, picture.width, picture.height) for picture in pictures] == [
        ("ready", 1600, 1200),
        ("ready", 300, 400),
    ]
    assert [store.redrawn(picture.id, "page.webp").exists() for picture in pictures] == [True, True]
    assert list(store.quarantine.iterdir()) == []
    assert the_delivery(session).state == DeliveryState.ACCEPTED.value


def test_a_picture_that_cannot_be_drawn_fails_alone(session, store, event, idea_id, send, work):
    send(hostile.jpeg(), hostile.png()[:300], hostile.webp())

    make_thumbnails.handle(work(), event)

    assert states(session, idea_id) == ["ready", "failed", "ready"]
    assert list(store.quarantine.iterdir()) == []
    assert the_delivery(session).state == DeliveryState.ACCEPTED.value


def test_a_busy_machine_gets_another_try_and_the_original_stays(session, store, event, idea_id, send, work, busy):
    send(hostile.jpeg())

    with pytest.raises(Transient):
        make_thumbnails.handle(work(attempt=2), event)

    assert states(session, idea_id) == ["waiting"]
    assert len(list(store.quarantine.iterdir())) == 1


def test_after_the_third_try_the_idea_goes_on_without_the_picture(session, store, event, idea_id, send, work, busy):
    send(hostile.jpeg())

    make_thumbnails.handle(work(attempt=3), event)

    assert states(session, idea_id) == ["failed"]
    assert list(store.quarantine.iterdir()) == []


def test_work_done_twice_leaves_one_result(session, event, idea_id, send, work):
    send(hostile.jpeg())
    make_thumbnails.handle(work(), event)

    make_thumbnails.handle(work(), event)

    assert states(session, idea_id) == ["ready"]


@pytest.mark.parametrize(
    ("point", "after_the_crash"),
    [("picture.after_clean", ("waiting", 1)), ("picture.after_commit", ("ready", 1))],
)
def test_a_crash_costs_no_picture_and_the_original_goes_in_the_end(tmp_path, now, kari, point, after_the_crash):
    town = Town(tmp_path, now, kari)

    assert town.work(crash_at=point) == 137
    assert town.seen() == after_the_crash

    town.work()
    town.reconcile()
    assert town.seen() == ("ready", 0)


def test_who_lost_the_lease_stores_nothing_and_keeps_the_original(session, store, event, idea_id, send, work):
    send(hostile.jpeg())

    with pytest.raises(LeaseLost):
        make_thumbnails.handle(work(owner="somebody else"), event)

    session.expire_all()
    assert states(session, idea_id) == ["waiting"]
    assert len(list(store.quarantine.iterdir())) == 1


def the_delivery(session) -> OutboxDelivery:
    session.expire_all()
    return session.scalars(select(OutboxDelivery)).one()


def states(session, idea_id) -> list[str]:
    session.expire_all()
    return [picture.state for picture in query.pictures_of(session, idea_id)]


def leased(session, event, now, *, owner: str = "me", attempt: int = 1) -> Lease:
    """Store a delivery of `event` that is being worked on by "me", and return the lease of `owner`."""
    until = now + timedelta(seconds=180)
    row = OutboxDelivery(
        event_id=event.id, job="make_thumbnails", channel="local", queue="heavy", recipient=f"local-{uuid4()}",
        reference=outbox.new_reference(), state=DeliveryState.SENDING.value, attempts=attempt, created_at=now,
        due_at=now, lease_until=until, lease_owner="me",
    )  # fmt: skip
    session.add(row)
    session.flush()
    return Lease(
        row.id, event.id, owner, until, row.job, row.channel, row.recipient, row.reference, attempt,
        may_have_arrived=False, step={},
    )  # fmt: skip


def submitted(session, idea_id, now) -> OutboxEvent:
    event = OutboxEvent(
        kind="idea_submitted",
        payload={"idea_id": str(idea_id), "process_id": str(uuid4())},
        recorded_at=now,
        due_at=now,
        routed_at=now,
    )
    session.add(event)
    session.flush()
    return event


def lay(session, store, idea_id, actor, now, *contents: bytes) -> None:
    """Let an idea have pictures, as if a citizen had just sent them."""
    originals = [Original(laid(store, content)[1], bytes(32), 400, 300) for content in contents]
    service.attach(session, idea_id, originals, actor=actor, now=now, public=True)


def job(settings, lease, transaction, now) -> Work:
    return Work(
        lease=lease,
        settings=settings,
        ports=None,
        steps=Steps(lease, transaction, lambda: now, 180),
        now=now,
        transaction=transaction,
        clock=lambda: now,
    )


class Town:
    """A database file, one idea with one picture, and a worker that is a process of its own and can be killed."""

    def __init__(self, folder: Path, now, kari) -> None:
        self.folder, self.now, self.idea_id = folder, now, uuid4()
        self.store = picture_store(Settings(instance=folder))
        with self.transaction() as session:
            Model.metadata.create_all(session.connection())
            self.event_id = submitted(session, self.idea_id, now).id
            lay(session, self.store, self.idea_id, kari, now, hostile.jpeg())

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        engine = create_engine(f"sqlite:///{self.folder / 'town.sqlite'}")
        prepare(engine)
        with transactions(engine)() as session:
            yield session
        engine.dispose()

    def work(self, crash_at: str = "") -> int:
        """Run the job in a forked process; return its exit code."""
        worker = multiprocessing.get_context("spawn").Process(target=_work_in_town, args=(self, crash_at))
        worker.start()
        worker.join()
        return worker.exitcode or 0

    def reconcile(self) -> None:
        with self.transaction() as session:
            service.remove_orphans(session, self.store, now=self.now)

    def seen(self) -> tuple[str, int]:
        """Return the state of the picture, and how many originals there are."""
        with self.transaction() as session:
            (picture,) = query.pictures_of(session, self.idea_id)
        return picture.state, len(list(self.store.quarantine.iterdir()))


def _work_in_town(town: Town, crash_at: str) -> None:
    arm(crash_at)
    with town.transaction() as session:
        event = session.get_one(OutboxEvent, town.event_id)
        lease = leased(session, event, town.now)
    make_thumbnails.handle(job(Settings(instance=town.folder), lease, town.transaction, town.now), event)


@pytest.fixture
def idea_id():
    return uuid4()


@pytest.fixture
def own_settings(tmp_path) -> Settings:
    return Settings(instance=tmp_path)


@pytest.fixture
def store(own_settings):
    return picture_store(own_settings)


@pytest.fixture
def event(session, idea_id, now) -> OutboxEvent:
    return submitted(session, idea_id, now)


@pytest.fixture
def send(session, store, idea_id, kari, now):
    return partial(lay, session, store, idea_id, kari, now)


@pytest.fixture
def work(session, own_settings, event, now):
    def make(**lease: object) -> Work:
        return job(own_settings, leased(session, event, now, **lease), lambda: nested(session), now)

    return make


@contextmanager
def nested(session) -> Iterator[Session]:
    with session.begin_nested():
        yield session


@pytest.fixture
def busy(tmp_path, monkeypatch) -> None:
    """The machine ends every child before it is done."""
    program = tmp_path / "child.py"
    program.write_text("import os; os.kill(os.getpid(), 9)")
    monkeypatch.setattr(cleaning, "_CHILD", program)
