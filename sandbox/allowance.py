"""How many customer-service messages a person's own actions allow (wechat.md section 6)."""

from sandbox.errors import WeChatError
from sandbox.state import Phone

MESSAGE = (5, 48 * 3600.0)
INTERACTION = (3, 60.0)


def grant(phone: Phone, kind: str, now: float) -> None:
    """`kind` is `message` (the person wrote) or `interaction` (menu click, scan, follow)."""
    left, seconds = MESSAGE if kind == "message" else INTERACTION
    phone.grants[kind] = {"left": left, "until": now + seconds}


def spend(phone: Phone, now: float) -> None:
    """Takes one from the window that closes first. Raises WeChatError 45015 (none open) or 45047 (all used)."""
    windows = sorted((item for item in phone.grants.values() if item["until"] > now), key=lambda item: item["until"])
    if not windows:
        raise WeChatError(45015)
    for window in windows:
        if window["left"] > 0:
            window["left"] -= 1
            return
    raise WeChatError(45047)


def view(phone: Phone, now: float) -> dict[str, dict[str, float]]:
    """The open windows: kind → {left, seconds}."""
    return {
        kind: {"left": item["left"], "seconds": round(item["until"] - now, 1)}
        for kind, item in phone.grants.items()
        if item["until"] > now
    }
