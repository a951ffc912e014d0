"""Subscription messages, by message/subscribe/bizsend: one for each time that a person agreed to the template.

https://developers.weixin.qq.com/doc/service/api/notify/message
"""

from community_report.wechat.client import get_client

from .base import Message
from .template import filled


class BizsendChannel:
    name = "bizsend"

    def serves(self, message: Message) -> bool:
        return message.subscription is not None and message.granted

    def send(self, message: Message) -> str:
        assert message.subscription is not None
        template = message.subscription
        get_client().bizsend(
            message.openid, template_id=template.template_id, url=message.url, data=filled(template, message)
        )
        return ""
