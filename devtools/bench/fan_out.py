"""A notice to many people, with a WeChat that takes its time for each message."""

import os
import time
from dataclasses import dataclass

import redis

from devtools.bench.accounting import Meter, memory_of
from devtools.bench.community import Community
from devtools.waiting import until

LATENCY = 0.05


@dataclass(frozen=True)
class FanOut:
    """Times in seconds from the publication; `processor` in seconds by process, until the last finish event."""

    people: int
    sent: float
    delivered: float
    limit: float
    processor: dict[str, float]
    worker_mb: tuple[float, float]
    redis_mb: tuple[float, float]
    largest_key: int

    @property
    def ratio(self) -> float:
        return self.sent / self.limit

    def lines(self) -> list[str]:
        each = {name: seconds / self.people * 1000 for name, seconds in self.processor.items()}
        total, cores = sum(each.values()), os.cpu_count() or 1
        least = total / 1000 * self.people / cores
        parts = ", ".join(f"{name} {ms:.2f}" for name, ms in sorted(each.items(), key=lambda item: -item[1]))
        return [
            f"notice to {self.people} people: {self.sent:.1f} s, {self.people / self.sent:.0f} a second",
            f"    {self.ratio:.2f} × the limit of {self.limit:.1f} s; all finish events after {self.delivered:.1f} s",
            f"    largest worker process {self.worker_mb[0]:.0f} → {self.worker_mb[1]:.0f} MB",
            f"    Redis {self.redis_mb[0]:.2f} → {self.redis_mb[1]:.2f} MB at most, largest key {self.largest_key} B",
            f"    processor time a message {total:.2f} ms: {parts}",
            f"    on {cores} cores that alone takes {least:.1f} s, {least / self.limit:.2f} × the limit",
            f"    load of the machine {os.getloadavg()[0]:.1f}",
        ]


def fan_out(here: Community, people: int) -> FanOut:
    from django.db.models import Max

    from dispatch.models import Delivery
    from dispatch.services.delivery import AT_ONCE

    meter, store = Meter(here.bench.processes()), _Store()
    before_mb, began = memory_of(here.bench), time.time()
    told = Delivery.objects.filter(notice=here.publish())
    until(lambda: store.look() and told.filter(status__in=("sent", "delivered")).count() == people,
          60 + people * LATENCY * 4, f"not all of {people} were told", every=0.5)  # fmt: skip
    after_mb = memory_of(here.bench)
    until(lambda: told.filter(status="delivered").count() == people, 120, f"not all of {people} finished", every=0.5)
    last = told.aggregate(sent=Max("sent_at"), delivered=Max("delivered_at"))
    return FanOut(
        people=people,
        sent=last["sent"].timestamp() - began,
        delivered=last["delivered"].timestamp() - began,
        limit=people * LATENCY / AT_ONCE,
        processor=meter.seconds(),
        worker_mb=(before_mb, after_mb),
        redis_mb=(store.before / 1e6, store.most / 1e6),
        largest_key=store.largest,
    )


class _Store:
    """What Redis holds, looked at now and then."""

    def __init__(self) -> None:
        from django.conf import settings

        databases = (settings.REDIS_BROKER_DB, settings.REDIS_CACHE_DB, settings.REDIS_STORE_DB)
        self._clients = [redis.Redis.from_url(settings.REDIS_URL, db=number) for number in databases]
        self.largest = 0
        self.before = self.most = self._used()

    def look(self) -> bool:
        self.most = max(self.most, self._used())
        for client in self._clients:
            self.largest = max([self.largest, *(int(client.memory_usage(key) or 0) for key in client.scan_iter())])
        return True

    def _used(self) -> int:
        return int(self._clients[0].info("memory")["used_memory"])
