"""R17: a backup from half-way is put back, and nothing is sent twice; one copied by hand forwards nothing at first."""

import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from app.outbox import watermark
from app.outbox.models import DeliveryState
from tests.support.driver import Driver

pytestmark = pytest.mark.sqlite_only
SIZES = [pytest.param(60, id="small"), pytest.param(1000, id="full", marks=pytest.mark.slow)]
WORKERS = ("relay", "reconciler", "send-1", "send-2")
A_WHILE_S = 5.0


@pytest.mark.parametrize("forwards", SIZES)
def test_r17_what_was_sent_after_the_backup_is_not_sent_again(drive: Callable[..., Driver], forwards: int) -> None:
    with drive("R17") as driver:
        backup = half_way(driver, forwards)

        said = driver.flask("restore", "--yes", str(backup))

        assert "Arkivet blir spurt før noe sendes." in said, f"R17: nobody is told what happens now: {said}"
        driver.start(*WORKERS)
        all_came_once(driver, forwards)


@pytest.mark.parametrize("forwards", SIZES)
def test_r17_a_copy_laid_there_by_hand_forwards_nothing_until_somebody_says_so(
    drive: Callable[..., Driver], forwards: int
) -> None:
    with drive("R17") as driver:
        backup = half_way(driver, forwards)
        copy_by_hand(driver, backup)
        known = driver.filed()
        assert known < forwards, "R17: the copy is not from half-way"
        asked = len(driver.standin.calls())

        driver.start(*WORKERS)
        time.sleep(A_WHILE_S)

        assert driver.filed() == known, "R17: forwarded from a database that was put back by hand"
        assert len(driver.standin.calls()) == asked, "R17: the archive was called before anybody said that it may be"
        assert "flask restore --by-hand" in driver.flask("check", status=1), "R17: flask check does not tell"

        for name in WORKERS:
            driver.kill(name)
        driver.flask("restore", "--by-hand")
        driver.start(*WORKERS)
        all_came_once(driver, forwards)


def half_way(driver: Driver, forwards: int) -> Path:
    """Forward so many ideas; return a backup from the middle: some filed, some waiting, some not even routed."""
    backup = driver.folder / "backup.sqlite"
    driver.start_redis()
    titles = [f"R17 idé {number}" for number in range(forwards)]
    driver.write_ideas(titles[: forwards // 2])
    driver.start(*WORKERS)
    driver.wait(lambda: driver.filed() >= forwards // 4, 60, "a quarter was not forwarded")
    driver.kill("relay")
    driver.kill("reconciler")
    driver.write_ideas(titles[forwards // 2 :])
    driver.flask("backup", str(backup))
    driver.start("relay", "reconciler")
    driver.rest(within_s=60 + forwards)
    driver.wait(lambda: mark_of(driver) > 0, 10, "the reconciler keeps no watermark")
    for name in WORKERS:
        driver.kill(name)
    driver.engine.dispose()
    return backup


def mark_of(driver: Driver) -> int:
    path = driver.folder / watermark.FILE
    return int(path.read_text()) if path.exists() else 0


def copy_by_hand(driver: Driver, backup: Path) -> None:
    """Do what somebody does who has not read how: copy the file over the database."""
    database = Path(driver.engine.url.database or "")
    for end in ("-wal", "-shm"):
        database.with_name(database.name + end).unlink(missing_ok=True)
    shutil.copyfile(backup, database)


def all_came_once(driver: Driver, forwards: int) -> None:
    driver.rest(within_s=60 + forwards)
    counted = driver.equation()
    assert counted.entries == forwards, f"R17: {counted.entries} letters lie in the archive, of {forwards}"
    assert driver.count_in(DeliveryState.STOPPED, DeliveryState.UNCLEAR) == 0, "R17: a letter waits for a person"
