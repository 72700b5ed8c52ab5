"""Production and `make run` start the same kinds of processes by the same words."""

import re
from pathlib import Path

import pytest

from ops.processes import Places, application

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("name", ["web", "live", "relay", "worker_send", "worker_push", "worker_heavy", "reconciler"])
def test_the_procfile_starts_what_make_run_starts(name: str) -> None:
    assert target(procfile()[name].split()) == target(of_make_run()[name])


def test_neither_has_a_process_that_the_other_lacks() -> None:
    assert set(procfile()) == set(of_make_run())


def test_nothing_in_production_listens_on_a_port() -> None:
    assert not [line for line in procfile().values() if re.search(r"--(host|port)\b", line)]


def test_without_redis_no_worker_waits_for_a_bell() -> None:
    assert [program.name for program in application(places(), with_redis=False)] == [
        "web",
        "live",
        "relay",
        "reconciler",
    ]


def target(words: list[str]) -> list[str]:
    """What is started in the end: the app that granian serves, or the module with its words."""
    if "granian" in words:
        return [words[-1], words[words.index("--interface") + 1]]
    return words[words.index("-m") + 1 :]


def procfile() -> dict[str, str]:
    lines = (ROOT / "Procfile").read_text().splitlines()
    return dict(line.split(": ", 1) for line in lines if line and not line.startswith("#"))


def of_make_run() -> dict[str, list[str]]:
    return {program.name: list(program.argv) for program in application(places(), with_redis=True)}


def places() -> Places:
    return Places(
        instance=Path("instance"),
        host="127.0.0.1",
        public_host="127.0.0.1",
        port=8000,
        live_port=8001,
        standin_port=8002,
        smtp_port=8003,
        schemas=None,
    )
