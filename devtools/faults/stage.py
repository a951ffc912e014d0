"""The demo's processes with a small community, and the means to kill, freeze and start again each of them."""

import contextlib
import os
import shutil
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import requests

from devtools.demo import Child, Demo
from devtools.servers import Server
from devtools.waiting import until


class Stage(Demo):
    """`play` is called once everything is up, in the thread that owns the processes."""

    concurrency = 4

    def __init__(self, port: int, home: Path, play: Callable[["Stage"], None]) -> None:
        super().__init__(port, home)
        self.play = play
        self.restarts = 0

    def environment(self, servers: dict[str, str]) -> dict[str, str]:
        # A worker that is asked to gather or to slow people down would blur who was told of what.
        ours = {"THROTTLE_SCALE": "0", "PUSH_GATHER_PER_MINUTE": "0", "OUTWARD_ORIGINS": self.sandbox_url}
        return super().environment(servers) | ours

    def _start(self, environment: dict[str, str]) -> None:
        self._bring_up(environment)
        os.environ.update(environment | {"DJANGO_SETTINGS_MODULE": "community_report.settings"})
        import django

        django.setup()
        try:
            self.play(self)
        finally:
            self.thaw_all()
            self.stopping.set()

    # --- the processes of ours -------------------------------------------------------------------------------------

    def child(self, name: str) -> Child:
        """web, worker, beat or sandbox."""
        return next(child for child in self.children if child.name == name)

    def pid(self, name: str) -> int:
        process = self.child(name).process
        assert process is not None
        return process.pid

    def kill(self, name: str) -> None:
        """kill -9 of the process and all of its children."""
        child = self.child(name)
        assert child.process is not None
        os.killpg(child.process.pid, signal.SIGKILL)
        child.process.wait(10)

    def start(self, name: str) -> None:
        """Start what was killed; the log so far is kept beside the new one."""
        child = self.child(name)
        self.restarts += 1
        child.log.rename(child.log.with_suffix(f".{self.restarts}.log"))
        child.start()

    def forks(self, name: str) -> list[int]:
        """The children of a process: the prefork pool of the worker, the web server's workers."""
        pid = self.pid(name)
        return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]

    def kill_forks(self, name: str) -> None:
        """kill -9 of the children alone; their parent makes new ones."""
        for pid in self.forks(name):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def kill_parent(self, name: str) -> None:
        """kill -9 of the parent alone."""
        process = self.child(name).process
        assert process is not None
        process.kill()
        process.wait(10)

    def signal_all(self, name: str, number: signal.Signals) -> None:
        os.killpg(self.pid(name), number)

    # --- the servers -----------------------------------------------------------------------------------------------

    @contextlib.contextmanager
    def frozen(self, server: Server) -> Iterator[None]:
        """A server that takes connections (the kernel does) and says nothing."""
        pids = _family(server)
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            for pid in pids:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGCONT)

    def thaw_all(self) -> None:
        """What a fault that failed half-way may have left frozen could not be stopped."""
        for server in self.services.servers.values():
            for pid in _family(server):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGCONT)
        for child in self.children:
            with contextlib.suppress(ProcessLookupError):
                if child.process is not None:
                    os.killpg(child.process.pid, signal.SIGCONT)

    def empty_valkey(self) -> None:
        """Throw away what the stopped server has on disk."""
        shutil.rmtree(self.services.valkey.directory / "appendonlydir", ignore_errors=True)

    # --- everything ------------------------------------------------------------------------------------------------

    def restore(self) -> None:
        """Everything that should run runs, and says that it is ready."""
        self.thaw_all()
        for server in self.services.servers.values():
            if not server.running():
                server.start()
        for child in self.children:
            if child.process is None or child.process.poll() is not None:
                self.start(child.name)
        until(self.ready, 60, "the system is not ready again")

    def ready(self) -> bool:
        return self.readiness() == 200

    def readiness(self) -> int:
        """The status of /readyz; 0 for no answer."""
        try:
            return direct().get(f"{self.web_url}/readyz", timeout=10).status_code
        except requests.RequestException:
            return 0


def direct() -> requests.Session:
    session = requests.Session()
    session.trust_env = False
    return session


def _family(server: Server) -> list[int]:
    """The server's process and everything below it."""
    if server.process is None:
        return []
    found, waiting = [], [server.process.pid]
    while waiting:
        pid = waiting.pop()
        found.append(pid)
        with contextlib.suppress(OSError):
            waiting += [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return found
