"""Starts our programs as real processes, and fast: all they import is imported once, and each start is a fork.

A program started here is what `python -m <module>` is: a process of its own, in a session of its own, with its own
environment and log, that can be killed with -9 and has an exit status. Only the two seconds of importing are shared,
and the checks of promises.md start far more than a hundred processes. All of them end with the nursery, and the
nursery ends with whoever started it.

The other end of the line is this same file: `python -m tests.support.nursery` reads one wish a line, as JSON.
"""

import ctypes
import gc
import importlib
import json
import os
import runpy
import signal
import subprocess
import sys
import threading
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

ROOT = Path(__file__).resolve().parents[2]
IMPORTED = (
    "flask.cli",
    "granian.cli",
    "granian.server",
    "alembic.command",
    "app.factory",
    "app.cases.geointegrasjon.adapter",
    "app.cases.letter",
    "workers.process",
    "workers.relay",
    "workers.reconciler",
    "workers.routing",
    "tests.support.writer",
)
DIE_WITH_PARENT = 1  # PR_SET_PDEATHSIG


class Nursery:
    """The line to one nursery. Safe from several threads.

    with Nursery() as nursery:
        pid = nursery.start("workers.relay", environment={...}, log=path)
        nursery.ended(pid)      # None while it runs, else its exit status; negative: the signal that ended it
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.nursery"],
            cwd=ROOT,
            env={name: value for name, value in os.environ.items() if not name.startswith("LAB_")},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        process = self._process
        if process is None or process.stdin is None or process.stdout is None:
            return
        process.stdin.close()
        process.wait(timeout=20)
        process.stdout.close()

    def start(self, module: str, *words: str, environment: Mapping[str, str], log: Path) -> int:
        """Start `python -m module words`, its output appended to `log`; return its process id."""
        wish = {"start": module, "words": words, "environment": dict(environment), "log": str(log)}
        return int(self._ask(wish)["pid"])

    def execute(self, argv: Sequence[str], *, environment: Mapping[str, str], log: Path) -> int:
        """Start any other program in the same way; return its process id."""
        wish = {"start": "", "words": list(argv), "environment": dict(environment), "log": str(log)}
        return int(self._ask(wish)["pid"])

    def ended(self, pid: int) -> int | None:
        status = self._ask({"ended": pid})["status"]
        return None if status is None else int(status)

    def _ask(self, wish: Mapping[str, Any]) -> dict[str, Any]:
        with self._lock:
            process = self._process
            assert process is not None
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdin.write(json.dumps(wish) + "\n")
            process.stdin.flush()
            line = process.stdout.readline()
        if not line:
            raise RuntimeError("the nursery is gone")
        answer: dict[str, Any] = json.loads(line)
        return answer


# --- the other end ------------------------------------------------------------------------------------------------


def serve() -> None:
    """Fulfil wishes until the line is cut, then end every process that still runs."""
    for name in IMPORTED:
        importlib.import_module(name)
    for job in sorted((ROOT / "workers").glob("*.py")):
        importlib.import_module(f"workers.{job.stem}" if job.stem != "__init__" else "workers")
    gc.freeze()
    alive: set[int] = set()
    statuses: dict[int, int] = {}
    for line in sys.stdin:
        wish = json.loads(line)
        if "start" in wish:
            pid = _fork(wish)
            alive.add(pid)
            _answer({"pid": pid})
        else:
            _answer({"status": _look(int(wish["ended"]), alive, statuses)})
    for pid in alive:
        _kill(pid)


def _answer(value: Mapping[str, Any]) -> None:
    print(json.dumps(value), flush=True)  # noqa: T201 - the line to whoever started us


def _look(pid: int, alive: set[int], statuses: dict[int, int]) -> int | None:
    if pid in alive:
        ended, status = os.waitpid(pid, os.WNOHANG)
        if not ended:
            return None
        alive.discard(pid)
        statuses[pid] = os.waitstatus_to_exitcode(status)
    return statuses[pid]


def _kill(pid: int) -> None:
    try:
        os.killpg(pid, signal.SIGKILL)
    except ProcessLookupError:
        return
    os.waitpid(pid, 0)


def _fork(wish: Mapping[str, Any]) -> int:
    """Start a process, and return its id once it leads its own session: it can be killed from that moment on."""
    born, tell = os.pipe()
    pid = os.fork()
    if pid:
        os.close(tell)
        os.read(born, 1)
        os.close(born)
        return pid
    status = 1
    try:
        os.close(born)
        _become(wish)
        os.close(tell)
        status = _run(str(wish["start"]), list(wish["words"]))
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def _become(wish: Mapping[str, Any]) -> None:
    """Turn this fork into a process that shares nothing with us but what was imported."""
    os.setsid()
    ctypes.CDLL(None).prctl(DIE_WITH_PARENT, signal.SIGKILL)
    nothing = os.open(os.devnull, os.O_RDONLY)
    log = os.open(str(wish["log"]), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(nothing, 0)
    os.dup2(log, 1)
    os.dup2(log, 2)
    for descriptor in (nothing, log):
        os.close(descriptor)
    os.environ.clear()
    os.environ.update(wish["environment"])


def _run(module: str, words: Sequence[str]) -> int:
    if not module:
        os.execvp(words[0], list(words))  # noqa: S606 - a fixed list of words
    sys.argv = [module, *words]
    warnings.simplefilter("ignore", RuntimeWarning)  # runpy tells that the module has been imported; that is the point
    try:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    except SystemExit as end:
        if isinstance(end.code, str):
            sys.stderr.write(end.code + "\n")
            return 1
        return int(end.code or 0)
    except BaseException:  # noqa: BLE001 - as the interpreter does it
        sys.excepthook(*sys.exc_info())
        return 1
    return 0


if __name__ == "__main__":
    serve()
