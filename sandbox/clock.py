"""The platform's clock, which tests may move: token, code, media and window expiry follow it."""

import time


class Clock:
    def __init__(self) -> None:
        self.skew = 0.0

    def now(self) -> float:
        """Unix seconds as the platform sees them. Time stamps of callbacks use the machine's own clock instead."""
        return time.time() + self.skew
