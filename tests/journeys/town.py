"""The whole app as `make run` starts it, on ports and in a folder of its own, for browsers to visit."""

import os
import re
import secrets
import select
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LAST_WORDS = "Ctrl-C stops everything."
STARTS_WITHIN_S = 120
STOPS_WITHIN_S = 30
RESTS_WITHIN_S = 60


@dataclass(frozen=True, slots=True)
class Town:
    """What runs. site, archive: addresses without a slash at the end. staff: the address Per signs in with."""

    site: str
    archive: str
    staff: str
    logs: Path

    @property
    def post(self) -> str:
        """The page on which every mail ends."""
        return f"{self.archive}/post"

    def faults(self) -> list[str]:
        """Return the lines of the pages' log that tell of a fault of ours: no input ever gives a 5xx."""
        lines = (self.logs / "web.log").read_text(errors="replace").splitlines()
        return [line for line in lines if '"level": "error"' in line or re.search(r'"status": 5\d\d', line)]


@contextmanager
def running_town(settings: Mapping[str, str]) -> Iterator[Town]:
    """Run the app until the block ends. settings: LAB_* names and values beside those `make run` chooses."""
    with tempfile.TemporaryDirectory(prefix="lab-") as folder:  # a short path: Redis listens on a socket in it
        environment = {name: value for name, value in os.environ.items() if not name.startswith("LAB_")}
        environment |= {"LAB_INSTANCE": folder, "PYTHONUNBUFFERED": "1", "LAB_QUIET_UNTIL": "21", **settings}
        program = subprocess.Popen(
            [sys.executable, "-m", "ops.run", "--port", str(two_free_ports())],
            cwd=ROOT,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C in the terminal is pytest's alone: it ends this one in order
        )
        try:
            town = town_of(greeting(program), Path(folder) / "log")
            come_to_rest(Path(folder))
            yield town
        finally:
            program.send_signal(signal.SIGINT)
            program.wait(STOPS_WITHIN_S)
            if program.stdout:
                program.stdout.close()


def come_to_rest(folder: Path) -> None:
    """Wait until the demo's own letters have reached the archive: a journey promises seconds, and not behind them."""
    database = folder / "innbyggerlab.sqlite"
    under_way = "SELECT count(*) FROM outbox_deliveries WHERE job = 'forward_case' AND state IN ('waiting', 'sending')"
    new = "SELECT count(*) FROM outbox_events WHERE routed_at IS NULL"
    end = time.monotonic() + RESTS_WITHIN_S
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as town:
        while any(town.execute(count).fetchone()[0] for count in (under_way, new)) and time.monotonic() < end:
            time.sleep(0.5)


def two_free_ports() -> int:
    """Return a port that is free, and whose next one is: web and live.

    From below those that the system hands out for a moment to anybody who calls somewhere: it may be half a minute
    until they are used.
    """
    while True:
        port = 20_000 + secrets.randbelow(10_000)
        try:
            for number in (port, port + 1):
                socket.create_server(("127.0.0.1", number)).close()
        except OSError:
            continue
        return port


def greeting(program: "subprocess.Popen[bytes]") -> str:
    """Return all it said until it was ready."""
    assert program.stdout is not None
    said, end = "", time.monotonic() + STARTS_WITHIN_S
    while LAST_WORDS not in said:
        ready, _, _ = select.select([program.stdout], [], [], max(0.0, end - time.monotonic()))
        fresh = os.read(program.stdout.fileno(), 65536).decode() if ready else ""
        assert fresh, f"make run did not start:\n{said}"
        said += fresh
    return said


def town_of(said: str, logs: Path) -> Town:
    def after(label: str) -> str:
        found = re.search(rf"{label}.*?(http://\S+)", said)
        assert found, said
        return found[1]

    staff = re.search(r"/logg-inn with (\S+?);", said)
    assert staff, said
    return Town(after("is open:"), after("Archive stand-in:"), staff[1], logs)
