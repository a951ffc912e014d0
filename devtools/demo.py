"""The whole system on this machine, with a simulated WeChat: `make demo`, or `python -m devtools.demo [FOLDER]`.

PORT chooses the web server's port (8000); the sandbox takes the next one. Everything lies in the folder (var/demo):
the databases, the stored media, and in `log` a log of each process. Ctrl-C stops all of it; the data is kept.
"""

import contextlib
import fcntl
import os
import secrets
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from devtools.environment import DIRECT
from devtools.identity import Identity, before_exec, die_with_make
from devtools.servers import HOST, ServiceError, tail
from devtools.services import Services

PROJECT = Path(__file__).resolve().parents[1]
HOME = PROJECT / "var" / "demo"
START_SECONDS = 90.0
STOP_SECONDS = 20.0
POLL_SECONDS = 0.2
_direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class DemoError(RuntimeError):
    """Why the demo cannot go on, in a sentence for whoever started it."""


@dataclass
class Child:
    """One process of the demo, with its log."""

    name: str
    command: Sequence[str]
    environment: dict[str, str]
    log: Path
    process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    def start(self) -> None:
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                self.command,
                cwd=PROJECT,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                # Ctrl-C reaches the launcher alone, which stops the others in order.
                start_new_session=True,
                preexec_fn=before_exec(Identity.SELF, signal.SIGTERM),
            )

    def check(self) -> None:
        """Raises DemoError when the process has ended by itself."""
        if self.process is not None and (code := self.process.poll()) is not None:
            raise DemoError(f"{self.name} stopped (exit code {code}); the end of {self.log}:\n{tail(self.log)}")

    def ask_to_stop(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()

    def wait(self, deadline: float) -> None:
        if self.process is None:
            return
        try:
            self.process.wait(max(deadline - time.monotonic(), 0.1))
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


class Demo:
    """The processes of the demo on two ports; `home` keeps everything that outlives a stop."""

    #: Processes of the worker.
    concurrency = 2

    def __init__(self, port: int, home: Path = HOME) -> None:
        self.port = port
        self.home = home.resolve()
        self.web_url = f"http://{HOST}:{port}"
        self.sandbox_url = f"http://{HOST}:{port + 1}"
        self.children: list[Child] = []
        self.stopping = threading.Event()

    def run(self) -> None:
        """Start everything, say where it is, and return when asked to stop. Raises DemoError, ServiceError."""
        for directory in (self.home, self.home / "log", self.home / "media"):
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        with self._alone():
            require_free_ports(self.port, self.port + 1)
            print("Starting PostgreSQL, Redis, WeChat, web, worker and clock: up to half a minute.", flush=True)
            with Services(self.home / "services", durable=True) as self.services:
                try:
                    self._start(self.environment(self.services.environment()))
                    self._watch()
                finally:
                    self._stop()

    def environment(self, servers: dict[str, str]) -> dict[str, str]:
        """The settings of every process; what the caller's environment says otherwise about them is not heard."""
        return dict(os.environ) | DIRECT | servers | {
            "SECRET_KEY": self._secret_key(),
            "ALLOWED_HOSTS": "*",
            "DEBUG": "0",
            "PUBLIC_BASE_URL": self.web_url,
            "WECHAT_APP_ID": "wx5a6d2b0c9e3f4711",
            "WECHAT_APP_SECRET": "5f1d7a3c9b2e4806a1c3e5f70d9b8642",
            "WECHAT_TOKEN": "sandbox-callback-token",
            "WECHAT_ENCODING_AES_KEY": "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG",
            "WECHAT_API_BASE_URL": self.sandbox_url,
            "WECHAT_OAUTH_BASE_URL": self.sandbox_url,
            "WECHAT_JSSDK_URL": f"{self.sandbox_url}/open/js/jweixin-1.6.0.js",
            "OUTWARD_ORIGINS": self.sandbox_url,
            "MEDIA_ROOT": str(self.home / "media"),
            "LOG_FORMAT": "console",
            "PYTHONUNBUFFERED": "1",
            "SANDBOX_URL": self.sandbox_url,
        }  # fmt: skip

    def _start(self, environment: dict[str, str]) -> None:
        self._bring_up(environment)
        self._announce(self._complete("demo_data", ["-m", "devtools.demo_data"], environment))

    def _bring_up(self, environment: dict[str, str]) -> None:
        """Every process, until all say that they are ready."""
        self._complete("migrate", ["manage.py", "migrate", "--noinput"], environment)
        self._launch("sandbox", ["-m", "sandbox", *self._sandbox_options()], environment)
        bind = f"{HOST}:{self.port}"
        self._launch("web", ["-m", "gunicorn", "community_report.wsgi", "--bind", bind], environment)
        self._wait_for(f"{self.web_url}/healthz")
        celery = ["-m", "celery", "-A", "community_report"]
        worker = [*celery, "worker", "--loglevel", "INFO", "--concurrency", str(self.concurrency)]
        self._launch("worker", worker, environment)
        schedule = str(self.home / "celerybeat-schedule")
        self._launch("beat", [*celery, "beat", "--loglevel", "INFO", "--schedule", schedule, "--pidfile="], environment)
        self._wait_for(f"{self.web_url}/readyz")

    def _sandbox_options(self) -> list[str]:
        state, cast = self.home / "sandbox", PROJECT / "sandbox" / "cast.toml"
        options = {"--port": self.port + 1, "--state-dir": state, "--cast": cast, "--app-url": self.web_url}
        options["--public-base-url"] = self.web_url
        return [str(part) for pair in options.items() for part in pair]

    def _announce(self, said: str) -> None:
        print(f"The phones, with a guided tour: {self.sandbox_url}/")
        print(f"Back office: {self.web_url}/admin/")
        if said.strip():
            print(said.strip())
        print(f"Logs are in {self.home}/log. Ctrl-C stops everything and keeps the data.", flush=True)

    def _launch(self, name: str, arguments: Sequence[str], environment: dict[str, str]) -> None:
        child = Child(name, [sys.executable, *arguments], environment, self.home / "log" / f"{name}.log")
        self.children.append(child)
        child.start()

    def _complete(self, name: str, arguments: Sequence[str], environment: dict[str, str]) -> str:
        """Run a step to its end; gives what it printed."""
        log = self.home / "log" / f"{name}.log"
        with log.open("wb") as errors:
            done = subprocess.run(
                [sys.executable, *arguments],
                cwd=PROJECT,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                preexec_fn=before_exec(Identity.SELF, signal.SIGTERM),
            )
        if done.returncode:
            raise DemoError(f"{name} failed (exit code {done.returncode}); the end of {log}:\n{tail(log)}")
        return done.stdout

    def _wait_for(self, url: str) -> None:
        deadline = time.monotonic() + START_SECONDS
        answer = "no answer"
        while time.monotonic() < deadline:
            for child in self.children:
                child.check()
            try:
                _direct.open(url, timeout=5).close()
                return
            except urllib.error.HTTPError as error:
                answer = f"{error.code} {error.read(500).decode(errors='replace')}"
            except OSError as error:
                answer = str(error)
            if self.stopping.wait(POLL_SECONDS):
                raise Stopped
        raise DemoError(f"{url} does not come up: {answer}")

    def _watch(self) -> None:
        while not self.stopping.wait(POLL_SECONDS):
            for child in self.children:
                child.check()

    def _stop(self) -> None:
        deadline = time.monotonic() + STOP_SECONDS
        for child in reversed(self.children):
            child.ask_to_stop()
        for child in reversed(self.children):
            child.wait(deadline)

    def _secret_key(self) -> str:
        path = self.home / "secret_key"
        if not path.exists():
            path.touch(mode=0o600)
            path.write_text(secrets.token_urlsafe(50))
        return path.read_text()

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        """Two demos on one set of data would destroy it."""
        with (self.home / "lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise DemoError("the demo of this checkout is running already") from None
            yield


class Stopped(Exception):
    """Asked to stop while still starting."""


def require_free_ports(*ports: int) -> None:
    """Raises DemoError naming the first port that somebody listens on."""
    for port in ports:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((HOST, port))
            except OSError as error:
                raise DemoError(f"port {port} cannot be used ({error.strerror}): choose another with PORT=…") from None


OWN_PORTS = range(20_000, 32_000)


def two_ports() -> int:
    """The first of two free ports side by side, below those that Linux gives to outgoing connections: one of these
    could take the second while the first is being opened.
    """
    for _ in range(100):
        port = secrets.choice(OWN_PORTS)
        try:
            require_free_ports(port, port + 1)
        except (DemoError, OverflowError):
            continue
        return port
    raise DemoError("no two free ports side by side")


def chosen_port() -> int:
    text = os.environ.get("PORT") or "8000"
    if not text.isdigit() or not 1 <= int(text) <= 65534:
        raise DemoError(f"PORT must be a number from 1 to 65534, not {text!r}")
    return int(text)


def main(arguments: Sequence[str]) -> int:
    die_with_make()
    try:
        demo = Demo(chosen_port(), Path(arguments[0]) if arguments else HOME)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, lambda *_: demo.stopping.set())
        demo.run()
    except (DemoError, ServiceError, RuntimeError) as error:
        print(f"make demo: {error}", file=sys.stderr)
        return 1
    except Stopped:
        return 0
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
