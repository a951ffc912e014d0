"""The embedded servers: real PostgreSQL and Valkey, under any account, gone with whoever started them."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg2
import pytest
import redis

from devtools import services
from devtools.identity import Identity, choose_identity
from devtools.servers import ServiceError
from devtools.services import Services

pytestmark = pytest.mark.integration
WAYS = [choose_identity(), Identity.NOBODY] if os.geteuid() == 0 else [Identity.SELF]
PROJECT = Path(services.__file__).parents[1]


@contextlib.contextmanager
def started(directory: Path, *, durable: bool = False, identity: Identity | None = None) -> Iterator[Services]:
    both = Services(directory, durable=durable, identity=identity)
    try:
        with both:
            yield both
    finally:
        for server in both.servers.values():
            assert not server.running()


def query(url: str, statement: str) -> list[tuple[object, ...]]:
    with contextlib.closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
        cursor.execute(statement)
        rows: list[tuple[object, ...]] = cursor.fetchall() if cursor.description else []
        connection.commit()
        return rows


def wait_for(condition: Callable[[], bool], seconds: float = 20) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.02)
    return False


@pytest.mark.parametrize("identity", WAYS)
def test_both_servers_run_and_know_chinese(tmp_path: Path, identity: Identity) -> None:
    with started(tmp_path / "services", identity=identity) as both:
        urls = both.environment()
        assert query(urls["DATABASE_URL"], "SELECT count(*) > 0 FROM unnest('{1}'::int[])") == [(True,)]
        query(urls["DATABASE_URL"], "CREATE EXTENSION pg_trgm")
        ((trigrams,),) = query(urls["DATABASE_URL"], "SELECT cardinality(show_trgm('微信公众号'))")
        assert trigrams == 6
        assert redis.from_url(urls["REDIS_URL"] + "/3").set("键", "值") is True
    both.discard()


def test_the_server_works_in_a_home_that_nobody_else_may_enter(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    with started(home / "services", identity=WAYS[-1]) as both:
        assert query(both.postgres.url, "SELECT 1") == [(1,)]
    both.discard()
    assert not both.postgres.root.exists()


def test_data_survives_a_stop_and_a_crash(tmp_path: Path) -> None:
    with started(tmp_path, durable=True) as both:
        query(both.postgres.url, "CREATE TABLE kept (n int); INSERT INTO kept VALUES (1)")
        redis.from_url(both.valkey.url).set("kept", "1")
    with started(tmp_path, durable=True) as both:
        query(both.postgres.url, "INSERT INTO kept VALUES (2)")
        before = both.environment()
        both.postgres.kill()
        both.postgres.start()
        assert both.environment() == before
        assert query(both.postgres.url, "SELECT n FROM kept ORDER BY n") == [(1,), (2,)]
        assert redis.from_url(both.valkey.url).get("kept") == b"1"


@pytest.mark.parametrize(("durable", "expected"), [(True, "on"), (False, "off")])
def test_durability_is_what_was_asked_for(tmp_path: Path, durable: bool, expected: str) -> None:
    with started(tmp_path, durable=durable) as both:
        assert query(both.postgres.url, "SHOW fsync") == [(expected,)]
        stored = redis.from_url(both.valkey.url).config_get("appendonly")
        assert stored == {"appendonly": "yes" if durable else "no"}


def test_a_stranger_without_the_password_is_turned_away(tmp_path: Path) -> None:
    with started(tmp_path) as both:
        with pytest.raises(psycopg2.OperationalError, match="password"):
            psycopg2.connect(both.postgres.url.replace(both.postgres.password, "guess"))
        with pytest.raises(redis.AuthenticationError):
            redis.from_url(f"redis://127.0.0.1:{both.valkey.port}").ping()


def test_a_server_that_cannot_start_shows_its_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with started(tmp_path):
        pass
    (tmp_path / "pgdata" / "postgresql.conf").write_text("nonsense = on\n")
    both = Services(tmp_path, durable=False)
    with pytest.raises(ServiceError, match="nonsense"):
        both.start()


def run_services(*command: str, **variables: str) -> subprocess.Popen[str]:
    clean = {key: value for key, value in os.environ.items() if key not in ("DATABASE_URL", "REDIS_URL", "MEDIA_ROOT")}
    return subprocess.Popen(
        [sys.executable, "-m", "devtools.services", "run", "--", *command],
        cwd=PROJECT,
        env=clean | variables,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


REPORT = """
import os, subprocess, sys
print(os.environ["DATABASE_URL"], os.environ["REDIS_URL"], os.environ["MEDIA_ROOT"], flush=True)
"""


def test_the_commands_exit_code_comes_back_and_nothing_is_left(tmp_path: Path) -> None:
    process = run_services(sys.executable, "-c", REPORT + "sys.exit(7)", TMPDIR=str(tmp_path))
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 7
    database, redis_url, media = out.split()
    assert media.startswith(str(tmp_path))
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(psycopg2.OperationalError):
        psycopg2.connect(database)
    with pytest.raises(redis.ConnectionError):
        redis.from_url(redis_url).ping()


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGKILL])
def test_servers_and_command_end_with_the_runner(tmp_path: Path, how: signal.Signals) -> None:
    script = REPORT + "print(os.getpid(), flush=True); import signal; signal.pause()"
    process = run_services(sys.executable, "-c", script, TMPDIR=str(tmp_path))
    assert process.stdout is not None
    database, redis_url, _ = process.stdout.readline().split()
    command = int(process.stdout.readline())
    process.send_signal(how)
    process.wait(timeout=30)
    assert wait_for(lambda: not running(command))
    assert wait_for(lambda: refused(lambda: psycopg2.connect(database).close()))
    assert wait_for(lambda: refused(lambda: redis.from_url(redis_url).ping()))
    if how is not signal.SIGKILL:
        assert list(tmp_path.iterdir()) == []
    process.communicate()


def running(pid: int) -> bool:
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False


def refused(connect: Callable[[], object]) -> bool:
    try:
        connect()
    except (psycopg2.OperationalError, redis.ConnectionError):
        return True
    return False


def test_servers_that_are_there_already_are_used(tmp_path: Path) -> None:
    given = {"DATABASE_URL": "postgres://somebody@db.invalid/x", "REDIS_URL": "redis://cache.invalid"}
    out, _ = run_services(sys.executable, "-c", REPORT, TMPDIR=str(tmp_path), **given).communicate(timeout=60)
    assert out.split()[:2] == list(given.values())


def test_a_command_that_does_not_exist_is_one_line(tmp_path: Path) -> None:
    process = run_services("no-such-command", TMPDIR=str(tmp_path))
    _, err = process.communicate(timeout=60)
    assert process.returncode == 1
    assert err.splitlines() == ["devtools.services: [Errno 2] No such file or directory: 'no-such-command'"]
