"""The ways to reach a person, in the order in which they are tried. A new one is a file here and a line below."""

from collections.abc import Iterable

from dispatch.channel_names import OUTSIDE_WECHAT

from .base import Channel, Message
from .bizsend import BizsendChannel
from .news import NewsChannel
from .sms import SmsChannel
from .template import TemplateChannel
from .text import TextChannel

CHANNELS: tuple[Channel, ...] = (TemplateChannel(), NewsChannel(), TextChannel(), BizsendChannel(), SmsChannel())
#: Outside of WeChat's window these are likely to be refused, so what else there is goes first.
_NEED_A_WINDOW = ("news", "text")


def chain(message: Message, tried: Iterable[str]) -> list[Channel]:
    """The channels that can still carry this message; `tried` are the names of those that said "not this way"."""
    given_up = set(tried) if message.openid else {channel.name for channel in CHANNELS} - OUTSIDE_WECHAT | set(tried)
    left = [channel for channel in CHANNELS if channel.name not in given_up and channel.serves(message)]
    return sorted(left, key=lambda channel: _place(channel, message))


def _place(channel: Channel, message: Message) -> int:
    if channel.name in OUTSIDE_WECHAT:
        return 2
    return int(channel.name in _NEED_A_WINDOW and not message.window_open)


__all__ = ["CHANNELS", "Channel", "Message", "chain"]
