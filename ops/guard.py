"""Process sessions: every program starts in one of its own, and none outlives the launcher, not even after kill -9.

A session is named by the process id of the program that leads it. What a program starts stays in its session even
when it makes process groups of its own (as RQ does for each job), so sessions, not groups, are what is stopped.
"""

import contextlib
import os
import signal
import time
from collections.abc import Iterable
from pathlib import Path

GRACE_S = 5.0  # from TERM to KILL


def members(sessions: Iterable[int]) -> dict[int, list[int]]:
    """Return the living processes of each session; on Linux from /proc, elsewhere the leader only."""
    found: dict[int, list[int]] = {session: [] for session in sessions}
    if not Path("/proc/self/stat").exists():
        return {session: [session] if _alive(session) else [] for session in found}
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        try:
            stat = (folder / "stat").read_text()
        except OSError:  # it ended while we looked
            continue
        state, _parent, _group, session = stat.rpartition(")")[2].split()[:4]
        if int(session) in found and state not in "ZX":
            found[int(session)].append(int(folder.name))
    return found


def signal_session(session: int, number: signal.Signals, pids: Iterable[int]) -> None:
    """Send `number` to the session's first process group and to each of `pids`; those already gone are passed by."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(session, number)
    for pid in pids:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, number)


def end_sessions(sessions: Iterable[int], grace_s: float = GRACE_S, *, first: signal.Signals = signal.SIGTERM) -> None:
    """Stop all processes of `sessions`: `first` to each leader, TERM to what it leaves behind, KILL after `grace_s`."""
    waiting = set(sessions)
    for leader in waiting:
        with contextlib.suppress(ProcessLookupError):
            os.kill(leader, first)
    left_behind: set[int] = set()
    deadline = time.monotonic() + grace_s
    while True:
        living = {session: pids for session, pids in members(waiting).items() if pids}
        if not living:
            return
        late = time.monotonic() >= deadline
        for session, pids in living.items():
            if late:
                signal_session(session, signal.SIGKILL, pids)
            elif session not in pids and session not in left_behind:  # the leader has gone home without its children
                left_behind.add(session)
                signal_session(session, signal.SIGTERM, pids)
        waiting = set(living)
        time.sleep(0.05)


class Guard:
    """A small process that waits for the launcher's death, however it comes, and then ends the sessions it was told of.

    It holds the reading end of a pipe. Each `watch` and `forget` is a line in that pipe; the end of the pipe without
    the line `done` means that the launcher was killed.
    """

    def __init__(self, grace_s: float = GRACE_S) -> None:
        reading, self._writing = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            os.close(self._writing)
            _stand_guard(reading, grace_s)
        os.close(reading)

    def watch(self, session: int) -> None:
        self._tell(f"+{session}\n")

    def forget(self, session: int) -> None:
        self._tell(f"-{session}\n")

    def dismiss(self) -> None:
        """Let the guard go, without ending anything; to be called when all is stopped."""
        self._tell("done\n")
        os.close(self._writing)
        with contextlib.suppress(ChildProcessError):
            os.waitpid(self.pid, 0)

    def _tell(self, line: str) -> None:
        with contextlib.suppress(BrokenPipeError):  # somebody killed the guard: go on without
            os.write(self._writing, line.encode())


def _stand_guard(reading: int, grace_s: float) -> None:
    """Never returns: the guard ends here, whatever happens."""
    try:
        os.setsid()  # Ctrl-C and a closing terminal are the launcher's affair
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        _let_go_of_the_terminal()
        sessions: set[int] = set()
        with os.fdopen(reading) as lines:
            for line in lines:
                if line == "done\n":
                    return
                (sessions.add if line[0] == "+" else sessions.discard)(int(line[1:]))
        end_sessions(sessions, grace_s)
    finally:
        os._exit(0)


def _let_go_of_the_terminal() -> None:
    """Whoever reads the launcher's output through a pipe must see its end when the launcher ends."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nowhere, stream)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
