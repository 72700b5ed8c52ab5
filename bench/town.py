"""The whole `make run`, as a person starts it, for what is measured from outside: memory and pages in a browser."""

import os
import re
import select
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from bench.site import OUT, Bench, environment_of_bench
from ops.ports import is_free
from ops.terminal import ROOT, Stop

READY = "Ctrl-C stops everything."
WITHIN_S = 120.0


@dataclass(frozen=True, slots=True)
class Town:
    """address: without a slash at the end. pid: of the launcher, which every other process of it descends from."""

    address: str
    pid: int


@contextmanager
def running_town(bench: Bench) -> Iterator[Town]:
    """Run it until the block ends, in an instance folder and on ports of its own, with the demo's ten ideas."""
    instance = OUT / "town"
    shutil.rmtree(instance, ignore_errors=True)
    port = bench.port()
    while not is_free(port + 1):
        port = bench.port()
    launcher = subprocess.Popen(
        (sys.executable, "-m", "ops.run", "--port", str(port)),
        cwd=ROOT,
        env=environment_of_bench() | {"LAB_INSTANCE": str(instance)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        yield Town(_address(launcher), launcher.pid)
    finally:
        launcher.send_signal(signal.SIGINT)
        launcher.wait(60)


def _address(launcher: "subprocess.Popen[bytes]") -> str:
    assert launcher.stdout is not None  # noqa: S101 - it was started with a pipe
    said, end = "", time.monotonic() + WITHIN_S
    while READY not in said:
        ready, _, _ = select.select([launcher.stdout], [], [], max(0.0, end - time.monotonic()))
        fresh = os.read(launcher.stdout.fileno(), 65536).decode() if ready else ""
        if not fresh:
            raise Stop(f"make run did not start:\n{said}")
        said += fresh
    found = re.search(r"is open:\s+(http://\S+)", said)
    if found is None:
        raise Stop(f"make run did not say where it is:\n{said}")
    return found[1]
