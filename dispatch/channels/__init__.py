"""The ways to reach a person, in the order in which they are tried. A new one is a file here and a line below."""

from collections.abc import Iterable

from .base import Channel, Message
from .news import NewsChannel
from .template import TemplateChannel
from .text import TextChannel

CHANNELS: tuple[Channel, ...] = (TemplateChannel(), NewsChannel(), TextChannel())


def chain(message: Message, tried: Iterable[str]) -> list[Channel]:
    """The channels that can still carry this message; `tried` are the names of those that said "not this way"."""
    given_up = set(tried)
    return [channel for channel in CHANNELS if channel.name not in given_up and channel.serves(message)]


__all__ = ["CHANNELS", "Channel", "Message", "chain"]
