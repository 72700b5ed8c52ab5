"""Named crash points, for tests: the program stops there as if somebody had pulled the plug."""

import os

POINTS = frozenset(
    {
        "submit.before_file_fsync",
        "submit.after_file",
        "submit.after_insert",
        "submit.after_commit",
        "submit.before_answer",
        "relay.after_route",
        "relay.before_bell",
        "relay.after_bell",
        "send.after_lease",
        "send.after_look_up",
        "send.after_begun",
        "send.after_written",
        "send.after_answer",
        "send.after_case",
        "send.after_entry",
        "send.between_documents",
        "send.before_settle",
        "send.after_settle",
        "reconcile.after_pick",
        "status.after_read",
        "report.after_collect",
        "report.after_seal",
        "picture.after_clean",
        "picture.after_commit",
        "erase.after_ledger",
        "erase.after_rows",
    }
)

_armed = ""
_left = 0


def arm(point: str) -> None:
    """Stop the program at `point`: "name", or "name:3" for the third time it is passed. "" disarms."""
    global _armed, _left
    name, _, count = point.partition(":")
    if name and name not in POINTS:
        raise ValueError(f"{name} is no crash point")
    _armed, _left = name, int(count or 1)


def crash_point(name: str) -> None:
    """Stop here without clean-up, as kill -9 would, when this point is armed."""
    global _left  # noqa: PLW0603
    if name != _armed:
        return
    _left -= 1
    if _left <= 0:
        os._exit(137)
