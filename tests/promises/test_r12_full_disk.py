"""R12: the disk is full. Each answer is true: stored, or 503 with the text kept. Afterwards all goes on by itself."""

import errno
import io
import os
import resource
import shutil
import subprocess
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from flask import Flask
from sqlalchemy import event, select, text
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from app.factory import create_app
from app.ideas.models import Idea
from app.settings import Settings
from app.web.extensions import db
from tests.promises.test_r4_crash_points import a_picture
from tests.support.database import migrate
from tests.support.driver import Driver
from tests.support.ideas import idea_form

pytestmark = pytest.mark.sqlite_only
CREATED, SEE_OTHER, BUSY = 201, 303, 503
JSON = {"Accept": "application/json"}
HTMX = {"HX-Request": "true", "HX-Request-Type": "partial"}
ROOM_PAGES = 12
LONG = "Lyset går av klokka 21. " * 80  # a page of the database each: the disk is soon full
TMPFS_MB = 64
WRITERS = 4
REFUSALS_UNTIL_ROOM = 10
LEFT_BYTES = 1_000_000


def test_on_a_full_disk_each_answer_is_true_and_afterwards_all_goes_on(house):
    tried = [house.send(number, headers) for number in range(8) for headers in (JSON, {}, HTMX)]
    house.give_room()
    again = [house.send(0, sent.headers, again=sent) for sent in tried]

    statuses = {sent.status for sent in tried}
    assert statuses & {CREATED, SEE_OTHER}, f"R12: nothing fitted: {statuses}"
    assert statuses <= {CREATED, SEE_OTHER, BUSY}, f"R12: a full disk was answered with {statuses}"
    assert BUSY in statuses, "R12: the disk was never full"
    assert {sent.status for sent in again} <= {CREATED, SEE_OTHER}, "R12: there is room again, and we do not see it"
    assert house.titles() == sorted(sent.title for sent in tried), "R12: what was sent again is not there once"
    house.check_integrity()


def test_what_was_answered_while_it_was_full_is_what_lies_in_the_database(house):
    tried = [house.send(number, JSON) for number in range(12)]

    acknowledged = sorted(sent.title for sent in tried if sent.status == CREATED)
    assert house.titles() == acknowledged, "R12: «mottatt» was said of something that is not there, or the other way"
    assert {sent.status for sent in tried} == {CREATED, BUSY}, f"R12: {[sent.status for sent in tried]}"


def test_what_finds_no_room_at_the_commit_is_not_stored_and_hears_so(house):
    house.give_room()
    form = idea_form(title="R12 ved slutten", body=LONG)
    with files_that_cannot_grow(house.settings.instance / "test.sqlite-wal"):
        answer = house.post(form, JSON)

    assert answer.status_code == BUSY, f"R12: a commit without room was answered with {answer.status_code}"
    assert answer.headers.get("Retry-After"), "R12: a 503 without Retry-After"
    assert house.titles() == [], "R12: half an idea is stored"
    assert house.post(form, JSON).status_code == CREATED, "R12: there is room again, and we do not see it"
    house.check_integrity()


def test_a_form_that_found_no_room_says_when_and_how_to_send_it_again(house):
    house.take_room()

    for headers, words in ((JSON, b"20 sekunder"), (HTMX, b"20 sekunder"), ({}, "Gå tilbake".encode())):
        answer = house.post(idea_form(title="R12 uten plass", body=LONG), headers)

        assert answer.status_code == BUSY, f"R12: {answer.status_code}"
        assert int(answer.headers["Retry-After"]) > 0, "R12: a 503 without Retry-After"
        assert words in answer.get_data(), "R12: whoever wrote does not hear what to do"
        assert answer.headers["Cache-Control"] == "no-store"


def test_when_the_photos_have_no_room_nothing_is_stored_and_nothing_is_left(house, monkeypatch):
    house.give_room()
    photos = house.settings.instance / "bilder"
    for call in ("mkdir", "open", "write", "fsync"):
        form = idea_form(title=f"R12 med bilde, {call}")
        with no_room(monkeypatch, call, photos):
            answer = house.post(form, JSON, picture=True)

        assert answer.status_code == BUSY, f"R12: without room to {call} photos we said {answer.status_code}"
        assert answer.headers["Retry-After"], "R12: a 503 without Retry-After"
        assert house.titles() == [], "R12: an idea was stored without its photo"
        assert [path for path in photos.rglob("*") if path.is_file()] == [], f"R12: half a photo is left by {call}"

    assert house.post(form, JSON, picture=True).status_code == CREATED, "R12: there is room again, and we do not see it"


@dataclass(frozen=True, slots=True)
class Sent:
    title: str
    key: UUID
    headers: Mapping[str, str]
    status: int


class House:
    """The web app on a database that has room for ROOM_PAGES more, until give_room()."""

    def __init__(self, app: Flask, settings: Settings) -> None:
        self.settings = settings
        self.client = app.test_client()
        self.token = self.client.get("/merke").get_json()["csrf_token"]
        with app.app_context():
            self.engine = db.engine
        self.most_pages = int(self._ask("page_count")) + ROOM_PAGES
        event.listen(self.engine, "checkout", self._limit)

    def _limit(self, line: Any, _record: object, _proxy: object) -> None:
        line.execute(f"PRAGMA max_page_count={self.most_pages}")

    def give_room(self) -> None:
        self.most_pages = 2**30

    def take_room(self) -> None:
        """Fill what is left."""
        while self.send(0, JSON).status == CREATED:
            pass

    def send(self, number: int, headers: Mapping[str, str], *, again: Sent | None = None) -> Sent:
        key = again.key if again else uuid4()
        title = again.title if again else f"R12 idé {number} {key.hex[:6]}"
        answer = self.post(idea_form(title=title, body=LONG, submission_id=str(key)), headers)
        return Sent(title, key, headers, answer.status_code)

    def post(self, form: Mapping[str, object], headers: Mapping[str, str], *, picture: bool = False) -> TestResponse:
        fields = {**form, "csrf_token": self.token}
        if picture:
            fields["pictures"] = (io.BytesIO(a_picture()), "bilde.jpg")
        return self.client.post("/ideer/ny", data=fields, headers=headers, content_type="multipart/form-data")

    def titles(self) -> list[str]:
        with Session(self.engine) as session:
            return sorted(session.scalars(select(Idea.title)))

    def check_integrity(self) -> None:
        assert self._ask("integrity_check") == "ok", f"R12: {self._ask('integrity_check')}"

    def _ask(self, pragma: str) -> str:
        with self.engine.connect() as connection:
            return str(connection.exec_driver_sql(f"PRAGMA {pragma}").scalar())


@contextmanager
def files_that_cannot_grow(path: Path) -> Iterator[None]:
    """Let no file of this process become longer than `path` is."""
    was = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size, was[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, was)


@contextmanager
def no_room(monkeypatch: pytest.MonkeyPatch, call: str, folder: Path) -> Iterator[None]:
    """Let one call of the operating system find `folder` full."""
    real = getattr(os, call)

    def full(where: Any, *rest: Any, **more: Any) -> Any:
        path = str(Path(f"/proc/self/fd/{where}").readlink()) if isinstance(where, int) else os.fspath(where)
        writes = call != "open" or rest[0] & os.O_CREAT
        if path.startswith(str(folder)) and writes:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), path)
        return real(where, *rest, **more)

    with monkeypatch.context() as patch:
        patch.setattr(os, call, full)
        yield


@pytest.fixture
def house(empty_database: str, tmp_path: Path) -> Iterator[House]:
    settings = Settings(
        mode="test", instance=tmp_path, database_url=empty_database, rate_limits=False, public_url="http://localhost"
    )
    app = create_app(settings)
    app.extensions["lab_show_faults"] = True
    app.config["PROPAGATE_EXCEPTIONS"] = False  # as in production: what breaks at the commit is answered too
    migrate(app)
    yield House(app, settings)
    with app.app_context():
        db.engine.dispose()


@pytest.mark.slow
@pytest.mark.parametrize("inputs", [pytest.param(1000, id="full")])
def test_a_real_disk_runs_full_and_is_emptied_while_many_send(
    drive: Callable[..., Driver], monkeypatch: pytest.MonkeyPatch, inputs: int
) -> None:
    with small_disk() as disk:
        monkeypatch.setattr(tempfile, "tempdir", str(disk))
        fill_and_send(drive, disk / "ballast", inputs)


def fill_and_send(drive: Callable[..., Driver], ballast: Path, inputs: int) -> None:
    """Let the disk run full below everything of ours, the logs among it, and be emptied again."""
    with drive("R12") as driver:
        driver.start_web(processes=2, threads=4)
        fill(ballast, leave_bytes=LEFT_BYTES)
        with ThreadPoolExecutor(WRITERS) as pool:
            sent = list(pool.map(lambda number: send_all(driver, number, inputs // WRITERS, ballast), range(WRITERS)))
        statuses = Counter(status for statuses, _ in sent for status in statuses)
        acknowledged = {title for _, titles in sent for title in titles}
        assert set(statuses) == {CREATED, BUSY}, f"R12: a full disk was answered with {statuses}"
        with driver.reading() as session:
            there = Counter(session.scalars(select(Idea.title)))
            integrity = session.scalar(text("PRAGMA integrity_check"))
        assert integrity == "ok", f"R12: {integrity}"
        assert acknowledged <= set(there), f"R12: {len(acknowledged - set(there))} with a receipt are gone"
        assert set(there.values()) == {1}, "R12: an idea is there twice"
        assert len(there) == inputs // WRITERS * WRITERS, f"R12: {len(there)} of {inputs} were stored in the end"
        driver.equation()


def send_all(driver: Driver, writer: int, count: int, ballast: Path) -> tuple[list[int], list[str]]:
    """Send ideas, each until it is taken; the tenth refusal is when somebody makes room."""
    statuses, taken = [], []
    with driver.citizen() as citizen:
        for number in range(count):
            title, key = f"R12 idé {writer} {number}", uuid4()
            form = idea_form(title=title, body=LONG, submission_id=str(key))
            while (answer := citizen.send(form)).status_code != CREATED:
                statuses.append(answer.status_code)
                assert answer.status_code == BUSY, f"R12: a full disk was answered with {answer.status_code}"
                assert answer.headers.get("Retry-After"), "R12: a 503 without Retry-After"
                if len(statuses) >= REFUSALS_UNTIL_ROOM:
                    ballast.unlink(missing_ok=True)
                time.sleep(0.05)
            statuses.append(CREATED)
            taken.append(title)
    return statuses, taken


def fill(ballast: Path, *, leave_bytes: int) -> None:
    """Lay a file on the disk that leaves so little."""
    free = shutil.disk_usage(ballast.parent).free
    with ballast.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, free - leave_bytes)


@contextmanager
def small_disk() -> Iterator[Path]:
    """Mount a disk of TMPFS_MB. Where that is not allowed the check is named as not run."""
    folder = Path(tempfile.mkdtemp(prefix="lab-"))
    words = ["mount", "-t", "tmpfs", "-o", f"size={TMPFS_MB}m", "tmpfs", str(folder)]
    if subprocess.run(words, capture_output=True, check=False).returncode != 0:
        folder.rmdir()
        pytest.skip("R12 needs a small disk of its own, and only root may mount one")
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=False)
        folder.rmdir()
