"""`python -m devtools.faults [--all] [NAME…]`: the quick faults, all others, or those whose name holds a word."""

import argparse
import importlib
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

from devtools.demo import DemoError, two_ports
from devtools.faults.checker import Books, reconcile, unsettled
from devtools.faults.registry import FAULTS, Fault, Scene
from devtools.faults.stage import Stage
from devtools.identity import die_with_make
from devtools.servers import ServiceError
from devtools.waiting import PAUSE

if TYPE_CHECKING:
    from devtools.faults.town import Town


#: The modules of faults, in the order in which they are run; importing one registers what is in it.
TOPICS = ("kills", "callbacks", "races", "redis", "database", "wechat", "groups", "media")


class Run:
    """The chosen faults, one after another, on one stage."""

    def __init__(self, chosen: list[Fault]) -> None:
        self.chosen = chosen
        self.failed: list[str] = []

    def __call__(self, stage: Stage) -> None:
        from devtools.faults.town import build

        town = build()
        for fault in self.chosen:
            began = time.monotonic()
            books, line = self._one(fault, stage, town)
            self._say(fault, books, f"{line}; {time.monotonic() - began:.0f} s in all")

    def _one(self, fault: Fault, stage: Stage, town: "Town") -> tuple[Books, str]:
        """Break, wait until everything is settled, compare, and mend what the fault left behind."""
        scene = _scene(stage, town)
        try:
            fault.act(scene)
            scene.sandbox.clear_faults()
            settled = _settle(scene)
            books, line = reconcile(scene), f"settled {settled:.1f} s after it"
        except Exception as error:  # whatever it is, the other faults are run all the same
            books, line = Books([f"{type(error).__name__}: {error}"[:500]]), "broken off"
        scene.sandbox.clear_faults()
        scene.sandbox.settings(enforce=True)
        stage.restore()
        return books, "; ".join([*scene.notes, line])

    def _say(self, fault: Fault, books: Books, line: str) -> None:
        numbers = ", ".join(f"#{number}" for number in fault.numbers)
        print(f"{'BROKEN' if books.problems else 'holds '} {fault.name} ({numbers}): {fault.says}")
        print(f"       {line}")
        print("       " + ", ".join(f"{name} {value}" for name, value in books.figures.items() if value))
        for problem in books.problems[:10]:
            print(f"       ! {problem}")
        sys.stdout.flush()
        if books.problems:
            self.failed.append(fault.name)


def _settle(scene: Scene) -> float:
    began = time.monotonic()
    while waiting := unsettled(scene.since):
        if time.monotonic() - began > scene.settled_within:
            raise DemoError(f"not settled within {scene.settled_within:.0f} s: {waiting}")
        threading.Event().wait(PAUSE)
    return time.monotonic() - began


def _scene(stage: Stage, town: "Town") -> Scene:
    from django.db import connection
    from django.utils import timezone

    from reports.models import Draft
    from sandbox.client import SandboxClient

    connection.close()
    sandbox = SandboxClient(stage.sandbox_url)
    Draft.objects.filter(ended_at=None).update(ended_at=timezone.now())
    scene = Scene(stage, town, sandbox, sandbox.last(), timezone.now())
    for host in town.people:
        scene.person(host)  # while the database is there
    return scene


def _chosen(arguments: argparse.Namespace) -> list[Fault]:
    if arguments.names:
        return [fault for fault in FAULTS.values() if any(name in fault.name for name in arguments.names)]
    return [fault for fault in FAULTS.values() if fault.quick != arguments.all]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m devtools.faults", description=__doc__)
    parser.add_argument("--all", action="store_true", help="every fault that is not among the quick ones")
    parser.add_argument("--list", action="store_true", help="say which there are")
    parser.add_argument("names", nargs="*", help="only those whose name holds one of these words")
    arguments = parser.parse_args()
    for topic in TOPICS:
        importlib.import_module(f"devtools.faults.{topic}")
    chosen = _chosen(arguments)
    if arguments.list or not chosen:
        for fault in chosen or FAULTS.values():
            print(f"{'*' if fault.quick else ' '} {fault.name:<34} {fault.says}")
        return 0 if arguments.list else 2
    die_with_make()
    run = Run(chosen)
    with tempfile.TemporaryDirectory(prefix="community-report-faults-") as folder:
        try:
            Stage(two_ports(), Path(folder) / "stage", run).run()
        except (DemoError, ServiceError) as error:
            print(f"make faults: {error}", file=sys.stderr)
            return 1
    print(f"{len(chosen) - len(run.failed)} of {len(chosen)} hold" + "".join(f"; broken: {n}" for n in run.failed))
    return 1 if run.failed else 0


if __name__ == "__main__":
    sys.exit(main())
