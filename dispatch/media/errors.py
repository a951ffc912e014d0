"""Why a file could not be turned into something to show."""

REASONS = ("not_an_image", "too_many_pixels", "not_audio", "unsupported", "too_long", "too_large", "empty", "broken")


class MediaRefused(ValueError):
    """The file itself is at fault; trying again changes nothing. `reason` is one of `REASONS`."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class MediaInterrupted(RuntimeError):
    """The machine is at fault (killed, out of time, disk full); the same file may succeed later."""
