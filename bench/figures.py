"""Rows of bench/results.json: a figure, its spread, and its limit."""

import json
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

RESULTS = Path(__file__).resolve().parent / "results.json"


@dataclass(frozen=True, slots=True)
class Figure:
    """One row. value: the median of the runs; min, max: their spread; what: how it was measured.

    limit: the most it may be, or None. floor: the least that a rate may be; most have none: machines are too different.
    """

    id: str
    what: str
    value: float
    unit: str
    min: float
    max: float
    limit: float | None = None
    floor: float | None = None

    @property
    def too_much(self) -> bool:
        return self.limit is not None and self.value > self.limit

    @property
    def too_little(self) -> bool:
        return self.floor is not None and self.value < self.floor


def figure(
    name: str, what: str, runs: Sequence[float], unit: str, limit: float | None = None, floor: float | None = None
) -> Figure:
    """Return the row of several runs of one measurement; numbers are kept with four valid digits."""
    value, least, most = (_short(number) for number in (statistics.median(runs), min(runs), max(runs)))
    return Figure(name, what, value, unit, least, most, limit, floor)


def _short(number: float) -> float:
    return float(f"{number:.4g}")


def read(path: Path = RESULTS) -> list[Figure]:
    """Return the rows of a file in their order; one that is not there is empty."""
    if not path.exists():
        return []
    return [Figure(**row) for row in json.loads(path.read_text(encoding="utf-8"))]


def write(figures: Iterable[Figure], path: Path = RESULTS) -> None:
    """Write the rows, one a line, so that a change of one is a change of one line."""
    rows = ",\n".join("  " + json.dumps(_told(row), ensure_ascii=False) for row in figures)
    path.write_text(f"[\n{rows}\n]\n" if rows else "[]\n", encoding="utf-8")


def _told(row: Figure) -> dict[str, object]:
    return {name: value for name, value in asdict(row).items() if name != "floor" or value is not None}


def merged(old: Iterable[Figure], new: Iterable[Figure], only: str = "") -> list[Figure]:
    """Return `new` where its id begins with `only`, and the rest of `old` as it was, sorted by id.

    Without `only`, all was measured anew, and what was not measured this time is gone.
    """
    fresh = {row.id: row for row in new if row.id.startswith(only)}
    kept = {row.id: row for row in old if only and row.id not in fresh}
    return sorted((kept | fresh).values(), key=lambda row: row.id)


def table(figures: Iterable[Figure]) -> str:
    """Return the rows as people read them: figure, spread, limit, and how it was measured."""
    lines = [f"{'id':32} {'median':>10} {'least':>10} {'most':>10} {'unit':<8} {'limit':>8}"]
    for row in figures:
        limit = "" if row.limit is None else f"{row.limit:g}"
        limit = limit if row.floor is None else f">={row.floor:g}"
        mark = "  OVER THE LIMIT" if row.too_much else "  TOO LITTLE" if row.too_little else ""
        lines.append(f"{row.id:32} {row.value:>10g} {row.min:>10g} {row.max:>10g} {row.unit:<8} {limit:>8}{mark}")
        lines.append(f"    {row.what}")
    return "\n".join(lines)
