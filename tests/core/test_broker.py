"""What a worker does with its connection when Redis goes away in the middle of a task: it must live through it."""

import contextlib
import logging
import tempfile
import threading
from pathlib import Path

import pytest
from celery import current_app
from kombu import Connection, Exchange, Message, Queue
from kombu.common import ignore_errors
from kombu.exceptions import OperationalError

from devtools.services import Services, temporary_services


@pytest.fixture
def lost() -> tuple[Connection, Message]:
    """A connection that was waiting for tasks when its Redis went, and a message of it that nobody has acknowledged."""
    taken: list[Message] = []
    with temporary_services(["REDIS_URL"]) as environment:
        connection = current_app.connection_for_read(environment["REDIS_URL"])
        connection.SimpleQueue("tasks").put("a task")
        connection.Consumer(Queue("tasks"), callbacks=[lambda _body, message: taken.append(message)]).consume()
        connection.Consumer(Queue("events"), channel=connection.channel()).consume()
        with contextlib.suppress(TimeoutError):
            while True:
                connection.drain_events(timeout=0.5)
    return connection, taken[0]


def give_up(connection: Connection) -> None:
    """celery.worker.consumer.Consumer.on_connection_error_after_connected, step by step."""
    with contextlib.suppress(Exception):
        connection.collect(socket_timeout=1)
    ignore_errors(connection, connection.close)


def test_the_lost_connection_can_be_closed(lost: tuple[Connection, Message]) -> None:
    connection, _message = lost
    give_up(connection)
    assert not connection.connected


def test_a_task_may_end_after_the_loss(lost: tuple[Connection, Message]) -> None:
    connection, message = lost
    errors = connection.connection_errors
    give_up(connection)
    message.ack_log_error(logging.getLogger("test"), errors)
    assert not message.acknowledged


def test_a_redis_that_was_away_unnoticed_leaves_nobody_waiting_for_ever() -> None:
    """As for a worker that was busy, or stopped, while Redis was started again."""
    with (
        tempfile.TemporaryDirectory() as folder,
        Services(Path(folder), durable=False, needs=["REDIS_URL"]) as services,
    ):
        connection = current_app.connection_for_read(services.environment()["REDIS_URL"])
        inbox = Queue("inbox", Exchange("control", type="fanout"))
        connection.Consumer(inbox, callbacks=[print]).consume()
        with contextlib.suppress(TimeoutError):
            connection.drain_events(timeout=0.5)
        (channel,) = connection.transport.channels
        services.valkey.kill()
        services.valkey.start()
        reading = threading.Thread(target=channel._receive, daemon=True)
        reading.start()
        reading.join(10)
        assert not reading.is_alive()


def test_the_pauses_between_two_attempts_do_not_grow(monkeypatch: pytest.MonkeyPatch) -> None:
    pauses: list[float] = []
    monkeypatch.setattr("kombu.utils.functional.sleep", pauses.append)
    with pytest.raises(OperationalError):
        current_app.connection_for_read("redis://127.0.0.1:1").ensure_connection(max_retries=5)
    assert sum(pauses) == 5 * 2
