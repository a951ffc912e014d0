"""Calling WeChat for many messages at once: threads that each take one message after another and touch no database."""

import time
from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from queue import Empty, SimpleQueue
from types import TracebackType
from typing import Self

import structlog

from community_report.wechat.errors import ErrorKind, WeChatError

from .leasing import Shipment
from .outcomes import Accepted, Outcome

log = structlog.get_logger(__name__)

#: Answers that come within so long of one another are written down together.
LOT_SECONDS = 0.1

Results = list[tuple[Shipment, Outcome]]


class Crew:
    """Up to `size` calls at once; what is handed over beyond that waits for the first thread that is free.

    A context manager. What is still under way when it ends goes on without anybody listening.
    """

    def __init__(self, size: int) -> None:
        self.size = size
        self._executor = ThreadPoolExecutor(max_workers=size, thread_name_prefix="wechat")
        self._under_way: dict[Future[Outcome], Shipment] = {}
        self._answered: SimpleQueue[Future[Outcome]] = SimpleQueue()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, _kind: type[BaseException] | None, _e: BaseException | None, _tb: TracebackType | None) -> None:
        self._executor.shutdown(wait=False, cancel_futures=True)

    def __len__(self) -> int:
        """Messages in hand: waiting for a thread, or for WeChat."""
        return len(self._under_way)

    def hand_over(self, shipments: Iterable[Shipment]) -> None:
        for shipment in shipments:
            future = self._executor.submit(_attempt, shipment)
            self._under_way[future] = shipment
            future.add_done_callback(self._answered.put)

    def take_back(self) -> list[Shipment]:
        """What no thread has begun with."""
        return [self._under_way.pop(future) for future in list(self._under_way) if future.cancel()]

    def answers(self, until: float) -> Results:
        """The next answer and those that come with it; none when `until` (by the monotonic clock) passes first."""
        lot: Results = []
        last = until
        while self._under_way and (answer := self._next(last)):
            last = min(last, time.monotonic() + LOT_SECONDS) if not lot else last
            lot.append(answer)
        return lot

    def unanswered(self) -> list[Shipment]:
        return list(self._under_way.values())

    def _next(self, until: float) -> tuple[Shipment, Outcome] | None:
        while True:
            try:
                future = self._answered.get(timeout=max(0.0, until - time.monotonic()))
            except Empty:
                return None
            if shipment := self._under_way.pop(future, None):  # not there: taken back
                return shipment, future.result()


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
