"""`make bench`: measure, print the table, and write bench/results.json. Usage: python -m bench [--only idea]."""

import argparse
import fcntl
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from bench import desk, forwarding, ideas, memory, pages, push
from bench.figures import Figure, merged, read, table, write
from bench.site import OUT, Bench, environment_of_bench, with_redis
from bench.town import running_town
from ops.supervisor import StoppedBySignal, Supervisor
from ops.terminal import Stop, in_sentences, say, step


@dataclass(frozen=True, slots=True)
class Part:
    """Rows that are measured together. prefixes: how their ids begin."""

    name: str
    prefixes: Sequence[str]
    measure: Callable[[Bench], list[Figure]]


def _in_town(bench: Bench) -> list[Figure]:
    with running_town(bench) as town:
        found = memory.figures(town) if bench.wants(*MEMORY) else []
        return found + (pages.figures(town) if bench.wants(*PAGES) else [])


MEMORY, PAGES = ("memory_",), ("first_view_", "repeat_view_", "lcp_", "cls", "tbt_", "offline_")
PARTS = (
    Part("Push", ("push_",), push.figures),
    Part("Memory and pages", (*MEMORY, *PAGES), _in_town),
    Part("Forwarding", ("forward", "case_number_"), forwarding.figures),
    Part("Desk", ("desk_",), desk.figures),
    Part("Ideas", ("hello_", "idea_", "similar_"), ideas.figures),
)


def main() -> int:
    parser = argparse.ArgumentParser(prog="make bench")
    parser.add_argument("--only", default="", help="measure only rows whose id begins so, and keep the others")
    only = parser.parse_args().only
    found: list[Figure] = []
    with alone(), Supervisor(environment=environment_of_bench(), logs=OUT / "log") as supervisor:
        bench = Bench(supervisor, only)
        try:
            with with_redis(bench):
                for part in wanted(bench):
                    with step(part.name):
                        found += part.measure(bench)
        except StoppedBySignal as wish:
            raise Stop(f"Stopped by {wish}; bench/results.json is as it was.") from None
    for folder in OUT.iterdir():
        if folder.is_dir() and folder.name != "log":
            shutil.rmtree(folder, ignore_errors=True)
    every = merged(read(), found, only)
    write(every)
    say("\n" + table([row for row in every if row.id.startswith(only)]))
    say(f"\n{len(found)} rows measured; bench/results.json holds {len(every)}.")
    return 0


@contextmanager
def alone() -> Iterator[None]:
    """Two runs at once would measure each other. The system lets go of the lock however we end."""
    OUT.mkdir(parents=True, exist_ok=True)
    with (OUT / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Stop("make bench is already running here. Two at once would measure each other.") from None
        yield


def wanted(bench: Bench) -> list[Part]:
    parts = [part for part in PARTS if bench.wants(*part.prefixes)]
    if not parts:
        begins = ", ".join(prefix for part in PARTS for prefix in part.prefixes)
        raise Stop(f"ONLY={bench.only} begins no row. Rows begin with {begins}")
    return parts


if __name__ == "__main__":
    sys.exit(in_sentences(main))
