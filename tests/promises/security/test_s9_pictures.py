"""S9: hostile files need less than 512 MB and 10 s each, nothing crashes, and no words follow a picture."""

import io
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from app.core.errors import Permanent, RuleBroken
from app.files import cleaning, service
from app.files.store import PictureStore
from tests.files import hostile
from tests.files.seen import laid, only_pixels

MEMORY_MB = 512
SECONDS = 10
# A limit that stops a child is no crash: 24 is CPU time used up.
ENDS = frozenset({0, 65, -signal.SIGXCPU})


@pytest.mark.parametrize("name", hostile.FILES)
def test_s9_a_hostile_file_costs_little_crashes_nothing_and_leaves_no_words(tmp_path, name):
    file = hostile.FILES[name]

    end = in_the_child(file.make(), tmp_path)

    assert end.code in ENDS, f"S9: {name} crashed the child: {end.code}"
    assert end.memory_mb < MEMORY_MB, f"S9: {name} took {end.memory_mb} MB"
    assert end.cpu_s < SECONDS + 0.5, f"S9: {name} took {end.cpu_s} s"
    if file.fate != "either":
        assert (end.code == 0) == (file.fate == "drawn"), f"S9: {name} ended with {end.code}"
    words = only_pixels(tmp_path)
    assert words == [], f"S9: {name} kept {words}"


@pytest.mark.parametrize("name", hostile.FILES)
def test_s9_the_door_lets_in_pictures_alone(store, name):
    file = hostile.FILES[name]

    try:
        service.receive([Part(io.BytesIO(file.make()))], store=store)
    except RuleBroken:
        assert not file.enters, f"S9: {name} was refused"
    else:
        assert file.enters, f"S9: {name} came in"


def test_s9_damaged_at_random_a_file_is_drawn_or_refused(store):
    chance = random.Random(9)
    whole = [hostile.jpeg_full_of_words(), hostile.png_full_of_words(), hostile.webp_full_of_words(), hostile.mpo()]

    for number in range(20):
        damaged = damage(chance.choice(whole), chance)
        try:
            cleaning.redraw(store, *laid(store, damaged))
        except Permanent:
            continue
        except Exception as fault:  # noqa: BLE001 - anything else is what this check looks for
            pytest.fail(f"S9: damaged file {number} ended with {fault!r}")

    assert only_pixels(store.ready) == [], "S9: words follow a damaged picture"


@dataclass(frozen=True)
class End:
    code: int
    memory_mb: float
    cpu_s: float


@dataclass(frozen=True)
class Part:
    stream: io.BytesIO
    filename: str = "bilde.jpg"


def in_the_child(content: bytes, folder: Path) -> End:
    """Run the child and measure it from outside: memory is looked at every 5 ms."""
    with tempfile.TemporaryFile() as original:
        original.write(content)
        original.seek(0)
        child = subprocess.Popen([sys.executable, "-I", str(cleaning._CHILD)], stdin=original, cwd=folder, env={})
    memory = 0.0
    while True:
        memory = max(memory, resident_mb(child.pid))
        done, status, used = os.wait4(child.pid, os.WNOHANG)
        if done:
            child.returncode = os.waitstatus_to_exitcode(status)
            return End(child.returncode, memory, used.ru_utime + used.ru_stime)
        time.sleep(0.005)


def resident_mb(pid: int) -> float:
    """Return the most this process has held at once. ru_maxrss would count the test itself."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except FileNotFoundError:
        return 0.0
    peak = [line for line in status.splitlines() if line.startswith("VmHWM")]
    return int(peak[0].split()[1]) / 1024 if peak else 0.0


def damage(whole: bytes, chance: random.Random) -> bytes:
    """Change up to ten bytes, and cut one file in three somewhere."""
    damaged = bytearray(whole)
    for _ in range(chance.randint(1, 10)):
        damaged[chance.randrange(len(damaged))] = chance.randrange(256)
    return bytes(damaged[: chance.randrange(len(damaged))] if chance.random() < 1 / 3 else damaged)


@pytest.fixture
def store(tmp_path) -> PictureStore:
    return PictureStore(tmp_path / "bilder")
