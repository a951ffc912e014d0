"""A demonstration of one's own, beside whatever runs already: for browser tests and for the pictures of the docs."""

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from devtools.demo import PROJECT, two_ports

START_SECONDS = 180


@dataclass(frozen=True)
class Running:
    """Where it is: the web server's port (the sandbox has the next one), and what it printed."""

    port: int
    said: str


@contextlib.contextmanager
def running_demo() -> Iterator[Running]:
    """`python -m devtools.demo` on a folder of its own, up and with its data; stopped and deleted afterwards."""
    port = two_ports()
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "demo.log"
        with log.open("wb") as out:
            process = subprocess.Popen(
                [sys.executable, "-m", "devtools.demo", str(Path(folder) / "demo")],
                cwd=PROJECT,
                env=os.environ | {"PORT": str(port)},
                stdout=out,
                stderr=out,
            )
        try:
            _wait_until_up(process, log)
            yield Running(port, log.read_text())
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(60)


def _wait_until_up(process: "subprocess.Popen[bytes]", log: Path) -> None:
    end = time.monotonic() + START_SECONDS
    while "Ctrl-C" not in log.read_text():
        if process.poll() is not None or time.monotonic() > end:
            raise RuntimeError(f"the demonstration does not start:\n{log.read_text()}")
        time.sleep(0.1)
