"""`make bench`: what docs/performance.md says, measured in one run against the simulated WeChat on this machine.

Milliseconds differ from machine to machine, so each figure stands beside a calibration taken in the same run and their
ratio, and a notice beside the processor time that each process spent on it. BENCH_PEOPLE chooses the sizes of the
community ("100,1000,10000"), BENCH_REPORTS how many reports are filed in each.
"""

import os
import sys
import tempfile
from pathlib import Path

from devtools.bench.community import Community
from devtools.bench.fan_out import LATENCY, FanOut, fan_out
from devtools.bench.figures import Times
from devtools.bench.machine import Bench
from devtools.bench.requests_in import calibration, callbacks, lists, submit_to_push
from devtools.demo import DemoError, two_ports
from devtools.servers import ServiceError

REPORTS = 60


def measure(bench: Bench) -> None:
    from sandbox.client import SandboxClient

    here, ruler = Community(bench), calibration(bench)
    unit = ruler.at(0.5)
    _say(ruler.line(unit))
    reports = int(os.environ.get("BENCH_REPORTS", REPORTS))
    pushes, notices = list[Times](), list[FanOut]()
    for size in bench.sizes:
        here.house(size)
        pushes.append(submit_to_push(here, size, reports))
        _say(pushes[-1].line(unit))
    for times in (lists(here), callbacks(here)):
        _say(times.line(unit))
    SandboxClient(bench.sandbox_url).fault("slow", "^/cgi-bin/message/", seconds=LATENCY)
    for size in bench.sizes:
        here.house(size)
        notices.append(fan_out(here, size))
        _say(*notices[-1].lines())
    _say_growth(bench, pushes, notices)


def _say_growth(bench: Bench, pushes: list[Times], notices: list[FanOut]) -> None:
    first, last = bench.sizes[0], bench.sizes[-1]
    _say(
        f"from {first} to {last} people ({last / first:.0f} × as many): "
        f"submit → push {pushes[-1].at(0.5) / pushes[0].at(0.5):.2f} × the time, "
        f"a notice {notices[-1].sent / notices[0].sent:.1f} × the time"
    )


def _say(*lines: str) -> None:
    print(*lines, sep="\n", flush=True)


def main() -> None:
    sizes = sorted(int(size) for size in os.environ.get("BENCH_PEOPLE", "100,1000,10000").split(","))
    with tempfile.TemporaryDirectory() as folder:
        try:
            Bench(two_ports(), Path(folder) / "bench", sizes, measure).run()
        except (DemoError, ServiceError) as error:
            sys.exit(f"make bench: {error}")


if __name__ == "__main__":
    main()
