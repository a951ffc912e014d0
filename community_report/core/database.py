"""PostgreSQL that takes the connection and says nothing: nobody waits for it without an end.

PostgreSQL's own time-outs are the server's, which a server that hangs does not keep, and those of TCP are the kernel's,
which goes on acknowledging for it. So the client looks at the clock itself.
https://www.psycopg.org/docs/advanced.html#support-for-coroutine-libraries
"""

import select
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import psycopg2
from django.core.signals import request_started
from django.db import connections
from psycopg2 import extensions

#: A statement: longer than the time-out that the server itself keeps (settings.DATABASES).
STATEMENT_SECONDS = 16.0
#: Making a connection, sign-in included; `connect_timeout` does not count where a wait callback does the waiting.
CONNECT_SECONDS = 3.0
#: The first word of a request, by which Django asks whether a connection is still good. Both together stay below
#: WeChat's five seconds.
FIRST_SECONDS = 1.5
#: A connection that answered so lately is not asked whether it is still good: a busy process would ask all day long.
#: Where it broke in this second, the request is answered with 503, and the next one has a new connection.
FRESH_SECONDS = 1.0

_patience = ContextVar("patience", default=STATEMENT_SECONDS)
_first = ContextVar("first", default=False)
_answered = threading.local()  # each thread has a connection of its own
_READY = {extensions.POLL_READ: select.POLLIN, extensions.POLL_WRITE: select.POLLOUT}


@contextmanager
def patience(seconds: float) -> Iterator[None]:
    """Statements within wait so long at most."""
    token = _patience.set(seconds)
    try:
        yield
    finally:
        _patience.reset(token)


def wait(connection: Any) -> None:
    """Wait until the connection's operation is done; OperationalError, and the connection is lost, after too long."""
    end = time.monotonic() + _seconds(connection)
    while (state := connection.poll()) != extensions.POLL_OK:
        poll = select.poll()
        poll.register(connection.fileno(), _READY[state])
        if not poll.poll(max(0.0, end - time.monotonic()) * 1000):
            raise psycopg2.OperationalError("PostgreSQL does not answer")
    _first.set(False)
    _answered.at = time.monotonic()


def _begin_request(**_: Any) -> None:
    """After Django's own receiver, which has each request begin with the question."""
    _first.set(True)
    if time.monotonic() - getattr(_answered, "at", -FRESH_SECONDS) < FRESH_SECONDS:
        for connection in connections.all(initialized_only=True):
            vars(connection)["health_check_done"] = True


def _seconds(connection: Any) -> float:
    if connection.status == extensions.STATUS_SETUP:
        return CONNECT_SECONDS
    return FIRST_SECONDS if _first.get() else _patience.get()


def install() -> None:
    """For every connection of this process."""
    extensions.set_wait_callback(wait)
    request_started.connect(_begin_request, dispatch_uid="core.database.first")
