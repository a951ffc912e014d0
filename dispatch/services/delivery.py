"""Sending what is due: lease, call WeChat outside any transaction, write down the answers as they come.

The three overlap: while messages are on their way the next are leased, so that as many calls as are allowed are under
way all the time, and one slow answer keeps nobody's message back.

`deliver` serves the tasks that routing asks for. `deliver_due` is the lane: one at a time in the whole fleet, it takes
what has come due, retries and broadcasts above all. While WeChat is silent only the lane sends, so that waiting for a
silent WeChat never holds more than one worker process.
"""

import secrets
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from uuid import UUID

import structlog
from django.db.models import QuerySet

from community_report.core import redis
from community_report.wechat.errors import transient
from dispatch.kinds import BROADCASTS
from dispatch.models import Delivery

from . import troubles
from .finishing import apply_early_finishes, finish_template
from .leasing import release, take
from .outcomes import record
from .sending import Crew, Results

__all__ = ["deliver", "deliver_due", "finish_template"]

log = structlog.get_logger(__name__)

#: Messages sent at once, each by a thread of its own; more while WeChat is silent and every call may last its time-out.
AT_ONCE, AT_ONCE_SILENT = 16, 32
#: So many times as many are in hand at most: enough to go on with while answers are written down and more is leased.
AHEAD = 4
#: Seconds after its start, until which a run leases messages, begins with those it has, and waits for answers. The
#: task's soft limit is 22.
LEASE_WITHIN, BEGIN_WITHIN, END_WITHIN = 5.5, 6.5, 20.0
#: Longer than a task can live: a killed worker keeps the lane no longer than this.
LANE_SECONDS = 25
_LANE = "dispatch:lane"


def deliver(delivery_ids: Iterable[UUID]) -> None:
    """Send these, as far as they are due; nothing while WeChat is silent, when all sending is the lane's."""
    if not troubles.is_silent():
        _Run([Delivery.objects.filter(pk__in=list(delivery_ids))], AT_ONCE).go()


def deliver_due(started: float | None = None) -> bool:
    """Send whatever is due; True when time ran out first, so that it is worth going on at once.

    `started` (monotonic seconds): since when the task runs that asks, which has one limit for all that it does.
    """
    everything = Delivery.objects.all()
    with _lane() as mine:
        if not mine:
            return False
        size = AT_ONCE_SILENT if troubles.is_silent() else AT_ONCE
        run = _Run([everything.exclude(kind__in=BROADCASTS), everything], size, started)
        run.go()
        return not (run.done or run.silent)


class _Run:
    """One run over what is due, at each turn of the first of `by_turn` that has something."""

    def __init__(self, by_turn: "list[QuerySet[Delivery]]", size: int, started: float | None = None) -> None:
        self._by_turn = by_turn
        self._start = time.monotonic() if started is None else started
        self._crew = Crew(size)
        #: Nothing is due any more. WeChat answers nobody.
        self.done = self.silent = False

    def go(self) -> None:
        with self._crew:
            while not self._over():
                if self._passed() < LEASE_WITHIN and not self.silent:
                    self._lease()
                self._write_down(self._crew.answers(until=self._start + self._limit()))
                if self.silent or self._passed() >= BEGIN_WITHIN:
                    release(self._crew.take_back())
            self._write_down([(shipment, transient("no answer in time")) for shipment in self._crew.unanswered()])

    def _over(self) -> bool:
        if len(self._crew):
            return self._passed() >= END_WITHIN
        return self.done or self.silent or self._passed() >= LEASE_WITHIN

    def _passed(self) -> float:
        return time.monotonic() - self._start

    def _limit(self) -> float:
        return BEGIN_WITHIN if self._passed() < BEGIN_WITHIN else END_WITHIN

    def _lease(self) -> None:
        """Fill up what is in hand, unless there is plenty. During a silence nothing is taken to wait in the queue."""
        size = self._crew.size
        room = (size if size == AT_ONCE_SILENT else AHEAD * size) - len(self._crew)
        if room < size:
            return
        for among in self._by_turn:
            looked_at, shipments = take(among, room)
            if looked_at:
                break
        self.done = not looked_at
        self._crew.hand_over(shipments)

    def _write_down(self, results: Results) -> None:
        if results:
            record(results)
            apply_early_finishes(results)
            self.silent = troubles.is_silent()


@contextmanager
def _lane() -> Iterator[bool]:
    """Is the lane ours? Without Redis it is everybody's: leases alone keep two from sending the same."""
    word = secrets.token_hex(8)
    try:
        mine = bool(redis.attempt(lambda r: r.set(_LANE, word, nx=True, ex=LANE_SECONDS)))
    except redis.Away:
        mine, word = True, ""
    try:
        yield mine
    finally:
        if mine and word:
            _give_back(word)


def _give_back(word: str) -> None:
    try:
        if redis.attempt(lambda r: r.get(_LANE)) == word:
            redis.attempt(lambda r: r.delete(_LANE))
    except redis.Away:
        log.info("lane_not_given_back")
