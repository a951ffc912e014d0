"""Embedded PostgreSQL and Valkey from PyPI wheels: no Docker, no system package, as root or not.

    python -m devtools.services run -- COMMAND…

starts both in a temporary directory, sets the test environment, runs the command, stops both and returns the
command's exit code. A DATABASE_URL or REDIS_URL that is set already is used instead of a server of our own.
"""

import contextlib
import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from devtools.environment import environment_for_tests
from devtools.identity import Identity, before_exec, die_with_make
from devtools.servers import Postgres, ServiceError, Valkey


class Services:
    """PostgreSQL and Valkey side by side in one directory, as a context manager or by `start` and `stop`.

    `durable` keeps every write safe (demo, fault tests); without it a crash of the machine may lose the data.
    `needs` are the setting names wanted: DATABASE_URL, REDIS_URL or both. The data of a directory is kept and used
    again by the next start.
    """

    def __init__(
        self,
        directory: Path,
        *,
        durable: bool,
        needs: Sequence[str] = ("DATABASE_URL", "REDIS_URL"),
        identity: Identity | None = None,
    ) -> None:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.directory = directory.resolve()
        password = _kept_password(self.directory / "services.json")
        self.servers: dict[str, Postgres | Valkey] = {}
        if "DATABASE_URL" in needs:
            self.servers["DATABASE_URL"] = Postgres(
                self.directory, durable=durable, password=password, identity=identity
            )
        if "REDIS_URL" in needs:
            self.servers["REDIS_URL"] = Valkey(self.directory, durable=durable, password=password)

    @property
    def postgres(self) -> Postgres:
        server = self.servers["DATABASE_URL"]
        assert isinstance(server, Postgres)
        return server

    @property
    def valkey(self) -> Valkey:
        server = self.servers["REDIS_URL"]
        assert isinstance(server, Valkey)
        return server

    def environment(self) -> dict[str, str]:
        """DATABASE_URL and REDIS_URL of the servers that run."""
        return {name: server.url for name, server in self.servers.items()}

    def start(self) -> None:
        try:
            for server in self.servers.values():
                server.start()
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        for server in reversed(self.servers.values()):
            server.stop()

    def discard(self) -> None:
        """Remove the data of the stopped servers."""
        for server in self.servers.values():
            if isinstance(server, Postgres):
                server.discard()
        shutil.rmtree(self.directory, ignore_errors=True)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


@contextlib.contextmanager
def temporary_services(needs: Sequence[str]) -> Iterator[dict[str, str]]:
    """Fresh servers without durability; gives their settings, and leaves nothing behind."""
    services = Services(Path(tempfile.mkdtemp(prefix="community-report-")), durable=False, needs=needs)
    try:
        with services:
            yield services.environment()
    finally:
        services.discard()


def _kept_password(path: Path) -> str:
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(json.dumps({"password": secrets.token_hex(16)}))
    password: str = json.loads(path.read_text())["password"]
    return password


def run(command: Sequence[str]) -> int:
    """Run the command with both servers and the test environment; gives its exit code."""
    die_with_make()
    needs = [name for name in ("DATABASE_URL", "REDIS_URL") if not os.environ.get(name)]
    _stop_on_signals()
    with contextlib.ExitStack() as stack:
        settings = stack.enter_context(temporary_services(needs)) if needs else {}
        media = stack.enter_context(tempfile.TemporaryDirectory(prefix="community-report-media-"))
        return _run_child(command, environment_for_tests(os.environ | settings, media_root=media))


def _stop_on_signals() -> None:
    """Turn the signals that end a process into an exception, so that the servers are stopped on the way out."""

    def stop(number: int, frame: object) -> None:
        raise SystemExit(128 + number)

    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        signal.signal(number, stop)


def _run_child(command: Sequence[str], environment: dict[str, str]) -> int:
    child = subprocess.Popen(command, env=environment, preexec_fn=before_exec(Identity.SELF, signal.SIGTERM))

    def forward(number: int, frame: object) -> None:
        # A terminal has sent its Ctrl-C to the child already.
        if number != signal.SIGINT or not _in_foreground():
            child.send_signal(number)

    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        signal.signal(number, forward)
    code = child.wait()
    return 128 - code if code < 0 else code


def _in_foreground() -> bool:
    try:
        return os.tcgetpgrp(0) == os.getpgrp()
    except OSError:
        return False


def main(arguments: Sequence[str]) -> int:
    if arguments[:2] != ["run", "--"] or len(arguments) < 3:
        print(__doc__, file=sys.stderr)
        return 2
    try:
        return run(arguments[2:])
    except (ServiceError, RuntimeError, FileNotFoundError) as error:
        print(f"devtools.services: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
