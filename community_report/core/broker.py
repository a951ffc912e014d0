"""Celery's way to Redis: back within seconds when Redis is, and alive however it went.

When the broker goes away while tasks are running, Celery 5.7.0 drops the connection first and gives the unacknowledged
messages back after that, by a connection that has forgotten its address: an AttributeError, which ends the worker.
"""

from typing import Any

import kombu
from celery.app.amqp import AMQP
from kombu.transport import redis as kombu_redis
from redis.exceptions import ConnectionError as RedisConnectionError

#: Celery's own pauses between two attempts grow to half a minute.
RECONNECT_SECONDS = 2


class Channel(kombu_redis.Channel):
    def _connparams(self, asynchronous: bool = False) -> Any:
        if self.connection.client is None:
            # What the callers expect of a broken connection; the messages come back by the visibility time-out.
            raise RedisConnectionError("the connection to the broker is gone")
        return super()._connparams(asynchronous=asynchronous)


class Transport(kombu_redis.Transport):
    Channel = Channel


class Connection(kombu.Connection):
    def get_transport_cls(self) -> type[Transport]:
        return Transport

    def ensure_connection(self, *args: Any, **kwargs: Any) -> "Connection":
        return super().ensure_connection(*args, **{"interval_max": RECONNECT_SECONDS, **kwargs})


class Amqp(AMQP):
    """Given to the Celery application; makes every connection of it one of ours."""

    Connection = Connection
