"""A pytest plugin: the balance equations that the checks counted are printed after the tests, also under xdist."""

import pytest

_told: list[str] = []


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if report.when == "call":
        _told.extend(str(value) for name, value in report.user_properties if name == "equation")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if _told:
        terminalreporter.section("regnskap")
    for line in sorted(_told):
        terminalreporter.write_line(line)
