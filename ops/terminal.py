"""What a person reads at the terminal: one line for each step, and one sentence when something stops."""

import errno
import os
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CACHE = ROOT / ".cache"
NAME_WIDTH = 22


class Stop(Exception):
    """The work cannot go on; the message is the one sentence that the person reads."""


@dataclass(slots=True)
class Note:
    """What the line of a step ends with; empty means only its seconds."""

    text: str = ""


def say(line: str = "") -> None:
    print(line, flush=True)


def already(name: str, state: str = "already there") -> None:
    say(f"  {name:<{NAME_WIDTH}} {state}")


@contextmanager
def step(name: str, expectation: str = "") -> Iterator[Note]:
    """Print `name` with what to expect, then on the same line how long it took (seconds) and the note."""
    print(f"  {name:<{NAME_WIDTH}} {expectation + ' ... ' if expectation else ''}", end="", flush=True)
    started = time.monotonic()
    note = Note()
    try:
        yield note
    except BaseException:
        print("stopped", flush=True)
        raise
    print(f"{note.text + ', ' if note.text else ''}{time.monotonic() - started:.1f} s", flush=True)


def last_lines(path: Path, count: int = 12) -> str:
    """Return the last `count` lines of a log, indented, each cut at 300 signs; a log that is not there is empty."""
    try:
        lines = path.read_text(errors="replace").splitlines()
    except FileNotFoundError:
        return ""
    return "\n".join(f"    {line[:300]}" for line in lines[-count:])


def relative(path: Path) -> str:
    """Return `path` as seen from the project's folder, where it lies inside it."""
    return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else str(path)


def sentence_about(fault: OSError) -> str:
    """Say in one sentence why the operating system refused."""
    place = f" ({fault.filename})" if fault.filename else ""
    if fault.errno in {errno.ENOSPC, errno.EDQUOT}:
        return f"The disk is full{place}: make room and run the same command again."
    if fault.errno in {errno.EACCES, errno.EPERM, errno.EROFS}:
        return f"Writing or reading is not allowed here{place}: {os.strerror(fault.errno)}."
    return f"The operating system refused{place}: {fault.strerror or fault}."


def in_sentences(main: Callable[[], int]) -> int:
    """Run `main`; whatever stops it becomes one sentence, and a fault's traceback goes to a file instead."""
    try:
        return main()
    except Stop as stop:
        print(f"\n{stop}", file=sys.stderr)
    except KeyboardInterrupt:
        print("\nStopped.", file=sys.stderr)
        return 130
    except OSError as fault:
        _keep_traceback()
        print(f"\n{sentence_about(fault)}", file=sys.stderr)
    except Exception as fault:  # noqa: BLE001 - the last line of defence: a sentence, and the details in a file
        where = _keep_traceback()
        print(f"\nThis is a fault in the project's own script ({fault!r}). {where}", file=sys.stderr)
    return 1


def _keep_traceback() -> str:
    path = CACHE / "fault.log"
    try:
        path.parent.mkdir(exist_ok=True)
        path.write_text(traceback.format_exc())
    except OSError:  # a full disk must not hide the first sentence behind a second
        return "The details could not be written."
    return f"The details lie in {relative(path)}."
