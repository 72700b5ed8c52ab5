"""Crash points: what stands in the list stands in the program, and a process stopped there leaves no word behind."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.core import crash

ROOT = Path(__file__).resolve().parents[2]
PULL = """
from app.core import crash
crash.arm("{armed}")
for _ in range(2):
    crash.crash_point("send.after_lease")
    print("went on", flush=True)
"""


def test_the_list_and_the_calls_in_the_program_are_the_same() -> None:
    called = [name for path in sources() for name in points_in(path)]

    assert sorted(set(called)) == sorted(crash.POINTS)


@pytest.mark.parametrize(("armed", "went_on"), [("send.after_lease", 0), ("send.after_lease:2", 1)])
def test_an_armed_point_ends_the_process_as_kill_9_would(armed: str, went_on: int) -> None:
    ended = run(PULL.format(armed=armed))

    assert ended.returncode == 137
    assert ended.stdout.count("went on") == went_on


@pytest.mark.parametrize("armed", ["", "send.after_look_up"])
def test_a_point_that_is_not_armed_does_nothing(armed: str) -> None:
    ended = run(PULL.format(armed=armed))

    assert (ended.returncode, ended.stdout.count("went on")) == (0, 2)


def test_a_point_that_does_not_exist_cannot_be_armed() -> None:
    with pytest.raises(ValueError, match="no crash point"):
        crash.arm("send.after_lunch")


def sources() -> Iterator[Path]:
    for folder in ("app", "workers"):
        yield from (ROOT / folder).rglob("*.py")


def points_in(path: Path) -> Iterator[str]:
    """Yield the name in each call of crash_point; a name that is not written out fails the test."""
    for node in ast.walk(ast.parse(path.read_text())):
        if not isinstance(node, ast.Call):
            continue
        called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if called == "crash_point":
            (name,) = node.args
            assert isinstance(name, ast.Constant), f"{path}:{node.lineno} names its crash point at run time"
            yield str(name.value)


def run(program: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False, timeout=30
    )
