"""R4: the plug is pulled at every named point. Nothing is lost, nothing comes twice, and every point is really hit."""

import io
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from uuid import UUID, uuid4

import httpx
import pytest
from PIL import Image
from sqlalchemy import func, select, update

from app.cases.models import CaseFiling
from app.core.crash import POINTS
from app.files.models import Picture
from app.files.store import picture_store
from app.ideas.models import Idea
from app.outbox.models import DeliveryState, OutboxDelivery
from app.personal import ledger
from app.personal.models import Erasure
from tests.support.database import on_postgresql
from tests.support.driver import PLUG_PULLED, Driver
from tests.support.reports import archive_in_reports, in_reports_there, let_reports_fall_due

CREATED, SEE_OTHER = 201, 303
# In the order of an input's way. What a point needs beside an idea is told by the stages below.
RECEIVING = (
    "submit.before_file_fsync", "submit.after_file", "submit.after_insert", "submit.after_commit",
    "submit.before_answer",
)  # fmt: skip
STORED_AT = frozenset({"submit.after_commit", "submit.before_answer"})
PICTURES = ("picture.after_clean", "picture.after_commit")
RELAYING = ("relay.after_route", "relay.before_bell", "relay.after_bell")
SENDING = (
    "send.after_case", "send.after_lease", "send.after_look_up", "send.after_begun", "send.after_written",
    "send.after_answer", "send.after_entry", "send.between_documents", "send.before_settle", "send.after_settle",
    "status.after_read",
)  # fmt: skip
RECONCILING = ("reconcile.after_pick",)
REPORTING = ("report.after_collect", "report.after_seal")
ERASING = ("erase.after_ledger", "erase.after_rows")
# Where the database itself matters: around its commits and locks.
ON_POSTGRESQL = frozenset({
    "submit.after_insert", "submit.after_commit", "relay.after_route", "send.after_lease", "send.after_entry",
    "send.before_settle", "send.after_settle", "reconcile.after_pick", "report.after_collect",
})  # fmt: skip
TIMES = [pytest.param(1, id="once"), pytest.param(20, id="twenty times", marks=pytest.mark.slow)]


def test_every_point_of_the_program_has_its_place_in_this_check() -> None:
    places = [*RECEIVING, *PICTURES, *RELAYING, *SENDING, *RECONCILING, *REPORTING, *ERASING]

    assert sorted(places) == sorted(POINTS), "R4: a crash point is not pulled here, or none of the program's"


@pytest.mark.parametrize("times", TIMES)
def test_nothing_is_lost_or_doubled_when_the_plug_is_pulled(drive: Callable[..., Driver], times: int) -> None:
    for _ in range(times):
        with drive("R4") as driver:
            house = House(driver)
            driver.start_redis()
            house.pull_while_receiving(wanted(RECEIVING))
            house.pull_while_drawing(wanted(PICTURES))
            house.pull_while_relaying(wanted(RELAYING))
            house.pull_while_sending(wanted(SENDING))
            house.pull_while_reconciling(wanted(RECONCILING))
            house.pull_while_reporting(wanted(REPORTING))
            house.pull_while_erasing(wanted(ERASING))
            house.come_to_rest()
            house.see_who_is_erased(wanted(ERASING))

            counted = driver.equation(pictures=True)
            entries = driver.standin.state()["entries"]
            titles = [entry["title"] for entry in entries if entry["kind"] != "X"]
            for title in house.titles:
                there = sum(found.endswith(title) for found in titles)
                assert there == 1, f"R4: «{title}» lies in the archive {there} times"
            assert len(titles) == len(house.titles), f"R4: {counted}"
            seen = in_reports_there(driver.standin, house.reported)
            wrong = {title: seen.get(title, 0) for title in house.reported if seen.get(title, 0) != 1}
            assert not wrong, f"R4: in how many reports: {wrong}"


def wanted(points: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(point for point in points if not on_postgresql() or point in ON_POSTGRESQL)


@dataclass
class Unsent:
    """An idea whose answer never came: the phone sends it again, with the same key."""

    title: str
    key: UUID
    pictures: list[bytes]


class House:
    """The stages of the check. titles: of all ideas so far, each named after the point it met; reported: in reports."""

    def __init__(self, driver: Driver) -> None:
        self.driver = driver
        self.titles: list[str] = []
        self.reported: list[str] = []

    def pull_while_receiving(self, points: tuple[str, ...]) -> None:
        """The server dies before or after the commit; the phone sends again and gets the receipt of the one row."""
        unsent = [self._send_and_die(point) for point in points]
        self.driver.start_web()
        with self.driver.citizen() as citizen:
            for idea in unsent:
                answer = citizen.send_idea(idea.title, key=idea.key, pictures=idea.pictures)
                assert answer.status_code == CREATED, f"R4: {idea.title}: sent again, answered {answer.status_code}"
        for idea in unsent:
            assert self._stored(idea.title) == 1, f"R4: {idea.title} is stored {self._stored(idea.title)} times"

    def _send_and_die(self, point: str) -> Unsent:
        driver = self.driver
        driver.start_web(LAB_CRASH_AT=point)
        idea = Unsent(self._title(point), uuid4(), [a_picture()] if "file" in point else [])
        with driver.citizen() as citizen, pytest.raises(httpx.TransportError):
            citizen.send_idea(idea.title, key=idea.key, pictures=idea.pictures)
        driver.wait_dead("web")
        stored = self._stored(idea.title)
        assert stored == (point in STORED_AT), f"R4: {point}: {stored} rows when the plug was pulled"
        driver.kill("web")
        return idea

    def pull_while_drawing(self, points: tuple[str, ...]) -> None:
        """The process that redraws a picture dies; RQ's work horse is a child, so its parent tells that it was 137."""
        driver = self.driver
        driver.start("relay")
        for point in points:
            self._send_picture(point)
            driver.start("heavy", LAB_CRASH_AT=point)
            driver.wait(lambda: horse_died(driver), 30, f"{point} was never hit")
            driver.kill("heavy")
            (driver.folder / "heavy.log").unlink()
        driver.kill("relay")

    def pull_while_relaying(self, points: tuple[str, ...]) -> None:
        for point in points:
            self.driver.write_ideas([self._title(point)])
            self._start_and_die("relay", point)

    def pull_while_sending(self, points: tuple[str, ...]) -> None:
        """Each worker finds a fresh idea, the folder of its area ready (but for the first), its pictures drawn."""
        driver = self.driver
        driver.start("relay", "heavy")
        for point in points:
            if point == "send.after_lease":  # the folder's worker has died: let its case be found before the letters go
                self._recover_folder()
            if point == "status.after_read":
                self._let_a_status_fall_due()
                driver.start("reconciler")
            elif point == "send.between_documents":
                before = drawn(driver)
                self._send_picture(point)
                driver.wait(lambda before=before: drawn(driver) > before, 30, "no picture was drawn")
            else:
                driver.write_ideas([self._title(point)])
            self._start_and_die("send", point)
        driver.kill("reconciler")

    def pull_while_reconciling(self, points: tuple[str, ...]) -> None:
        """Without Redis the reconciler does the work itself."""
        driver = self.driver
        driver.kill_redis()
        for point in points:
            driver.write_ideas([self._title(point)])
            self._start_and_die("reconciler", point)
        driver.start_redis()

    def pull_while_reporting(self, points: tuple[str, ...]) -> None:
        """The clock dies while it makes a report, and the worker when the letter is sealed and nothing sent."""
        driver = self.driver
        with driver.session() as session:
            archive_in_reports(session)
        for point in points:
            self.reported.append(f"R4 {point}")
            driver.write_ideas([f"R4 {point}"])
            driver.wait(lambda: self._held() == len(self.reported), 30, f"{point}: no delivery is held")
            with driver.session() as session:
                let_reports_fall_due(session)
            if point == "report.after_collect":
                self._start_and_die("reconciler", point)
            else:
                driver.start("reconciler")
                self._start_and_die("send", point)
                driver.kill("reconciler")
        with driver.session() as session:
            archive_in_reports(session, ideas=False, comments=False)

    def _held(self) -> int:
        with self.driver.reading() as session:
            return session.scalar(select(func.count()).where(OutboxDelivery.held_for.is_not(None))) or 0

    def pull_while_erasing(self, points: tuple[str, ...]) -> None:
        """The archive has the idea already. Its writer asks to be erased, and the process that does it dies."""
        driver = self.driver
        for name in ("relay", "heavy"):
            driver.kill(name)
        driver.start("relay", "send", "reconciler")
        (driver.folder / "heavy.log").unlink(missing_ok=True)
        for point in points:
            with driver.citizen() as citizen:
                answer = citizen.send_idea(self._title(point))
                assert answer.status_code == CREATED, f"R4: {point}: the idea got {answer.status_code}"
                filed = partial(self._filed, point)
                driver.wait(filed, 60, f"{point}: the idea was not filed")
                asked = citizen.post("/mine/slett", {"submission_id": str(uuid4()), "sure": "y"})
                assert asked.status_code == SEE_OTHER, f"R4: {point}: the wish to be erased got {asked.status_code}"
            driver.start("heavy", LAB_CRASH_AT=point)
            driver.wait(lambda: horse_died(driver), 30, f"{point} was never hit")
            driver.kill("heavy")
            (driver.folder / "heavy.log").unlink()

    def see_who_is_erased(self, points: tuple[str, ...]) -> None:
        subjects = ledger.subjects_in(self.driver.folder)
        assert len(subjects) == len(points), f"R4: {len(subjects)} stand in the erase ledger, and {len(points)} asked"
        for point in points:
            assert self._stored(f"R4 {point}") == 0, f"R4: {point}: the idea is there after it was erased"
        with self.driver.reading() as session:
            left = session.scalar(select(func.count()).where(Erasure.done_at.is_(None)))
        assert left == 0, f"R4: {left} who asked to be erased are still waiting"

    def _filed(self, point: str) -> bool:
        found = self.driver.deliveries(title=f"R4 {point}")
        return [delivery.state for delivery in found] == [DeliveryState.FILED.value]

    def come_to_rest(self) -> None:
        """Everything runs again, without a point; what the dead held comes back when their leases end."""
        driver = self.driver
        for name in ("relay", "heavy", "send", "reconciler"):
            driver.kill(name)
        driver.start("relay", "heavy", "send", "reconciler")
        driver.rest(within_s=90)
        left = [path.name for path in picture_store(driver.settings).quarantine.glob("*")]
        with driver.reading() as session:
            known = session.scalars(select(Picture.original_name).where(Picture.original_name.in_(left))).all()
        assert not known, f"R4: {len(known)} originals lie on the disk although their pictures are drawn"

    def _start_and_die(self, name: str, point: str) -> None:
        self.driver.start(name, LAB_CRASH_AT=point)
        status = self.driver.wait_dead(name, 30)
        assert status == PLUG_PULLED, f"R4: {point} was never hit: {name} ended with {status}"
        self.driver.kill(name)

    def _recover_folder(self) -> None:
        driver = self.driver
        driver.start("reconciler", "send")
        driver.wait(
            lambda: driver.count_in(DeliveryState.ACCEPTED, job="open_case_folder") > 0, 30, "no case was opened"
        )
        driver.rest(within_s=60)
        driver.kill("reconciler")
        driver.kill("send")

    def _let_a_status_fall_due(self) -> None:
        with self.driver.session() as session:
            session.execute(update(CaseFiling).values(next_poll_at=CaseFiling.filed_at))

    def _send_picture(self, point: str) -> None:
        with self.driver.citizen() as citizen:
            answer = citizen.send_idea(self._title(point), pictures=[a_picture()])
        assert answer.status_code == CREATED, f"R4: {point}: the idea with a picture got {answer.status_code}"

    def _title(self, point: str) -> str:
        self.titles.append(f"R4 {point}")
        return self.titles[-1]

    def _stored(self, title: str) -> int:
        with self.driver.reading() as session:
            return session.scalar(select(func.count()).where(Idea.title == title)) or 0


def horse_died(driver: Driver) -> bool:
    log = driver.folder / "heavy.log"
    return log.exists() and f"waitpid returned {PLUG_PULLED << 8}" in log.read_text()


def drawn(driver: Driver) -> int:
    with driver.reading() as session:
        return session.scalar(select(func.count()).where(Picture.cleaned_at.is_not(None))) or 0


def a_picture() -> bytes:
    """Return a small JPEG, as a phone may send it."""
    made = io.BytesIO()
    Image.new("RGB", (64, 48), (20, 90, 140)).save(made, "JPEG")
    return made.getvalue()
