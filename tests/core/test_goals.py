"""The UN's goals: all seventeen, each with a name of its own."""

from app.core.goals import GOALS, MOST_GOALS


def test_all_seventeen_are_there_in_order():
    assert list(GOALS) == list(range(1, 18))
    assert len(set(GOALS.values())) == 17
    assert GOALS[11] == "Bærekraftige byer og lokalsamfunn"
    assert MOST_GOALS == 3
