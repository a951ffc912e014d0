"""A total time limit for HTTP. The time-outs of requests hold for one read each: a peer that sends a byte now and then,
of the headers or of the body, never meets them."""

import io
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from http.client import HTTPResponse
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from community_report.wechat.errors import transient


class Deadline:
    """A point in time after which an operation gives up."""

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds

    def left(self) -> float:
        """Seconds left, more than zero; raises a transient WeChatError when there are none."""
        seconds = self._end - time.monotonic()
        if seconds <= 0:
            raise transient("no answer in time")
        return seconds

    def within(self, seconds: float) -> "Deadline":
        """A deadline at most this many seconds away, and never later than this one."""
        return Deadline(min(seconds, self.left()))

    def for_socket(self) -> float:
        """Seconds left, as socket code wants it: raises TimeoutError when there are none."""
        seconds = self._end - time.monotonic()
        if seconds <= 0:
            raise TimeoutError("no answer in time")
        return seconds


_running: ContextVar[Deadline | None] = ContextVar("wechat_deadline", default=None)


@contextmanager
def applied(deadline: Deadline) -> Iterator[None]:
    """Answers to requests that start in this block are read until the deadline, also after the block."""
    reset = _running.set(deadline)
    try:
        yield
    finally:
        _running.reset(reset)


class DeadlineAdapter(HTTPAdapter):
    """An adapter of requests whose answers keep to the deadline that was `applied` when they were asked for."""

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = _POOLS

    def proxy_manager_for(self, *args: Any, **kwargs: Any) -> Any:
        manager = super().proxy_manager_for(*args, **kwargs)
        manager.pool_classes_by_scheme = _POOLS
        return manager


class _Reader(io.RawIOBase):
    """What the socket sends; each read waits as long as the socket's time-out and the deadline both allow."""

    def __init__(self, stream: io.BufferedReader, connection: socket.socket, deadline: Deadline) -> None:
        self._stream = stream
        self._connection = connection
        self._deadline = deadline
        self._idle = connection.gettimeout()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        left = self._deadline.for_socket()
        self._connection.settimeout(left if self._idle is None else min(self._idle, left))
        piece = self._stream.read1(len(buffer))
        buffer[: len(piece)] = piece
        return len(piece)

    def close(self) -> None:
        self._stream.close()
        super().close()


class _Response(HTTPResponse):
    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        if deadline := _running.get():
            self.fp = io.BufferedReader(_Reader(self.fp, sock, deadline))


class _Connection(HTTPConnection):
    response_class = _Response


class _SecureConnection(HTTPSConnection):
    response_class = _Response


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _SecureConnection


_POOLS = {"http": _Pool, "https": _SecurePool}
