"""Redis that refuses, or takes the connection and says nothing: no request waits a second for it."""

import socket
import time
from collections.abc import Iterator
from typing import Any

import pytest

from community_report.core import queue, redis
from dispatch.tasks import route


@pytest.fixture(params=["silent", "refusing"])
def address(request: pytest.FixtureRequest) -> Iterator[str]:
    """A Redis URL where nobody ever answers; silent is what a stopped process or a swallowed packet looks like."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        if request.param == "silent":
            server.listen(64)
        yield f"redis://127.0.0.1:{server.getsockname()[1]}"


def test_a_call_gives_up_soon(address: str, settings: Any) -> None:
    settings.REDIS_URL = address
    began = time.monotonic()
    with pytest.raises(redis.Away):
        redis.attempt(lambda client: client.get("x"))
    assert time.monotonic() - began < 0.9


def test_queueing_gives_up_soon_and_the_next_does_not_even_ask(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CELERY_BROKER_WRITE_URL", address)
    queue._broker.cache_clear()
    began = time.monotonic()
    assert queue.enqueue_now(route, 1) is False
    assert time.monotonic() - began < 0.9
    began = time.monotonic()
    assert queue.enqueue_now(route, 1) is False
    assert time.monotonic() - began < 0.1
    queue._broker.cache_clear()
