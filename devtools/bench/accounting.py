"""What processes have cost: processor time and memory, as Linux counts them in /proc."""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path

from devtools.demo import Demo

_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")


def family(pid: int) -> list[int]:
    """The process and all below it."""
    found, waiting = [], [pid]
    while waiting:
        one = waiting.pop()
        found.append(one)
        try:
            children = Path(f"/proc/{one}/task/{one}/children").read_text().split()
        except OSError:  # it has ended
            continue
        waiting += [int(child) for child in children]
    return found


def processor_seconds(pids: Iterable[int]) -> float:
    """User and system time of the processes, and of their children that have ended."""
    return sum(_ticks(pid) for pid in pids) / _TICKS


def _ticks(pid: int) -> int:
    try:
        # The name in brackets may hold spaces: fields are counted from behind it, utime the twelfth.
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0
    return sum(int(field) for field in fields[11:15])


def largest_mb(pids: Iterable[int]) -> float:
    """The resident size of the largest of the processes, in MB."""
    return max(_pages(pid) for pid in pids) * _PAGE / 1e6


def _pages(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except OSError:
        return 0


def memory_of(demo: Demo) -> float:
    """The resident size of the largest process of the demo's worker, in MB."""
    worker = next(child for child in demo.children if child.name == "worker").process
    assert worker is not None
    return largest_mb(family(worker.pid))


class Meter:
    """Processor time of named groups of processes from when it was made."""

    def __init__(self, groups: Mapping[str, int]) -> None:
        self._groups = groups
        self._before = self._now()

    def seconds(self) -> dict[str, float]:
        return {name: now - self._before[name] for name, now in self._now().items()}

    def _now(self) -> dict[str, float]:
        return {name: processor_seconds(family(pid)) for name, pid in self._groups.items()}
