"""Limits on people, addresses and numbers, counted atomically in Redis (a burst in parallel does not pass).

When Redis is away the limits are off: a report must get through. The admin's lock-out (django-axes) counts in
PostgreSQL.
"""

import hashlib
import time
from typing import TYPE_CHECKING

from django.conf import settings
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from . import redis
from .api import Throttled
from .network import address_of

if TYPE_CHECKING:
    from rest_framework.views import APIView


def spend(scope: str, key: str, *, limit: int, seconds: int) -> int:
    """Count one use of `key`; 0 when it is within `limit` per `seconds`, else the seconds until the window ends."""
    if settings.THROTTLE_SCALE == 0:
        return 0
    window = int(time.time() // seconds)
    name = f"throttle:{scope}:{hashlib.sha256(key.encode()).hexdigest()[:24]}:{window}"

    def count(client: "redis.redis.Redis") -> int:
        pipe = client.pipeline()
        pipe.incr(name)
        pipe.expire(name, seconds + 1)
        return int(pipe.execute()[0])

    try:
        used = redis.attempt(count)
    except redis.Away:
        return 0
    if used <= max(1, round(limit * settings.THROTTLE_SCALE)):
        return 0
    return max(1, int((window + 1) * seconds - time.time()))


def check(scope: str, key: str, *, limit: int, seconds: int) -> None:
    """As `spend`, raising `Throttled` (429 with Retry-After)."""
    wait = spend(scope, key, limit=limit, seconds=seconds)
    if wait:
        raise Throttled(wait)


def spend_write(who: str) -> int:
    """A person's writes, by the API and by forms without scripts: 60 a minute."""
    return spend("write", who, limit=60, seconds=60)


class PersonThrottle(BaseThrottle):
    """Every call of the API: 300 a minute and person (or address, before login); of these, `spend_write`."""

    def allow_request(self, request: Request, view: "APIView") -> bool:
        who = str(request.user.pk) if request.user and request.user.is_authenticated else address_of(request)
        self.seconds = spend("api", who, limit=300, seconds=60)
        if not self.seconds and request.method not in ("GET", "HEAD", "OPTIONS"):
            self.seconds = spend_write(who)
        return not self.seconds

    def wait(self) -> float:
        return self.seconds
