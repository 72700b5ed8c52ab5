"""`make check`, `make test` and their like: every check, in order, stopping at the first that fails.

Usage: python -m ops.check test|check|journeys|slow [--seed N]. The last lines say what was skipped and why, and
the very last one is "N passed, N failed, N skipped" over all test runs.
"""

import argparse
import contextlib
import os
import shutil
import signal
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ops.chromium import ensure_chromium, node_for_playwright
from ops.counts import Counts, counts_of_pytest, counts_of_tap
from ops.postgres import find_binaries, postgres
from ops.redis_server import find_redis_server
from ops.setup import environment_with_node, install_by_apt
from ops.supervisor import Program, StoppedBySignal, Supervisor
from ops.terminal import CACHE, ROOT, Stop, in_sentences, say

PYTHON = sys.executable
NO_TESTS = 5  # pytest's exit status when it found no test
# Two that work and one that waits: tests of the whole system mostly wait; tests/support/rounds.py puts them in front
THREE = ("-n", "3", "--dist", "worksteal")
TWO = ("-n", "2", "--dist", "worksteal")
TWO_BY_FILE = ("-n", "2", "--dist", "loadfile")  # what a file's journeys need is made once
ORDINARY = ("-m", "not journey and not slow")
AN_HOUR_EACH = ("--timeout=3600",)


@dataclass(slots=True)
class Round:
    """One `make test` on its way: what was counted, how long each check took (seconds) and what could not run."""

    supervisor: Supervisor
    seed: int
    counts: Counts = field(default_factory=Counts)
    seconds: list[tuple[str, float]] = field(default_factory=list)
    not_run: list[str] = field(default_factory=list)

    def tell(self, name: str, value: str) -> None:
        """Let every check from here on find `value` in its environment."""
        self.supervisor.environment[name] = value

    def checks(self, words_of: Mapping[str, Sequence[str]]) -> None:
        """Run these beside each other, then show what each has said; raises Stop when one fails."""
        names = list(words_of)
        say(f"\n── {', '.join(names)}")
        programs = [Program(log_name(name), tuple(words)) for name, words in words_of.items()]
        with self._timed(", ".join(names)):
            statuses = self.supervisor.run_together(programs)
        for name in names:
            print(self.supervisor.log_of(log_name(name)).read_text(errors="replace"), end="", flush=True)
        failed = [name for name, status in zip(names, statuses, strict=True) if status != 0]
        if failed:
            raise Stop(f"{' and '.join(failed)} failed.")

    def tests(self, name: str, words: Sequence[str], extra: Mapping[str, str] | None = None) -> None:
        """Run pytest and count. Raises Stop when a test fails, and when there was none."""
        seeds = (f"--randomly-seed={self.seed}", f"--hypothesis-seed={self.seed}")
        argv = (PYTHON, "-m", "pytest", "-ra", *seeds, *words)
        # INT lets pytest end its fixtures, and with them the servers they started
        status = self._run(name, Program(log_name(name), argv, environment=extra or {}, ending=signal.SIGINT))
        self._add(name, counts_of_pytest(self._lines_of(name)))
        if status == NO_TESTS:
            raise Stop(f"{name}: no test was found, and a run without tests proves nothing.")
        if status != 0:
            raise Stop(f"{name} failed. (Order and chances were those of SEED={self.seed}.)")

    def node_tests(self, name: str, files: Sequence[str]) -> None:
        node = {"PATH": environment_with_node()["PATH"]}
        argv = ("node", "--test", "--test-reporter=tap", *files)
        status = self._run(name, Program(log_name(name), argv, environment=node))
        self._add(name, counts_of_tap(self._lines_of(name)))
        if status != 0:
            raise Stop(f"{name} failed.")

    def _run(self, name: str, program: Program) -> int:
        say(f"\n── {name}")
        with self._timed(name):
            return self.supervisor.run_to_end(program, show=lambda text: print(text, end="", flush=True))

    @contextlib.contextmanager
    def _timed(self, name: str) -> Iterator[None]:
        started = time.monotonic()
        try:
            yield
        finally:
            self.seconds.append((name, time.monotonic() - started))
            say(f"   {self.seconds[-1][1]:.1f} s")

    def _lines_of(self, name: str) -> list[str]:
        return self.supervisor.log_of(log_name(name)).read_text(errors="replace").splitlines()

    def _add(self, name: str, counts: Counts) -> None:
        named = tuple(f"{name}: {reason}" for reason in counts.reasons)
        self.not_run += [f"{name}: {line}" for line in counts.left_out]
        self.counts += Counts(counts.passed, counts.failed, counts.skipped, named)


def log_name(name: str) -> str:
    return name.replace(",", "").replace(" ", "-")


def main() -> int:
    parser = argparse.ArgumentParser(prog="make test")
    parser.add_argument("what", choices=tuple(PARTS))
    parser.add_argument("--seed", type=int, default=1806)
    given = parser.parse_args()
    complaint = ""
    with Supervisor(environment=environment_of_tests(), logs=CACHE / "log", grace_s=20) as supervisor:
        going = Round(supervisor, given.seed)
        try:
            PARTS[given.what](going)
        except Stop as stop:
            complaint = str(stop)
        except StoppedBySignal as wish:
            complaint = f"Stopped by {wish}."
    report(going, complaint)
    return 1 if complaint else 0


def check(going: Round) -> None:
    """Format, lint, templates, floors and types, then the whole suite on both databases."""
    static_checks(going)
    suite(going, "on SQLite", ())
    with database_server(going) as address:
        suite(going, "on PostgreSQL", (), {"LAB_TEST_DATABASE_URL": address})
    tests_of_scripts(going)


def everything(going: Round) -> None:
    """Find the browser first: a machine without one should hear so before ten minutes of tests."""
    find_browser(going)
    bring("strace", "strace", "R5 looks from outside with strace.")
    check(going)
    journeys(going)


def bring(program: str, package: str, why: str) -> None:
    """Install what a check looks at us with. Where we may not, the check is named as skipped."""
    if shutil.which(program) is None and os.geteuid() == 0:
        with contextlib.suppress(Stop):
            install_by_apt([package], why)


def find_browser(going: Round) -> None:
    going.tell("LAB_TEST_CHROMIUM", str(ensure_chromium()))
    node = node_for_playwright()
    if node is not None:
        going.tell("PLAYWRIGHT_NODEJS_PATH", node)


def journeys(going: Round) -> None:
    find_browser(going)
    going.tests("journeys in Chromium", (*TWO_BY_FILE, "-m", "journey and not slow", "tests/journeys"))


def slow(going: Round) -> None:
    """The full sizes: all themes, widths and states, and the long checks; on both databases."""
    find_browser(going)
    bring("strace", "strace", "R5 looks from outside with strace.")
    bring("nginx", "nginx-light", "S14 sends its thousand addresses through nginx itself.")
    whole_system = (*THREE, *AN_HOUR_EACH, "-m", "slow and not journey", "tests")
    going.tests("slow tests on SQLite", whole_system)
    with database_server(going) as address:
        going.tests("slow tests on PostgreSQL", whole_system, {"LAB_TEST_DATABASE_URL": address})
    going.tests("every screen in every look", (*TWO, *AN_HOUR_EACH, "-m", "journey and slow", "tests/journeys"))
    if going.counts.skipped:
        raise Stop("A check that could not run fails make test-slow; the lines below say which and why.")


def static_checks(going: Round) -> None:
    floors = "import sys; from importlinter.cli import lint_imports_command; sys.exit(lint_imports_command())"
    going.checks({
        "format": (PYTHON, "-m", "ruff", "format", "--check", "."),
        "lint": (PYTHON, "-m", "ruff", "check", "."),
        # Only its rules: its formatter would undo the layout and the quotes that style.md, section 1, prescribes
        "templates": (PYTHON, "-m", "djlint", "--lint", "--quiet", "templates"),
        "floors": (PYTHON, "-c", floors),
        "types": (PYTHON, "-m", "mypy"),
    })  # fmt: skip


def suite(going: Round, where: str, words: Sequence[str], extra: Mapping[str, str] | None = None) -> None:
    going.tests(f"tests {where}", (*THREE, *ORDINARY, *words, "tests"), extra)


def tests_of_scripts(going: Round) -> None:
    files = sorted(str(path) for path in (ROOT / "tests" / "js").glob("**/*.test.*js"))
    if files:
        going.node_tests("tests of the page scripts", files)
    else:
        going.not_run.append("tests of the page scripts: tests/js holds none yet")


def environment_of_tests() -> dict[str, str]:
    """Return the environment of every check: none of a real deployment's settings, and what the tests may use."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("LAB_", "PG"))}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)  # else each of hundreds of processes compiles us anew
    environment["PATH"] = f"{Path(PYTHON).parent}{os.pathsep}{environment.get('PATH', os.defpath)}"
    redis = find_redis_server()
    if redis is not None:
        environment["LAB_TEST_REDIS_SERVER"] = str(redis)
    schemas = Path(os.environ.get("LAB_SCHEMAS") or ROOT.parent / "shared" / "data")
    if schemas.is_dir():
        environment["LAB_SCHEMAS"] = str(schemas)
    return environment


@contextlib.contextmanager
def database_server(going: Round) -> Iterator[str]:
    """Yield a superuser's address of a PostgreSQL: what LAB_TEST_DATABASE_URL says, else a server of our own."""
    given = os.environ.get("LAB_TEST_DATABASE_URL")
    if given:
        yield given
        return
    binaries = find_binaries()
    if binaries is None:
        raise Stop(
            "No PostgreSQL for the tests. Run this line once and start again:  sudo apt-get install -y postgresql"
        )
    # Its own pg_dump, which some machines have nowhere else, and which is of the server's version
    going.tell("PATH", f"{binaries.folder}{os.pathsep}{going.supervisor.environment['PATH']}")
    with postgres(going.supervisor, binaries) as address:
        say(f"\nPostgreSQL: {binaries.origin}")
        yield address


def report(going: Round, complaint: str) -> None:
    """Print the seconds, what was not run and why, what stopped it, and the closing line, last and alone."""
    say("\nSeconds")
    for name, seconds in going.seconds:
        say(f"  {seconds:7.1f}  {name}")
    say(f"  {sum(seconds for _, seconds in going.seconds):7.1f}  in all")
    left_out = (*going.not_run, *going.counts.reasons)
    say("\nSkipped" if left_out else "\nSkipped: nothing")
    for line in left_out:
        say(f"  {line}")
    if complaint:
        say(f"\n{complaint}")
    say()
    say(going.counts.closing_line)


PARTS = {"test": everything, "check": check, "journeys": journeys, "slow": slow}


if __name__ == "__main__":
    sys.exit(in_sentences(main))
