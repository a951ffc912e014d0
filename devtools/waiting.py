"""Waiting for something to become true, with an end."""

import threading
import time
from collections.abc import Callable

from devtools.demo import DemoError

PAUSE = 0.1


def until(holds: Callable[[], bool], seconds: float, otherwise: str, every: float = PAUSE) -> float:
    """Wait until it holds, and give the seconds that it took; raises DemoError after so many seconds."""
    began = time.monotonic()
    while not holds():
        if time.monotonic() - began > seconds:
            raise DemoError(otherwise)
        threading.Event().wait(every)
    return time.monotonic() - began
