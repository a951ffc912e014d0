"""The launcher: what it says when something is wrong, and that nothing is left running when it ends."""

import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from devtools.demo import Child, Demo, DemoError, chosen_port, require_free_ports, two_ports

pytestmark = pytest.mark.integration
PROJECT = Path(__file__).parents[2]


@pytest.fixture
def port() -> int:
    return two_ports()


@pytest.mark.parametrize(("text", "number"), [("", 8000), ("9000", 9000)])
def test_the_port_is_chosen_by_the_environment(monkeypatch: pytest.MonkeyPatch, text: str, number: int) -> None:
    monkeypatch.setenv("PORT", text)
    assert chosen_port() == number


@pytest.mark.parametrize("text", ["eighty", "-1", "0", "65535", "8000.5"])
def test_a_wrong_port_is_named(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("PORT", text)
    with pytest.raises(DemoError, match=re.escape(text)):
        chosen_port()


def test_a_taken_port_is_named() -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        taken = listener.getsockname()[1]
        with pytest.raises(DemoError, match=rf"port {taken} cannot be used .* PORT="):
            require_free_ports(taken)


def child(folder: Path, script: str) -> Child:
    return Child("helper", [sys.executable, "-c", script], dict(os.environ), folder / "helper.log")


def test_a_child_that_dies_is_reported_with_the_end_of_its_log(tmp_path: Path) -> None:
    helper = child(tmp_path, "import sys; print('the reason', file=sys.stderr); sys.exit(3)")
    helper.start()
    assert helper.process is not None
    helper.process.wait(20)
    with pytest.raises(DemoError, match=r"helper stopped \(exit code 3\)(?s:.*)the reason"):
        helper.check()


def test_a_child_that_does_not_listen_is_killed(tmp_path: Path) -> None:
    helper = child(
        tmp_path, "import signal; signal.signal(15, signal.SIG_IGN); print('up', flush=True); signal.pause()"
    )
    helper.start()
    assert wait_for(lambda: "up" in helper.log.read_text())
    helper.ask_to_stop()
    helper.wait(time.monotonic() + 0.3)
    assert helper.process is not None
    assert helper.process.returncode == -signal.SIGKILL


def test_the_secret_key_is_made_once(tmp_path: Path) -> None:
    first = Demo(8000, tmp_path).environment({})["SECRET_KEY"]
    assert len(first) >= 50
    assert Demo(8000, tmp_path).environment({})["SECRET_KEY"] == first
    assert (tmp_path / "secret_key").stat().st_mode & 0o077 == 0


def wait_for(condition: Callable[[], bool], seconds: float = 20) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.05)
    return False


def status_of(url: str) -> int:
    """Readiness is the truth of the moment: on a busy machine a part may be late for a moment."""
    try:
        with urllib.request.urlopen(url, timeout=10) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code


class Launched:
    """`python -m devtools.demo` on a folder of its own."""

    def __init__(self, home: Path, port: int) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "devtools.demo", str(home)],
            cwd=PROJECT,
            env=os.environ | {"PORT": str(port)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self.lines: list[str] = []
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        self.lines.extend(self.process.stdout)

    def text(self) -> str:
        return "".join(self.lines)

    def stop(self, how: signal.Signals) -> int:
        self.process.send_signal(how)
        code = self.process.wait(60)
        self.reader.join(10)
        return code


@pytest.fixture
def launch(tmp_path: Path, port: int) -> Iterator[Callable[[], Launched]]:
    begun: list[Launched] = []

    def start() -> Launched:
        begun.append(Launched(tmp_path / "demo", port))
        return begun[-1]

    yield start
    for launched in begun:
        if launched.process.poll() is None:
            launched.stop(signal.SIGTERM)


def processes_of(home: Path) -> list[str]:
    """Command lines of what still runs on a demo's folder or with its settings."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            text = (entry / "cmdline").read_bytes() + (entry / "environ").read_bytes()
            state = (entry / "stat").read_text().rpartition(")")[2].split()[0]
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            continue
        if os.fsencode(home) in text and state != "Z":
            found.append((entry / "cmdline").read_bytes().replace(b"\0", b" ").decode())
    return found


def test_the_demo_comes_up_stops_without_a_trace_and_starts_again(
    tmp_path: Path, port: int, launch: Callable[[], Launched]
) -> None:
    for how in (signal.SIGINT, signal.SIGTERM):
        demo = launch()
        assert wait_for(lambda demo=demo: "Ctrl-C" in demo.text() or demo.process.poll() is not None, 120), demo.text()
        assert re.findall(r"https?://\S+", demo.text())[:1] == [f"http://127.0.0.1:{port + 1}/"], demo.text()
        for url in (f"http://127.0.0.1:{port}/readyz", f"http://127.0.0.1:{port + 1}/"):
            assert wait_for(lambda url=url: status_of(url) == 200), url
        second = launch()
        assert second.process.wait(30) == 1
        second.reader.join(10)
        assert "running already" in second.text()
        assert demo.stop(how) == 0
        assert processes_of(tmp_path / "demo") == []


def test_a_dead_part_ends_the_demo_and_says_which(tmp_path: Path, launch: Callable[[], Launched]) -> None:
    demo = launch()
    assert wait_for(lambda: "Ctrl-C" in demo.text() or demo.process.poll() is not None, 120), demo.text()
    (beat,) = [line for line in children_of(demo.process.pid) if " beat " in line[1]]
    os.kill(beat[0], signal.SIGKILL)
    assert demo.process.wait(60) == 1
    demo.reader.join(10)
    assert "beat stopped (exit code -9)" in demo.text()
    assert processes_of(tmp_path / "demo") == []


def children_of(parent: int) -> list[tuple[int, str]]:
    listed = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
    return [(int(pid), Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()) for pid in listed]
