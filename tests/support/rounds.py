"""A pytest plugin: which tests a round leaves out, said aloud, and those that wait longest come first.

`make test` runs the suite on SQLite and on PostgreSQL. A test that asks for no database gives the same answer in both
rounds, and so does one that is marked `sqlite_only`: on PostgreSQL both are left out. The last lines of the round say
how many, as "LEFT OUT [12] why", which ops/counts.py reads.
"""

from collections import Counter
from collections.abc import Iterable
from typing import Any

import pytest

from tests.support.database import on_postgresql

# Every address of a database comes from one of these; tests/architecture/test_house_rules.py sees to it.
DATABASE = frozenset({"settings", "empty_database", "drive"})
NO_DATABASE = "ask for no database: run on SQLite, and would say the same here"
SQLITE_ONLY = "marked sqlite_only: what they promise does not depend on the database, or is about SQLite"
_left_out: Counter[str] = Counter()


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "sqlite_only: no other database can change what is promised; checked on SQLite")


@pytest.hookimpl(trylast=True)  # when -m has chosen and pytest-randomly has shuffled
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if on_postgresql():
        reasons = [(item, reason_to_leave_out(item)) for item in items]
        items[:] = [item for item, reason in reasons if reason is None]
        _left_out.update(reason for _, reason in reasons if reason is not None)
        config.hook.pytest_deselected(items=[item for item, reason in reasons if reason is not None])
    items.sort(key=waits_for_others, reverse=True)


def reason_to_leave_out(item: pytest.Item) -> str | None:
    """Return why this test would tell nothing new on PostgreSQL; None when it might."""
    if item.get_closest_marker("sqlite_only"):
        return SQLITE_ONLY
    return None if DATABASE.intersection(getattr(item, "fixturenames", ())) else NO_DATABASE


def waits_for_others(item: pytest.Item) -> bool:
    """Tell whether a test starts the whole system: it lasts half a minute, and mostly waits. Last, it would hold us."""
    return "drive" in getattr(item, "fixturenames", ())


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Below xdist each process has chosen alike; each tells the one that prints."""
    output: dict[str, Any] | None = getattr(session.config, "workeroutput", None)
    if output is not None:
        output["left_out"] = dict(_left_out)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    _left_out.update(missing(getattr(node, "workeroutput", {}).get("left_out", {})))


def missing(told: dict[str, int]) -> dict[str, int]:
    """Return what another process has left out that is not yet counted: all processes leave out the same."""
    return {reason: number for reason, number in told.items() if reason not in _left_out}


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for line in lines_of(_left_out.items()):
        terminalreporter.write_line(line)


def lines_of(left_out: Iterable[tuple[str, int]]) -> list[str]:
    return [f"LEFT OUT [{number}] {reason}" for reason, number in sorted(left_out)]
