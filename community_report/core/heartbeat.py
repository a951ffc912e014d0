"""The workers' heartbeat: each worker writes its own every two seconds, from the loop that also takes tasks.

The value is the number of processes that the worker has for tasks, so that the fleet's size is known to all.
"""

import contextlib
from typing import Any

from celery.signals import heartbeat_sent, worker_init
from redis.exceptions import RedisError

from . import redis

#: A worker that has not written for this long (seconds) is not counted.
LIFE_SECONDS = 7
_PREFIX = "worker:heartbeat:"
_own: dict[str, Any] = {}


@worker_init.connect
def remember_worker(sender: Any = None, **_: Any) -> None:
    _own["worker"] = sender


@heartbeat_sent.connect
def write_heartbeat(sender: Any = None, **_: Any) -> None:
    """Celery's heart beats in the worker's main loop, so a worker that hangs falls silent."""
    hostname = getattr(getattr(sender, "eventer", None), "hostname", "worker")
    processes = int(getattr(_own.get("worker"), "concurrency", None) or 1)
    # Past the breaker, which would turn one slow answer into two beats left out.
    with contextlib.suppress(RedisError, OSError):
        redis.store().set(_PREFIX + hostname, processes, ex=LIFE_SECONDS)


def worker_is_alive() -> bool:
    """Has any worker written within `LIFE_SECONDS`?"""
    return processes() > 0


def processes() -> int:
    """How many processes the workers that are alive have for tasks; 0 when none is, or when Redis is away."""
    try:
        return redis.ask_patiently(_count)
    except redis.Away:
        return 0


def _count(client: Any) -> int:
    keys = list(client.scan_iter(_PREFIX + "*", count=1000))
    return sum(int(value or 0) for value in client.mget(keys)) if keys else 0
