"""What make bench writes can be read by anybody, and measuring a part leaves the rest alone."""

import json
from pathlib import Path

from bench.__main__ import PARTS
from bench.figures import RESULTS, Figure, figure, merged, read, table, write

FIELDS = {"id", "what", "value", "unit", "min", "max", "limit"}
OF_ISSUE_2 = {
    "hello_cpu_ms", "idea_list_cpu_ms", "idea_detail_cpu_ms", "idea_submit_cpu_ms", "idea_list_growth",
    "case_number_p95_s", "first_view_kb", "lcp_s", "forward_cpu_ms", "forwards_per_s", "push_encrypt_per_core_s",
    "repeat_view_kb", "memory_mb", "memory_web_mb", "idea_list_cpu_ms_pg", "idea_detail_cpu_ms_pg",
    "idea_submit_cpu_ms_pg", "idea_list_growth_pg",
}  # fmt: skip


def test_a_row_holds_the_median_and_the_spread() -> None:
    assert figure("lcp_s", "home", [1.5, 0.9, 1.2], "s", 1.5) == Figure("lcp_s", "home", 1.2, "s", 0.9, 1.5, 1.5)


def test_measuring_a_part_keeps_the_other_rows(tmp_path: Path) -> None:
    file = tmp_path / "results.json"
    write([row("hello_cpu_ms", 1), row("idea_list_cpu_ms", 2), row("lcp_s", 3)], file)

    write(merged(read(file), [row("hello_cpu_ms", 10), row("idea_list_cpu_ms", 20)], only="idea"), file)

    assert {kept.id: kept.value for kept in read(file)} == {"hello_cpu_ms": 1, "idea_list_cpu_ms": 20, "lcp_s": 3}


def test_measuring_everything_forgets_a_row_that_is_measured_no_more() -> None:
    assert merged([row("old_ms", 1)], [row("new_ms", 2)]) == [row("new_ms", 2)]


def test_a_figure_over_its_limit_is_seen_in_the_table() -> None:
    assert "OVER THE LIMIT" in table([Figure("lcp_s", "home", 1.6, "s", 1, 2, 1.5)])
    assert "OVER THE LIMIT" not in table([Figure("lcp_s", "home", 1.5, "s", 1, 2, 1.5)])


def test_the_file_in_the_repository_has_every_row_that_was_promised() -> None:
    rows = json.loads(RESULTS.read_text(encoding="utf-8"))

    assert all(set(found) - {"floor"} == FIELDS for found in rows)
    assert OF_ISSUE_2 - {found["id"] for found in rows} == set()
    assert all(found["min"] <= found["value"] <= found["max"] for found in rows)


def test_every_row_belongs_to_a_part_that_can_measure_it_again() -> None:
    prefixes = tuple(prefix for part in PARTS for prefix in part.prefixes)

    assert [found.id for found in read() if not found.id.startswith(prefixes)] == []


def row(name: str, value: float) -> Figure:
    return Figure(name, "made up", value, "ms", value, value)
