"""CPU-ms and requests per second of pages: each with a bare hello on the same server in the same minutes."""

from collections.abc import Callable
from dataclasses import dataclass

from bench.figures import Figure, figure
from bench.processes import Spent, cpu_of
from bench.site import Bench

RUNS = 5


@dataclass(frozen=True, slots=True)
class Load:
    """What several runs of one request cost. ms: CPU of the server for each; per_s: how many came in a second."""

    ms: tuple[float, ...]
    per_s: tuple[float, ...]
    spent: Spent
    count: int

    @property
    def median_ms(self) -> float:
        return sorted(self.ms)[len(self.ms) // 2]

    @property
    def median_per_s(self) -> float:
        return sorted(self.per_s)[len(self.per_s) // 2]


def measure(bench: Bench, server: str, beside: tuple[str, ...], run: Callable[[int], tuple[int, float]]) -> Load:
    """Do `run` RUNS times (it gets the number, and returns answers and seconds) while `server` is watched.

    beside: other programs that work for the answer (redis, postgres); what they spend is told, but not counted.
    """
    leaders = bench.leaders(server, *beside)
    first = cpu_of(leaders)
    ms, per_s, total = [], [], 0
    for number in range(RUNS):
        bench.supervisor.tend()  # Ctrl-C is heard here
        before = cpu_of(leaders)
        count, seconds = run(number)
        ms.append(cpu_of(leaders).since(before).of(server) / count)
        per_s.append(count / seconds)
        total += count
    return Load(tuple(ms), tuple(per_s), cpu_of(leaders).since(first), total)


def rows(name: str, what: str, load: Load, server: str, hello: Load, *, limit: float | None, pg: str) -> list[Figure]:
    """Return the two rows of a request: CPU-ms with its limit, and requests per second beside it."""
    beside = ", ".join(
        f"{program} {spent / load.count:.2f} ms more"
        for program, spent in load.spent.by_name.items()
        if program not in {server, "driver"}
    )
    driver = f"the driver used {load.spent.share('driver'):.0%} of the CPU"
    of_hello = (
        f"{load.median_per_s / hello.median_per_s:.4f} of hello's requests a second, "
        f"{hello.median_ms / load.median_ms:.4f} of them for each second of server CPU"
    )
    said = "; ".join(part for part in (what, beside, driver) if part)
    return [
        figure(f"{name}_cpu_ms{pg}", said, load.ms, "CPU-ms", limit),
        figure(f"{name}_per_s{pg}", f"{what}; {of_hello}; {driver}", load.per_s, "1/s"),
    ]
