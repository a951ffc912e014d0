"""Sending what is due: lease a wave, call WeChat for all of it at once outside any transaction, write down the answers.

`deliver` serves the tasks that routing asks for. `deliver_due` is the lane: one at a time in the whole fleet, it takes
what has come due, retries above all. While WeChat is silent only the lane sends, so that waiting for a silent WeChat
never holds more than one worker process.
"""

import secrets
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from uuid import UUID

import structlog
from django.db.models import QuerySet

from community_report.core import redis
from community_report.wechat.errors import ErrorKind, WeChatError, transient
from dispatch.kinds import Kind
from dispatch.models import Delivery

from . import troubles
from .finishing import apply_early_finishes, finish_template
from .leasing import Shipment, take
from .outcomes import Accepted, Outcome, record

__all__ = ["deliver", "deliver_due", "finish_template"]

log = structlog.get_logger(__name__)

#: Messages sent at once, each by a thread of its own; more while WeChat is silent and every call may last its time-out.
WAVE, SILENT_WAVE = 16, 32
#: No new wave is begun after so many seconds, and none lasts longer than so many: the task's soft limit is 22.
BEGIN_WITHIN, WAVE_SECONDS = 6.0, 14.0
#: Answers that come within so long of one another are written down together.
LOT_SECONDS = 0.2
#: Longer than a task can live: a killed worker keeps the lane no longer than this.
LANE_SECONDS = 25
_LANE = "dispatch:lane"
#: To many people at once, and in no hurry: in the lane, whatever else is due goes first.
BROADCASTS = (Kind.NOTICE, Kind.BOARD_POST)


def deliver(delivery_ids: Iterable[UUID]) -> None:
    """Send these, as far as they are due; nothing while WeChat is silent, when all sending is the lane's."""
    if not troubles.is_silent():
        _send_waves([Delivery.objects.filter(pk__in=list(delivery_ids))], WAVE)


def deliver_due() -> bool:
    """Send whatever is due; False when time ran out first, or when another worker is at it."""
    everything = Delivery.objects.all()
    with _lane() as mine:
        size = SILENT_WAVE if troubles.is_silent() else WAVE
        return mine and _send_waves([everything.exclude(kind__in=BROADCASTS), everything], size)


def _send_waves(by_turn: "list[QuerySet[Delivery]]", size: int) -> bool:
    """Wave after wave until nothing is due, the time is up, or WeChat is found silent; True for nothing due.

    Each wave comes from the first of `by_turn` that has something due.
    """
    end = time.monotonic() + BEGIN_WITHIN
    while time.monotonic() < end:
        looked_at, shipments = next((wave for among in by_turn if (wave := take(among, size))[0]), (0, []))
        if not looked_at:
            return True
        if shipments:
            for results in send(shipments):
                record(results)
                apply_early_finishes(results)
            if troubles.is_silent():
                return False
    return False


def send(shipments: list[Shipment]) -> Iterator[list[tuple[Shipment, Outcome]]]:
    """Call WeChat for every shipment, in parallel; gives the answers in lots as they come: one slow answer keeps no
    other from being written down. An answer that takes longer than `WAVE_SECONDS` counts as none.
    """
    # The threads touch no database; what a thread still does after the time is up, its next attempt may do again.
    executor = ThreadPoolExecutor(max_workers=len(shipments), thread_name_prefix="wechat")
    waiting: dict[Future[Outcome], Shipment] = {executor.submit(_attempt, one): one for one in shipments}
    end = time.monotonic() + WAVE_SECONDS
    try:
        while waiting and (answered := _next_lot(waiting, end)):
            yield [(waiting.pop(future), future.result()) for future in answered]
    finally:
        executor.shutdown(wait=False, cancel_futures=True)
    if waiting:
        yield [(shipment, transient("no answer in time")) for shipment in waiting.values()]


def _next_lot(waiting: Iterable[Future[Outcome]], end: float) -> set[Future[Outcome]]:
    """The next answer and what comes with it; empty when the time is up."""
    wait(waiting, timeout=max(0.0, end - time.monotonic()), return_when=FIRST_COMPLETED)
    return wait(waiting, timeout=min(LOT_SECONDS, max(0.0, end - time.monotonic()))).done


def _attempt(shipment: Shipment) -> Outcome:
    try:
        return Accepted(shipment.channel.send(shipment.message))
    except WeChatError as error:
        log.info("not_sent", delivery=str(shipment.rows[0].pk), channel=shipment.channel.name, error=str(error))
        return error
    except Exception as error:
        # A fault of ours in one channel must not keep the message from the next one.
        log.exception("channel_failed", delivery=str(shipment.rows[0].pk), channel=shipment.channel.name)
        return WeChatError(ErrorKind.PERMANENT, type(error).__name__)


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
