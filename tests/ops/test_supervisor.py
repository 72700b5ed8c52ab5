"""What `make run` starts, it stops: everything of its own, nothing else, and also when it is killed itself."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

# A program that starts two children: one in its own process group (as RQ does for each job), one that ignores TERM.
# Each writes its process id into the folder, named by what it is.
FAMILY = """
import os, signal, subprocess, sys, time
folder, stubborn = sys.argv[1], sys.argv[2] == "stubborn"
def note(name):
    open(os.path.join(folder, name + ".new"), "w").write(str(os.getpid()))
    os.rename(os.path.join(folder, name + ".new"), os.path.join(folder, name + ".pid"))
if os.fork() == 0:
    os.setpgrp()
    note("child")
    time.sleep(600)
if stubborn:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
note("leader")
time.sleep(600)
"""

# A launcher as ops/run.py is one, with programs of the test's own.
LAUNCHER = """
import sys
from pathlib import Path
from ops.supervisor import Program, StoppedBySignal, Supervisor
from ops.terminal import in_sentences
folder, script, temper = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
def main():
    with Supervisor(environment={}, logs=folder / "log", grace_s=1) as supervisor:
        try:
            supervisor.start(Program("family", (sys.executable, "-c", script, str(folder), temper)))
            supervisor.tend_for_ever()
        except StoppedBySignal as wish:
            return 128 + wish.number
sys.exit(in_sentences(main))
"""


# Each of the two ends only when it has seen the other.
MEETING = """
import sys, time
from pathlib import Path
folder, mine, others, status = Path(sys.argv[1]), sys.argv[2], sys.argv[3], int(sys.argv[4])
(folder / mine).touch()
while not (folder / others).exists():
    time.sleep(0.01)
sys.exit(status)
"""
MEETING_PLACE = """
import sys
from pathlib import Path
from ops.supervisor import Program, Supervisor
folder, script = Path(sys.argv[1]), sys.argv[2]
def program(mine, others, status):
    return Program(mine, (sys.executable, "-c", script, str(folder), mine, others, status))
with Supervisor(environment={}, logs=folder / "log", grace_s=1) as supervisor:
    print(supervisor.run_together([program("ola", "kari", "0"), program("kari", "ola", "3")]))
"""


def test_checks_that_run_together_run_beside_each_other_and_each_has_its_own_end(tmp_path: Path) -> None:
    words = [sys.executable, "-c", MEETING_PLACE, str(tmp_path), MEETING]
    said = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=30, check=True).stdout

    assert said == "[0, 3]\n"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_asking_the_launcher_to_stop_stops_all_it_started(launch: "Launch", number: signal.Signals) -> None:
    launched = launch("gentle")

    launched.process.send_signal(number)

    assert launched.process.wait(10) == 128 + number
    assert launched.still_alive() == []


def test_a_program_that_ignores_term_is_killed(launch: "Launch") -> None:
    launched = launch("stubborn")

    launched.process.send_signal(signal.SIGINT)

    launched.process.wait(10)
    assert launched.still_alive() == []


@pytest.mark.parametrize("temper", ["gentle", "stubborn"])
def test_a_launcher_killed_with_kill_9_leaves_no_orphan(launch: "Launch", temper: str) -> None:
    launched = launch(temper)

    launched.process.kill()

    assert eventually(lambda: launched.still_alive() == []), launched.still_alive()


def test_what_somebody_else_started_lives_on(launch: "Launch", bystander: subprocess.Popen[bytes]) -> None:
    launched = launch("gentle")

    launched.process.send_signal(signal.SIGTERM)

    launched.process.wait(10)
    assert bystander.poll() is None


def test_a_program_that_dies_is_named_and_started_again(launch: "Launch") -> None:
    launched = launch("gentle")
    first = launched.pid_of("leader")

    os.kill(first, signal.SIGKILL)

    assert eventually(lambda: launched.pid_of("leader") != first)
    launched.process.terminate()
    assert "family stopped by itself (signal SIGKILL) and is started again" in launched.output()
    assert launched.still_alive() == []


def test_what_a_dead_program_left_behind_is_cleared_away_before_it_starts_again(launch: "Launch") -> None:
    launched = launch("gentle")
    leader, child = launched.pid_of("leader"), launched.pid_of("child")

    os.kill(leader, signal.SIGKILL)

    assert eventually(lambda: not alive(child))


def test_a_program_that_dies_at_once_each_time_is_given_up_with_its_last_words(launch: "Launch") -> None:
    launched = launch("gentle", script="raise SystemExit('the table of ideas is missing')", wait=False)

    assert launched.process.wait(15) == 1
    text = launched.output()
    assert "family stops at once each time it is started (exit status 1)" in text
    assert "the table of ideas is missing" in text
    assert "Traceback" not in text


def eventually(holds: Callable[[], bool], within_s: float = 10.0) -> bool:
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        if holds():
            return True
        time.sleep(0.02)
    return holds()


def alive(pid: int) -> bool:
    """Whether the process runs; one that is dead and not yet buried does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


@dataclass(frozen=True, slots=True)
class Launched:
    """A launcher on its way, and the processes it is about."""

    process: subprocess.Popen[str]
    folder: Path
    seen: set[int]

    def pid_of(self, name: str) -> int:
        pid = int((self.folder / f"{name}.pid").read_text())
        self.seen.add(pid)
        return pid

    def still_alive(self) -> list[int]:
        return [pid for pid in self.seen if alive(pid)]

    def output(self) -> str:
        return self.process.communicate(timeout=15)[0]


Launch = Callable[..., Launched]


@pytest.fixture
def launch(tmp_path: Path) -> Iterator[Launch]:
    """Start a launcher with one family of processes in `tmp_path`, and wait until both are there."""
    launchers = []

    def start(temper: str, *, script: str = FAMILY, wait: bool = True) -> Launched:
        process = subprocess.Popen(
            [sys.executable, "-c", LAUNCHER, str(tmp_path), script, temper],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        launched = Launched(process, tmp_path, set())
        launchers.append(launched)
        if wait:
            assert eventually(lambda: all((tmp_path / f"{name}.pid").exists() for name in ("leader", "child")))
            launched.pid_of("leader")
            launched.pid_of("child")
        return launched

    yield start
    for launched in launchers:
        if launched.process.poll() is None:
            launched.process.terminate()
        launched.process.communicate(timeout=15)


@pytest.fixture
def bystander() -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"]) as process:
        yield process
        process.kill()
