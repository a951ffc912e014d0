"""gunicorn.conf.py: one line for a bad setting, the right client address, and no secret in the access log."""

import contextlib
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from devtools.environment import environment_for_tests
from devtools.servers import free_port

pytestmark = pytest.mark.integration
PROJECT = Path(__file__).parents[2]
SERVERS = {"DATABASE_URL": "postgres://nobody@127.0.0.1:1/none", "REDIS_URL": "redis://127.0.0.1:1"}


def gunicorn(*arguments: str, **variables: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "gunicorn", *arguments, "tests.devtools.echo:application"],
        cwd=PROJECT,
        env=environment_for_tests(os.environ | SERVERS | variables, media_root="/nonexistent"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@contextlib.contextmanager
def serving(log: list[str], **variables: str) -> Iterator[str]:
    address = f"127.0.0.1:{free_port()}"
    process = gunicorn("--bind", address, "--workers", "1", **variables)
    try:
        wait_until_up(f"http://{address}/", process)
        yield f"http://{address}/"
    finally:
        process.terminate()
        out, err = process.communicate(timeout=30)
        assert out == ""
        log += err.splitlines()


def wait_until_up(url: str, process: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(urllib.error.URLError):
            urllib.request.urlopen(url, timeout=5).close()
            return
        time.sleep(0.05)
    raise AssertionError("gunicorn did not come up")


def ask(url: str, forwarded: str) -> str:
    request = urllib.request.Request(url, headers={"X-Forwarded-For": forwarded})
    with urllib.request.urlopen(request, timeout=5) as answer:
        text: str = answer.read().decode()
        return text


@pytest.mark.parametrize(
    ("name", "value"),
    [("SECRET_KEY", ""), ("DATABASE_URL", "mysql://x/y"), ("DATABASE_URL", "nonsense"), ("THROTTLE_SCALE", "much")],
)
def test_a_bad_setting_stops_the_start_with_one_line_that_names_it(name: str, value: str) -> None:
    process = gunicorn("--bind", f"127.0.0.1:{free_port()}", **{name: value})
    out, err = process.communicate(timeout=30)
    assert process.returncode != 0
    assert out == ""
    (line,) = err.splitlines()
    assert name in line


@pytest.mark.parametrize("process", ["worker", "beat"])
def test_a_bad_setting_stops_worker_and_beat_just_so(process: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "celery", "-A", "community_report", process],
        cwd=PROJECT,
        env=environment_for_tests(os.environ | SERVERS | {"WECHAT_TOKEN": ""}, media_root="/nonexistent"),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.returncode, done.stdout) == (78, "")
    assert done.stderr == "community_report: setting WECHAT_TOKEN: is missing\n"


@pytest.mark.parametrize(
    ("trusted", "forwarded", "seen"),
    [
        ("", "9.9.9.9", "127.0.0.1"),
        ("10.0.0.0/8", "9.9.9.9", "127.0.0.1"),
        ("127.0.0.1", "9.9.9.9", "9.9.9.9"),
        ("127.0.0.0/8", "1.1.1.1, 9.9.9.9", "9.9.9.9"),
        ("*", "2001:db8::1", "2001:db8::1"),
        ("*", "not an address", "127.0.0.1"),
    ],
)
def test_the_clients_address_is_only_believed_from_a_trusted_proxy(trusted: str, forwarded: str, seen: str) -> None:
    log: list[str] = []
    with serving(log, FORWARDED_ALLOW_IPS=trusted) as url:
        assert ask(url, forwarded) == seen


def test_the_access_log_has_paths_and_no_queries() -> None:
    log: list[str] = []
    with serving(log) as url:
        ask(url + "wechat/oauth/return?code=SECRET&state=HIDDEN", "")
    text = "\n".join(log)
    assert '"GET /wechat/oauth/return" 200' in text
    assert "SECRET" not in text
    assert "HIDDEN" not in text


def test_who_still_sends_when_refused_gets_the_answer() -> None:
    with serving([]) as url:
        request = urllib.request.Request(url, b"x" * (12 << 20))
        with urllib.request.urlopen(request, timeout=10) as answer:
            assert answer.read() == b"127.0.0.1"
