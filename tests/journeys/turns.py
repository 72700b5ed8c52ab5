"""Who visits the town beside whom: two pytest processes share one town, and some things bear no company."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def turn(file: Path, *, alone: bool) -> Iterator[None]:
    """Wait for a turn, among all processes that name this file: beside others, or alone."""
    with file.open("a") as held:
        fcntl.flock(held, fcntl.LOCK_EX if alone else fcntl.LOCK_SH)
        yield
