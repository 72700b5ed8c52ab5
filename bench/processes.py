"""What processes have spent and hold, as Linux counts it in /proc."""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

TICK_MS = 1000 / os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Spent:
    """CPU time in ms, by name of the program."""

    by_name: dict[str, float]

    def since(self, earlier: "Spent") -> "Spent":
        return Spent({name: ms - earlier.by_name.get(name, 0.0) for name, ms in self.by_name.items()})

    def of(self, name: str) -> float:
        return self.by_name.get(name, 0.0)

    def share(self, name: str) -> float:
        """Return what part of all CPU time here `name` spent, 0 to 1."""
        total = sum(self.by_name.values())
        return self.of(name) / total if total else 0.0


def cpu_of(leaders: dict[str, int]) -> Spent:
    """Return what has been spent by now. leaders: name of a program -> its first process; all its descendants count.

    "driver" is this process, which asks. User and system time, of all threads, and of children that have ended.
    """
    trees = descendants(leaders.values())
    spent = {name: sum(map(_cpu_ms, trees[leader])) for name, leader in leaders.items()}
    own = os.times()
    return Spent(spent | {"driver": (own.user + own.system) * 1000})


def descendants(leaders: Iterable[int]) -> dict[int, list[int]]:
    """Return leader -> itself and all that descend from it. By descent, since PostgreSQL's parts make new sessions."""
    children: dict[int, list[int]] = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            except OSError:  # it ended while we looked
                continue
            children.setdefault(parent, []).append(int(folder.name))
    return {leader: _below(leader, children) for leader in leaders}


def _below(leader: int, children: dict[int, list[int]]) -> list[int]:
    found = [leader]
    for pid in found:
        found += children.get(pid, [])
    return found


def _cpu_ms(pid: int) -> float:
    """Return utime + stime + cutime + cstime of /proc/<pid>/stat; a process that has ended counts no more."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return 0.0
    return sum(int(field) for field in fields[11:15]) * TICK_MS


def memory_mb(pids: Iterable[int]) -> float:
    """Return the memory of these processes in MB: pages that several share count for each its part (Pss)."""
    return sum(_pss_kb(pid) for pid in pids) / 1000


def _pss_kb(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)
