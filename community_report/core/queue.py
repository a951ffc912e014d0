"""Handing work to Celery after the commit. The queue is a hint: the database holds the work, and is swept."""

import os
from functools import cache
from typing import Any

import structlog
from celery import Task, current_app
from celery.exceptions import SoftTimeLimitExceeded as OutOfTime
from django.conf import settings
from django.db import transaction
from kombu import Connection
from kombu.exceptions import LimitExceeded, OperationalError
from kombu.pools import producers
from redis.exceptions import RedisError

from . import redis

__all__ = ["OutOfTime", "enqueue", "enqueue_now"]

log = structlog.get_logger(__name__)


def enqueue(task: Task, *args: Any) -> None:
    """After the running transaction commits, ask a worker to run `task(*args)`; never raises, blocks a second at most.

    Arguments are ids. When Redis is away nothing is queued, and the periodic sweep does the work later.
    """
    transaction.on_commit(lambda: enqueue_now(task, *args), robust=True)


def enqueue_now(task: Task, *args: Any) -> bool:
    """Queue at once; False when the broker is away."""
    if redis.breaker.open():
        log.warning("queue_away", task=task.name)
        return False
    try:
        with producers[_broker(os.getpid())].acquire(block=True, timeout=settings.REDIS_TIMEOUT_SECONDS) as producer:
            task.apply_async(args=args, producer=producer, retry=False)
    except (OperationalError, LimitExceeded, RedisError, OSError) as error:
        redis.breaker.trip()
        log.warning("queue_away", task=task.name, error=type(error).__name__)
        return False
    return True


@cache
def _broker(_pid: int) -> Connection:
    """The broker, with a request's patience: Celery's own connections wait longer, since nobody waits for them."""
    timeout = settings.REDIS_TIMEOUT_SECONDS
    own = {"socket_timeout": timeout, "socket_connect_timeout": timeout, "retry_on_timeout": False, "max_retries": 0}
    return current_app.connection_for_write(transport_options=own)
