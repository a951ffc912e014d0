"""Celery's way to Redis: back within seconds when Redis is, and alive however it went.

When the broker goes away while tasks are running, Celery 5.7.0 drops the connection first and gives the unacknowledged
messages back after that, by a connection that has forgotten its address: an AttributeError, which ends the worker. And
where Redis is back before the worker has noticed, the subscription to remote control is read without any time-out on a
connection that was just made anew: the worker waits there for ever.
"""

from functools import cached_property, partial
from typing import Any

import kombu
from celery.app.amqp import AMQP
from kombu.transport import redis as kombu_redis
from redis.exceptions import ConnectionError as RedisConnectionError

#: How long a subscription that should have something to read is read at most.
READ_SECONDS = 1
#: Celery's own pauses between two attempts grow to half a minute.
RECONNECT_SECONDS = 2


class Channel(kombu_redis.Channel):
    def _connparams(self, asynchronous: bool = False) -> Any:
        if self.connection.client is None:
            # What the callers expect of a broken connection; the messages come back by the visibility time-out.
            raise RedisConnectionError("the connection to the broker is gone")
        return super()._connparams(asynchronous=asynchronous)

    @cached_property
    def subclient(self) -> Any:
        subscription = self._create_client(asynchronous=True).pubsub()
        subscription.parse_response = partial(subscription.parse_response, block=False, timeout=READ_SECONDS)
        return subscription


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
