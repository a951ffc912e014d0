"""The workers' heartbeat: each worker writes its own every two seconds, from the loop that also takes tasks."""

from typing import Any

from celery.signals import heartbeat_sent

from . import redis

#: A worker that has not written for this long (seconds) is not counted.
LIFE_SECONDS = 7
_PREFIX = "worker:heartbeat:"


@heartbeat_sent.connect
def write_heartbeat(sender: Any = None, **_: Any) -> None:
    """Celery's heart beats in the worker's main loop, so a worker that hangs falls silent."""
    hostname = getattr(getattr(sender, "eventer", None), "hostname", "worker")
    try:
        redis.attempt(lambda client: client.set(_PREFIX + hostname, "1", ex=LIFE_SECONDS))
    except redis.Away:
        return


def worker_is_alive() -> bool:
    """Has any worker written within `LIFE_SECONDS`?"""
    try:
        return redis.attempt(lambda client: next(client.scan_iter(_PREFIX + "*", count=1000), None)) is not None
    except redis.Away:
        return False
