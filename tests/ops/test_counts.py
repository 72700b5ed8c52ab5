"""The last lines of `make test` count what the runners said, and name what was skipped."""

from ops.counts import Counts, counts_of_pytest, counts_of_tap

GREEN = """..s.x                                                                    [100%]
=========================== short test summary info ============================
SKIPPED [2] tests/push/test_service.py:40: no second network card
XFAIL tests/maps/test_query.py::test_a_hole - not built yet
41 passed, 2 skipped, 1 xfailed in 65.03s (0:01:05)
"""
RED = """FAILED tests/ideas/test_service.py::test_twice - assert 2 == 1
ERROR tests/ideas/test_query.py::test_newest
1 failed, 3 passed, 1 error in 0.40s
"""
SECOND_ROUND = """.....                                                                        [100%]
LEFT OUT [3] ask for no database
LEFT OUT [12] marked sqlite_only
5 passed, 15 deselected in 2.10s
"""
TAP = """TAP version 13
ok 1 - a draft is kept # SKIP no storage here
# tests 4
# pass 3
# fail 0
# cancelled 0
# skipped 1
# todo 0
"""


def test_skipped_and_expected_failures_are_counted_with_their_reasons() -> None:
    reasons = (
        "tests/push/test_service.py:40: no second network card",
        "tests/maps/test_query.py::test_a_hole - not built yet",
    )
    assert counts_of_pytest(GREEN.splitlines()) == Counts(41, 0, 3, reasons)


def test_an_error_counts_as_failed() -> None:
    assert counts_of_pytest(RED.splitlines()) == Counts(3, 2, 0, ())


def test_a_runner_that_died_without_a_word_counts_nothing() -> None:
    assert counts_of_pytest(["Fatal Python error: Segmentation fault"]) == Counts()


def test_what_a_round_leaves_out_is_named_and_counts_as_nothing() -> None:
    left_out = ("3 tests ask for no database", "12 tests marked sqlite_only")

    assert counts_of_pytest(SECOND_ROUND.splitlines()) == Counts(5, 0, 0, (), left_out)


def test_page_scripts_are_counted_too() -> None:
    assert counts_of_tap(TAP.splitlines()) == Counts(3, 0, 1, ("a draft is kept: no storage here",))


def test_the_closing_line_is_the_sum_of_all_runs() -> None:
    both = counts_of_pytest(GREEN.splitlines()) + counts_of_pytest(RED.splitlines())

    assert both.closing_line == "44 passed, 2 failed, 3 skipped"


def test_what_one_run_left_out_is_still_named_in_the_sum() -> None:
    both = counts_of_pytest(SECOND_ROUND.splitlines()) + counts_of_pytest(GREEN.splitlines())

    assert len(both.left_out) == 2
