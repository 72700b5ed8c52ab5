"""What a test runner says at its end, read from its output: how many passed, failed and were skipped, and why."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

PYTEST_PART = re.compile(r"(\d+) (passed|failed|errors?|skipped|xfailed|xpassed)\b")
PYTEST_END = re.compile(r"^=*\s*(?:\d+ [a-z]+, )*\d+ [a-z]+(?: \([^)]*\))? in [\d.:]+")
PYTEST_LEFT_OUT = re.compile(r"^LEFT OUT \[(\d+)\] (.+)$")  # written by tests/support/rounds.py
PYTEST_REASON = re.compile(r"^(?:SKIPPED \[(\d+)\]|XFAIL) (.+)$")
TAP_TOTAL = re.compile(r"^# (pass|fail|skipped|todo|cancelled) (\d+)$")
TAP_REASON = re.compile(r"^\s*ok \d+ - (.+?) # (?:SKIP|TODO)(.*)$")


@dataclass(frozen=True, slots=True)
class Counts:
    """Tests by outcome; an error counts as failed, an expected failure as skipped.

    reasons: of those skipped. left_out: how many were not asked to run in this round, and why; in no number here.
    """

    passed: int = 0
    failed: int = 0
    skipped: int = 0
    reasons: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(
            self.passed + other.passed,
            self.failed + other.failed,
            self.skipped + other.skipped,
            self.reasons + other.reasons,
            self.left_out + other.left_out,
        )

    @property
    def closing_line(self) -> str:
        return f"{self.passed} passed, {self.failed} failed, {self.skipped} skipped"


def counts_of_pytest(lines: Iterable[str]) -> Counts:
    """Read the last closing line, the reasons that `-rs` or `-ra` prints, and what the round left out."""
    closing, reasons, left_out = "", [], []
    for line in lines:
        if PYTEST_END.match(line):
            closing = line
        elif found := PYTEST_REASON.match(line):
            reasons.append(found[2])
        elif found := PYTEST_LEFT_OUT.match(line):
            left_out.append(f"{found[1]} tests {found[2]}")
    by_word: dict[str, int] = {}
    for number, word in PYTEST_PART.findall(closing):
        by_word[word.removesuffix("s")] = int(number)
    failed = sum(by_word.get(word, 0) for word in ("failed", "error", "xpassed"))
    skipped = by_word.get("skipped", 0) + by_word.get("xfailed", 0)
    return Counts(by_word.get("passed", 0), failed, skipped, tuple(reasons), tuple(left_out))


def counts_of_tap(lines: Iterable[str]) -> Counts:
    """Read the totals that `node --test --test-reporter=tap` ends with."""
    totals: dict[str, int] = {}
    reasons = []
    for line in lines:
        if found := TAP_TOTAL.match(line):
            totals[found[1]] = int(found[2])
        elif found := TAP_REASON.match(line):
            reasons.append(f"{found[1]}: {found[2].strip() or 'no reason given'}")
    return Counts(
        totals.get("pass", 0),
        totals.get("fail", 0) + totals.get("cancelled", 0),
        totals.get("skipped", 0) + totals.get("todo", 0),
        tuple(reasons),
    )
