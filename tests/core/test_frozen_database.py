"""A PostgreSQL that takes connections and statements and never answers: everybody gives up by the clock."""

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

import psycopg2
import pytest
from django.db import OperationalError, close_old_connections, connection
from django.test import Client

import manage
from community_report.core import database


@pytest.fixture
def no_broken_connection_is_left(transactional_db: None) -> Iterator[None]:
    """Emptying the database afterwards, and the tests that follow, need one that works."""
    yield
    connection.close_if_unusable_or_obsolete()


@contextmanager
def at_most(seconds: float) -> Iterator[None]:
    began = time.monotonic()
    yield
    assert time.monotonic() - began < seconds


def test_a_connection_is_not_waited_for_longer_than_that(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "CONNECT_SECONDS", 0.3)
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        host, port = server.getsockname()
        with at_most(2), pytest.raises(psycopg2.OperationalError):
            psycopg2.connect(host=host, port=port, user="x", dbname="x")


@pytest.mark.usefixtures("no_broken_connection_is_left")
def test_a_statement_is_given_up_and_the_next_one_works() -> None:
    with at_most(2), pytest.raises(OperationalError), database.patience(0.3), connection.cursor() as cursor:
        cursor.execute("SELECT pg_sleep(5)")
    connection.close_if_unusable_or_obsolete()
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        assert cursor.fetchone() == (1,)


@pytest.mark.parametrize(("command", "patient"), [("migrate", True), ("check_figures", True), ("report_stats", False)])
def test_commands_that_look_at_everything_have_the_time(
    command: str, patient: bool, no_broken_connection_is_left: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def execute(argv: list[str]) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_sleep(0.5)")

    token = database._patience.set(0.1)
    monkeypatch.setattr("django.core.management.execute_from_command_line", execute)
    monkeypatch.setattr("sys.argv", ["manage.py", command])
    try:
        with nullcontext() if patient else pytest.raises(OperationalError):
            manage.main()
    finally:
        database._patience.reset(token)


@pytest.mark.usefixtures("no_broken_connection_is_left")
def test_a_request_whose_connection_has_fallen_silent_gets_another(monkeypatch: pytest.MonkeyPatch, cast: Any) -> None:
    """Django asks at the beginning of a request whether its connection is still good, and has to be told soon."""
    monkeypatch.setattr(database, "FIRST_SECONDS", 0.0)
    monkeypatch.setattr(database, "FRESH_SECONDS", 0.0)
    client = Client()
    client.force_login(cast.resident, backend="accounts.auth.ManagerBackend")
    close_old_connections()  # as every request of a server begins; Django's test client leaves it out
    with at_most(5):
        assert client.get("/api/v1/me").status_code == 200


@pytest.mark.usefixtures("no_broken_connection_is_left")
@pytest.mark.parametrize(("fresh", "asked"), [(60.0, 0), (0.0, 1)])
def test_a_connection_that_answered_just_now_is_not_asked_again(
    monkeypatch: pytest.MonkeyPatch, fresh: float, asked: int
) -> None:
    questions: list[bool] = []
    connection.close()  # with what earlier errors left
    monkeypatch.setattr(connection, "is_usable", lambda: questions.append(True) or True)
    monkeypatch.setattr(database, "FRESH_SECONDS", fresh)
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    questions.clear()
    close_old_connections()  # Django's receiver, and then ours; a test client in between would have turned them round
    database._begin_request()
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    assert len(questions) == asked
