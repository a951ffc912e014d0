"""A short message by the installation's gateway: the last way, for who has left a number."""

from community_report.outward import sms
from dispatch.channel_names import SMS

from .base import Message
from .template import clean


class SmsChannel:
    name = SMS

    def serves(self, message: Message) -> bool:
        return message.sms is not None

    def send(self, message: Message) -> str:
        choice = message.sms
        assert choice is not None
        # A template's parameters are as narrow as WeChat's fields.
        params = {name: clean("thing1", message.values.get(value, "")) for name, value in choice.params.items()}
        return sms.send(choice.gateway, choice.phone, f"{message.text} {message.url}", url=message.url, params=params)
