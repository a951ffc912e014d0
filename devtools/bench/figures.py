"""Figures of many runs of one thing, and how they are printed."""

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass


@dataclass(frozen=True)
class Times:
    """Seconds of many runs of one thing."""

    name: str
    seconds: Sequence[float]

    def at(self, share: float) -> float:
        return sorted(self.seconds)[min(len(self.seconds) - 1, int(share * len(self.seconds)))]

    def line(self, unit: float) -> str:
        figures = [("p50", self.at(0.5)), ("p95", self.at(0.95)), ("p99", self.at(0.99)), ("max", max(self.seconds))]
        shown = "  ".join(f"{name} {value * 1000:8.1f} ms" for name, value in figures)
        return f"{self.name:<46} {shown}   p50 = {self.at(0.5) / unit:6.1f} × calibration  (n = {len(self.seconds)})"


def timed(call: Callable[[], object]) -> float:
    began = time.perf_counter()
    call()
    return time.perf_counter() - began


def at_a_rate(calls: Sequence[Callable[[], object]], per_second: float) -> list[float]:
    """Make each call when its turn has come by the clock, whatever the answers take: an open model.

    Gives the seconds from the moment when each was due to its answer.
    """
    first = time.time() + 0.5

    def one(number: int) -> float:
        due = first + number / per_second
        threading.Event().wait(max(0.0, due - time.time()))
        calls[number]()
        return time.time() - due

    with ThreadPoolExecutor(max_workers=64) as threads:
        return list(threads.map(one, range(len(calls))))
