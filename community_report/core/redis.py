"""Redis, which may be slow, empty or away at any moment: short time-outs, and a breaker so that no request pays twice.

Nothing here is a record. Who calls must have an answer for `Away`.
"""

import threading
import time
from collections.abc import Callable
from functools import cache
from typing import TypeVar

import redis
from django.conf import settings
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError
from redis.retry import Retry

T = TypeVar("T")

#: How long somebody waits who wants to know whether Redis is there.
PATIENT_SECONDS = 1.0
#: After a failure, how long this process asks nothing of Redis (seconds).
BREAK_SECONDS = 3.0


class Away(Exception):
    """Redis does not answer right now."""


class _Breaker:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._until = 0.0

    def open(self) -> bool:
        return time.monotonic() < self._until

    def trip(self) -> None:
        with self._lock:
            self._until = time.monotonic() + BREAK_SECONDS

    def reset(self) -> None:
        self._until = 0.0


breaker = _Breaker()


@cache
def _client(url: str, database: int, timeout: float) -> "redis.Redis":
    return redis.Redis.from_url(
        url,
        db=database,
        decode_responses=True,
        socket_connect_timeout=timeout,
        socket_timeout=timeout,
        # What Redis has closed meanwhile is worth a second try; what is silent would be waited for twice.
        retry=Retry(NoBackoff(), 1, supported_errors=(RedisConnectionError,)),
        health_check_interval=25,
    )


def store() -> "redis.Redis":
    """Tokens, locks, counters. Raises `redis.RedisError` when away; `attempt` makes that `Away`, behind the breaker."""
    return _client(settings.REDIS_URL, settings.REDIS_STORE_DB, settings.REDIS_TIMEOUT_SECONDS)


def attempt(call: Callable[["redis.Redis"], T]) -> T:
    """Run one call on the store; raises `Away` when Redis does not answer, and at once while the breaker is open."""
    if breaker.open():
        raise Away
    try:
        answer = call(store())
    except (RedisError, OSError):
        breaker.trip()
        raise Away from None
    return answer


def ask_patiently(call: Callable[["redis.Redis"], T]) -> T:
    """Run one call past the breaker, with a second's patience: for who asks after Redis itself. Raises `Away`."""
    try:
        return call(_client(settings.REDIS_URL, settings.REDIS_STORE_DB, PATIENT_SECONDS))
    except (RedisError, OSError):
        raise Away from None


def is_up() -> bool:
    """Does Redis answer a ping right now? One slow answer, which opens the breaker, does not make it away."""
    try:
        return bool(ask_patiently(lambda r: r.ping()))
    except Away:
        return False
