"""What the whole `make run` holds in memory when nobody does anything, and each of its processes."""

import os
import re
import time
from contextlib import suppress
from pathlib import Path

from bench.figures import Figure, figure
from bench.processes import descendants, memory_mb
from bench.town import Town

SETTLE_S, RUNS, GAP_S = 10.0, 3, 3.0
# What stands in the command line of the process that leads a session -> what we call all in it.
NAMES = {
    r"app\.factory:wsgi": "web",
    r"app\.live:asgi": "live",
    r"workers\.relay": "relay",
    r"workers\.reconciler": "reconciler",
    r"workers\.process send": "worker_send",
    r"workers\.process push": "worker_push",
    r"workers\.process heavy": "worker_heavy",
    r"app\.cases\.standin": "standin",
    r"(redis|valkey|falkordb)": "redis",
    r"ops\.run": "launcher",
}


def figures(town: Town) -> list[Figure]:
    """Return memory_mb and memory_<process>_mb."""
    time.sleep(SETTLE_S)
    samples = []
    for _ in range(RUNS):
        samples.append({name: memory_mb(pids) for name, pids in _processes(town.pid).items()})
        time.sleep(GAP_S)
    said = "make run, idle for 10 s after its start; shared pages counted once (Pss); nothing drives it"
    found = [
        figure(f"memory_{name}_mb", f"{name} of {said}", [sample[name] for sample in samples], "MB")
        for name in samples[0]
        if all(name in sample for sample in samples)
    ]
    return [figure("memory_mb", f"all processes of {said}", [sum(s.values()) for s in samples], "MB"), *found]


def _processes(launcher: int) -> dict[str, list[int]]:
    """Return name -> pids of the launcher and all that descend from it; a session has the name of its leader."""
    found: dict[str, list[int]] = {}
    for pid in descendants([launcher])[launcher]:
        with suppress(ProcessLookupError):
            found.setdefault(_name(os.getsid(pid)), []).append(pid)
    return found


def _name(session: int) -> str:
    words = Path(f"/proc/{session}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    return next((name for pattern, name in NAMES.items() if re.search(pattern, words)), "other")
