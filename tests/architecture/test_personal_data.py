"""Nothing that says who is kept for ever: every column tagged "person" is in the table of rules, and can be emptied."""

import pytest

from app.personal.policy import RULES, End, empty_row, something_left, table_named, without_a_rule
from app.settings import Settings

ADVICE = (
    "Say how long these are kept, and what is left of the row then: add a line to RULES in app/personal/policy.py, "
    "and a row of that kind to tests/promises/test_p3_retention.py"
)


def test_every_column_that_says_who_has_a_rule():
    assert without_a_rule() == [], ADVICE


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_a_rule_names_a_table_a_setting_and_an_end_that_can_be(rule):
    table = table_named(rule.table)

    assert getattr(Settings(), rule.days) >= 1
    assert rule.since(table) is not None
    if rule.end is not End.GONE:
        assert empty_row(table, rule.end)
        assert something_left(table, rule.end) is not None
