"""Starts programs, names the one that dies and starts it again, and stops them all: these, and no others."""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Self

from ops.guard import GRACE_S, Guard, end_sessions, members, signal_session
from ops.terminal import ROOT, Stop, last_lines, relative, say

QUICK_S = 5.0  # a program that lives shorter than this did not really start
QUICK_DEATHS = 3  # so many in a row, and it is given up
LOOK_EVERY_S = 0.1


@dataclass(frozen=True, slots=True)
class Program:
    """One process. name: of its log as well. last: stopped after all the others, because they use it.

    environment: what it is told beside what all are told. ending: the signal that asks it to end.
    """

    name: str
    argv: tuple[str, ...]
    last: bool = False
    environment: Mapping[str, str] = field(default_factory=dict)
    ending: signal.Signals = signal.SIGTERM


@dataclass(slots=True)
class Running:
    """A program and its process of the moment; quick_deaths in a row; due_at: when it is started again, else None."""

    program: Program
    process: subprocess.Popen[bytes]
    started_at: float
    quick_deaths: int = 0
    due_at: float | None = None


class StoppedBySignal(Exception):
    """Somebody pressed Ctrl-C, closed the terminal or sent TERM."""

    def __init__(self, number: int) -> None:
        super().__init__(signal.Signals(number).name)
        self.number = number


class Supervisor:
    """Programs, each in a session of its own, with its log in `logs` and the same environment.

    with Supervisor(environment=..., logs=...) as supervisor:
        supervisor.start(program)
        supervisor.tend_for_ever()          # raises StoppedBySignal, or Stop when a program cannot be kept running

    Leaving the block stops every program. SIGINT, SIGTERM and SIGHUP are only noted when they come and raised by the
    next `tend`, so that no program is started and forgotten in between. Made in the main thread, before any other
    thread: it forks its guard.
    """

    def __init__(
        self, *, environment: Mapping[str, str], logs: Path, folder: Path = ROOT, grace_s: float = GRACE_S
    ) -> None:
        self.environment = dict(environment)
        self.grace_s = grace_s
        self.logs = logs
        self.folder = folder
        self.running: dict[str, Running] = {}
        self._wish: int | None = None
        self._stopping = False
        self._old_handlers = {number: signal.getsignal(number) for number in _ENDING}
        self._guard = Guard(grace_s)

    def __enter__(self) -> Self:
        for number in _ENDING:
            signal.signal(number, self._note_wish)
        self.logs.mkdir(parents=True, exist_ok=True)
        return self

    def __exit__(self, *_exception: object) -> None:
        self.stop()
        self._guard.dismiss()
        for number, handler in self._old_handlers.items():
            signal.signal(number, handler)

    def start(self, program: Program) -> None:
        """Start `program` with a fresh log; the log before this one is kept as <name>.log.1."""
        log = self.log_of(program.name)
        if log.exists():
            log.replace(log.with_suffix(".log.1"))
        self.running[program.name] = Running(program, self._spawn(program), time.monotonic())

    def run_to_end(self, program: Program, show: Callable[[str], None] = lambda _text: None) -> int:
        """Run `program` once and return its exit status, negative for a signal; a wish to stop ends it as well.

        `show` gets what it writes into its log, as it comes.
        """
        log = self.log_of(program.name)
        log.unlink(missing_ok=True)
        process = self._spawn(program)
        try:
            with log.open(errors="replace") as written:
                while process.poll() is None:
                    show(written.read())
                    self.tend()
                    time.sleep(LOOK_EVERY_S / 2)
                show(written.read())
        finally:
            end_sessions([process.pid], self.grace_s, first=program.ending)
            process.wait()
            self._guard.forget(process.pid)
        return process.returncode

    def run_together(self, programs: Sequence[Program]) -> list[int]:
        """Run all of them once, beside each other; return their exit statuses, in the order given."""
        processes: list[subprocess.Popen[bytes]] = []
        try:
            for program in programs:
                self.log_of(program.name).unlink(missing_ok=True)
                processes.append(self._spawn(program))
            while any(process.poll() is None for process in processes):
                self.tend()
                time.sleep(LOOK_EVERY_S / 2)
        finally:
            end_sessions([process.pid for process in processes], self.grace_s)
            for process in processes:
                process.wait()
                self._guard.forget(process.pid)
        return [process.returncode for process in processes]

    def wait_until(self, ready: Callable[[], bool], within_s: float) -> bool:
        """Tend the programs until `ready()`; False when it did not come within `within_s` seconds."""
        deadline = time.monotonic() + within_s
        while not ready():
            if time.monotonic() >= deadline:
                return False
            self.tend()
            time.sleep(LOOK_EVERY_S)
        return True

    def tend_for_ever(self) -> None:
        while True:
            self.tend()
            time.sleep(LOOK_EVERY_S)

    def tend(self) -> None:
        """Look once: raise the wish to stop, restart what died. Raises Stop when a program dies again and again."""
        if self._wish is not None:
            raise StoppedBySignal(self._wish)
        for entry in self.running.values():
            if entry.due_at is None and entry.process.poll() is not None:
                self._plan_restart(entry)
            if entry.due_at is not None and time.monotonic() >= entry.due_at:
                entry.due_at = None
                entry.process = self._spawn(entry.program)
                entry.started_at = time.monotonic()

    def stop(self) -> None:
        """End every program and what it started: TERM, KILL after 5 s. Those marked `last` when the rest is gone."""
        self._stopping = True
        for last in (False, True):
            self._end([entry for entry in self.running.values() if entry.program.last is last])
        self.running.clear()

    def stop_one(self, name: str) -> None:
        """End one program, if it was started, and forget it."""
        entry = self.running.pop(name, None)
        if entry is not None:
            self._end([entry])

    def _end(self, entries: Sequence[Running]) -> None:
        end_sessions([entry.process.pid for entry in entries], self.grace_s)
        for entry in entries:
            entry.process.wait()
            self._guard.forget(entry.process.pid)

    def log_of(self, name: str) -> Path:
        return self.logs / f"{name}.log"

    def _spawn(self, program: Program) -> subprocess.Popen[bytes]:
        with self.log_of(program.name).open("ab") as log:
            process = subprocess.Popen(
                program.argv,
                cwd=self.folder,
                env=self.environment | dict(program.environment),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self._guard.watch(process.pid)
        return process

    def _plan_restart(self, entry: Running) -> None:
        entry.quick_deaths = entry.quick_deaths + 1 if time.monotonic() - entry.started_at < QUICK_S else 0
        name, log = entry.program.name, self.log_of(entry.program.name)
        self._clear_away(entry.process.pid)
        how = how_it_ended(entry.process.returncode)
        if entry.quick_deaths >= QUICK_DEATHS:
            raise Stop(
                f"{name} stops at once each time it is started ({how}), so everything is stopped. "
                f"{relative(log)} ends with:\n{last_lines(log)}"
            )
        entry.due_at = time.monotonic() + 0.25 * 2**entry.quick_deaths
        say(f"  {name} stopped by itself ({how}) and is started again; its log is {relative(log)}")

    def _clear_away(self, session: int) -> None:
        """What a dead program left running would hold its port or its queue; it is in nobody's care now."""
        for pid_list in members([session]).values():
            signal_session(session, signal.SIGKILL, pid_list)
        self._guard.forget(session)

    def _note_wish(self, number: int, _frame: FrameType | None) -> None:
        self._wish = number
        if self._stopping and number == signal.SIGINT:  # a second Ctrl-C: no more patience
            for session, pids in members([entry.process.pid for entry in self.running.values()]).items():
                signal_session(session, signal.SIGKILL, pids)


_ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def how_it_ended(status: int) -> str:
    """Return an exit status in words; below 0 it is the number of a signal."""
    if status >= 0:
        return f"exit status {status}"
    with contextlib.suppress(ValueError):
        return f"signal {signal.Signals(-status).name}"
    return f"signal {-status}"


def environment_without_ours() -> dict[str, str]:
    """Return this process's environment without what only tests and benchmarks use."""
    return {name: value for name, value in os.environ.items() if not name.startswith(("LAB_TEST_", "LAB_BENCH_"))}
