"""Picture-and-text with one article, by message/custom/send: the alternative to the text, for kinds set to it."""

from community_report.wechat.client import get_client

from .base import Message

TITLE_LENGTH = 64


class NewsChannel:
    name = "news"

    def serves(self, message: Message) -> bool:
        return message.form == self.name

    def send(self, message: Message) -> str:
        title = str(message.values.get("title") or message.text)
        get_client().send_news(
            message.openid,
            title=title[:TITLE_LENGTH],
            description=message.text,
            url=message.url,
            picurl=message.picture_url,
        )
        return ""
