"""Values that WeChat issues to the whole account (access token, JS ticket), shared by every process through Redis.

One process renews for all, behind a lock. With Redis away each process keeps its own copy in memory for a while:
`stable_token` answers everybody with the same token, so that costs calls and breaks nothing.
"""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

from redis.exceptions import LockError

from community_report.core.redis import Away, attempt
from community_report.wechat.deadline import Deadline
from community_report.wechat.errors import WeChatError, transient

logger = logging.getLogger(__name__)

#: Renew this early. Within the last five minutes WeChat issues the next token while the old one still works.
MARGIN_SECONDS = 200
#: How long a process trusts its own copy when Redis is away. A stale one costs a refused call and a renewal.
MEMORY_SECONDS = 600
#: For so long a value read from Redis is not read again: hundreds of messages go out in a second.
RECENT_SECONDS = 0.5
#: How often a process that waits for another's renewal looks again.
POLL_SECONDS = 0.05
#: After a failed renewal, how long this process's threads share the failure instead of queueing for their own.
FAILURE_SECONDS = 1.0


@dataclass(frozen=True)
class Issued:
    """A value fresh from WeChat; `expires_in` in seconds."""

    value: str
    expires_in: int

    @property
    def keep_seconds(self) -> int:
        if self.expires_in > 2 * MARGIN_SECONDS:
            return self.expires_in - MARGIN_SECONDS
        return max(1, self.expires_in // 2)


class SharedValue:
    """One value under one Redis key. `issue` asks WeChat for it, within the `hold_seconds` that the lock lasts."""

    def __init__(self, key: str, issue: Callable[[Deadline], Issued], *, hold_seconds: float) -> None:
        self._key = key
        self._issue = issue
        self._hold = hold_seconds
        self._mutex = threading.Lock()
        self._memory = ("", 0.0)
        self._read = ("", 0.0)
        self._failure: tuple[WeChatError | None, float] = (None, 0.0)

    def get(self, deadline: Deadline, *, rejected: str = "") -> str:
        """The current value; asks WeChat only when there is none, or when it is still the one WeChat `rejected`.

        Raises WeChatError when WeChat does not issue one, or nobody's renewal ends before the deadline.
        """
        value = self._recent() or self._current()
        if value and value != rejected:
            return value
        if not self._mutex.acquire(timeout=deadline.left()):
            raise transient("another thread is still renewing")
        try:
            self._spare_after_failure()
            with self._only_one_process(deadline):
                value = self._current()
                return value if value and value != rejected else self._renew(deadline)
        finally:
            self._mutex.release()

    def seconds_left(self) -> int:
        """How long the current value will be used; 0 when there is none."""
        try:
            return max(0, int(attempt(lambda r: r.ttl(self._key))))
        except Away:
            return max(0, int(self._memory[1] - time.monotonic()))

    def _recent(self) -> str:
        value, read_at = self._read
        return value if time.monotonic() < read_at + RECENT_SECONDS else ""

    def _current(self) -> str:
        try:
            value = str(attempt(lambda r: r.get(self._key)) or "")
        except Away:
            value, until = self._memory
            return value if time.monotonic() < until else ""
        if value:
            self._read = (value, time.monotonic())
            self._remember(value, MEMORY_SECONDS)
        return value

    def _spare_after_failure(self) -> None:
        error, until = self._failure
        if error and time.monotonic() < until:
            raise WeChatError(error.kind, error.message, error.code)

    def _renew(self, deadline: Deadline) -> str:
        try:
            issued = self._issue(deadline)
        except WeChatError as error:
            self._failure = (error, time.monotonic() + FAILURE_SECONDS)
            raise
        logger.info("renewed %s for %s s", self._key, issued.keep_seconds)
        self._remember(issued.value, issued.keep_seconds)
        with suppress(Away):
            attempt(lambda r: r.set(self._key, issued.value, ex=issued.keep_seconds))
        return issued.value

    def _remember(self, value: str, seconds: float) -> None:
        self._memory = (value, time.monotonic() + seconds)

    @contextmanager
    def _only_one_process(self, deadline: Deadline) -> Iterator[None]:
        lock = self._lock(deadline)
        try:
            yield
        finally:
            if lock is not None:
                self._unlock(lock)

    def _lock(self, deadline: Deadline) -> Any:
        """The lock, held; None with Redis away."""
        wait = deadline.left()

        def acquire(client: Any) -> Any:
            lock = client.lock(f"{self._key}:lock", timeout=self._hold, sleep=POLL_SECONDS, blocking_timeout=wait)
            return lock if lock.acquire() else False

        try:
            lock = attempt(acquire)
        except Away:
            return None
        if lock is False:
            raise transient("another process is still renewing")
        return lock

    @staticmethod
    def _unlock(lock: Any) -> None:
        def release(_: Any) -> None:
            with suppress(LockError):  # it ran out: another process may hold it now
                lock.release()

        with suppress(Away):
            attempt(release)
