"""`make test-red`: plant each known fault in a copy of the tree, and see the check it is named after go red.

Usage: python -m tests.promises.red [--only R7]. A patch is tests/promises/planted/<ID>-<fault>.patch; its check is
tests/promises/**/test_<id>_*.py, at its small size. It passes only when the check fails with its own id in the message.
A patch that no longer applies is an error: the code has moved on, and the patch must follow. The checks run on SQLite;
those of a patch whose name ends with "on_postgresql" run there, since SQLite lets one writer in at a time.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ops.check import Round, database_server, environment_of_tests
from ops.supervisor import Supervisor
from ops.terminal import CACHE
from tests.support.database import SERVER

ROOT = Path(__file__).resolve().parents[2]
PLANTED = ROOT / "tests" / "promises" / "planted"
LINKED = ("static/vendor", "node_modules", ".tools", ".cache")
AT_ONCE = 2
WITHIN_S = 600
TESTS_FAILED = 1  # pytest's exit status


@dataclass(frozen=True, slots=True)
class Fault:
    """One patch. check: the id that its name begins with, e.g. "R7"."""

    path: Path

    @property
    def check(self) -> str:
        return self.path.stem.partition("-")[0]

    @property
    def on_postgresql(self) -> bool:
        return self.path.stem.endswith("on_postgresql")

    @property
    def name(self) -> str:
        return self.path.stem.partition("-")[2].replace("_", " ")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of one planted fault. red: its check found it. said: the check's message, or what went wrong."""

    fault: Fault
    red: bool
    said: str
    seconds: float


def main() -> int:
    parser = argparse.ArgumentParser(prog="make test-red")
    parser.add_argument(
        "--only", help="ids of checks, or the beginning of a patch's name: R7  or  R1,R2  or  R7-status"
    )
    only = parser.parse_args().only or ""
    faults = [Fault(path) for path in sorted(PLANTED.glob("*.patch"))]
    chosen = [fault for fault in faults if not only or any(is_meant(fault, word) for word in only.split(","))]
    if not chosen:
        say(f"No planted fault for {only!r}.")
        return 1
    verdicts = told_of([fault for fault in chosen if not fault.on_postgresql], environment_of_tests())
    concurrent = [fault for fault in chosen if fault.on_postgresql]
    if concurrent:
        with environment_on_postgresql() as environment:
            verdicts += told_of(concurrent, environment)
    return report(verdicts)


@contextmanager
def environment_on_postgresql() -> Iterator[Mapping[str, str]]:
    """Give what tests find in their environment when they are to run on PostgreSQL, and the server."""
    with (
        Supervisor(environment=environment_of_tests(), logs=CACHE / "log") as supervisor,
        database_server(Round(supervisor, seed=0)) as address,
    ):
        yield {**supervisor.environment, SERVER: address}


def told_of(faults: Sequence[Fault], environment: Mapping[str, str]) -> list[Verdict]:
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(lambda fault: told(fault, environment), faults))


def is_meant(fault: Fault, word: str) -> bool:
    return fault.path.stem.startswith(word) if "-" in word else fault.check == word


def told(fault: Fault, environment: Mapping[str, str]) -> Verdict:
    """Try one, and say at once what came of it: the whole round takes minutes."""
    began = time.monotonic()
    red, said = tried(fault, environment)
    verdict = Verdict(fault, red, said, time.monotonic() - began)
    say(line_of(verdict))
    return verdict


def tried(fault: Fault, environment: Mapping[str, str]) -> tuple[bool, str]:
    files = sorted((ROOT / "tests" / "promises").rglob(f"test_{fault.check.lower()}_*.py"))
    if not files:
        return False, f"there is no check tests/promises/**/test_{fault.check.lower()}_*.py"
    with tempfile.TemporaryDirectory(prefix="lab-red-") as folder:
        tree = Path(folder) / "tree"
        copy_tree(tree)
        complaint = apply(fault, tree)
        if complaint:
            return False, f"the patch no longer applies: {complaint}"
        return outcome(fault, *run(tree, [str(path.relative_to(ROOT)) for path in files], environment))


def copy_tree(tree: Path) -> None:
    """Copy what git knows or would take, and the compiled catalogues; link what is large and never changed."""
    words = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\0")
    compiled = [str(path.relative_to(ROOT)) for path in (ROOT / "app").rglob("*.mo")]
    for name in filter(None, (*listed, *compiled)):
        source, target = ROOT / name, tree / name
        if source.is_file():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target)
    for name in LINKED:
        if (ROOT / name).exists():
            (tree / name).parent.mkdir(parents=True, exist_ok=True)
            (tree / name).symlink_to(ROOT / name)


def apply(fault: Fault, tree: Path) -> str:
    """Plant the fault; return what git says against it, or nothing."""
    outside = {**os.environ, "GIT_CEILING_DIRECTORIES": str(tree.parent)}
    words = ["git", "apply", "--verbose", str(fault.path)]
    done = subprocess.run(words, cwd=tree, env=outside, capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else last_line(done.stderr)


def run(tree: Path, files: Sequence[str], environment: Mapping[str, str]) -> tuple[int, str]:
    words = ["-m", "pytest", "-x", "-p", "no:randomly", "-p", "no:cacheprovider", "-m", "not slow", *files]
    try:
        done = subprocess.run(
            [sys.executable, *words],
            cwd=tree,
            env={**environment, "PYTHONDONTWRITEBYTECODE": "1"},
            capture_output=True,
            text=True,
            check=False,
            timeout=WITHIN_S,
        )
    except subprocess.TimeoutExpired:
        return TESTS_FAILED, f"no end within {WITHIN_S} s"
    return done.returncode, done.stdout + done.stderr


def outcome(fault: Fault, status: int, output: str) -> tuple[bool, str]:
    """Judge a run: red means that the check failed, and that its own message says so."""
    messages = re.findall(rf"^E\s+(?:\w+(?:\.\w+)*: )?({fault.check}: .*)$", output, flags=re.MULTILINE)
    if status == TESTS_FAILED and messages:
        return True, messages[0]
    if status == 0:
        return False, "GREEN: the check did not see it"
    return False, f"it failed without saying {fault.check}: {last_line(output)}"


def report(verdicts: Sequence[Verdict]) -> int:
    say("\nPlanted faults")
    for verdict in verdicts:
        say(line_of(verdict))
    missed = [verdict for verdict in verdicts if not verdict.red]
    say(f"\n{len(verdicts) - len(missed)} of {len(verdicts)} planted faults were seen.")
    return 1 if missed else 0


def line_of(verdict: Verdict) -> str:
    mark = "red  " if verdict.red else "ERROR"
    fault = verdict.fault
    return f"  {mark} {fault.check:<4} {fault.name:<36} {verdict.seconds:6.1f} s  {verdict.said[:150]}"


def last_line(text: str) -> str:
    lines = [line for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else "nothing was said"


def say(text: str) -> None:
    print(text, flush=True)  # noqa: T201 - it speaks to the person at the terminal


if __name__ == "__main__":
    sys.exit(main())
