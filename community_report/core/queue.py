"""Handing work to Celery after the commit. The queue is a hint: the database holds the work, and is swept."""

from typing import Any

import structlog
from celery import Task
from django.db import transaction
from kombu.exceptions import OperationalError
from redis.exceptions import RedisError

from . import redis

log = structlog.get_logger(__name__)


def enqueue(task: Task, *args: Any) -> None:
    """After the running transaction commits, ask a worker to run `task(*args)`; never raises, blocks a second at most.

    Arguments are ids. When Redis is away nothing is queued, and the periodic sweep does the work later.
    """
    transaction.on_commit(lambda: enqueue_now(task, *args), robust=True)


def enqueue_now(task: Task, *args: Any) -> bool:
    """Queue at once; False when the broker is away."""
    if not redis.is_up():
        log.warning("queue_away", task=task.name)
        return False
    try:
        task.apply_async(args=args, retry=False)
    except (OperationalError, RedisError, OSError) as error:
        redis.breaker.trip()
        log.warning("queue_away", task=task.name, error=type(error).__name__)
        return False
    return True
