"""A text with a link, by message/custom/send: the form that the paper describes."""

from community_report.wechat.client import get_client

from .base import Message

#: https://developers.weixin.qq.com/doc/service/api/customer/message: a longer one is refused with 45002.
MAX_BYTES = 2048
# WeChat shows entities as they are written, so what could open or close a tag is replaced, not escaped.
_HARMLESS = str.maketrans({"<": "＜", ">": "＞"})


class TextChannel:
    name = "text"

    def serves(self, message: Message) -> bool:
        """Everything: what is to be an article too, where WeChat does not take the article."""
        return True

    def send(self, message: Message) -> str:
        get_client().send_text(message.openid, linked(message.text, message.url))
        return ""


def linked(text: str, url: str) -> str:
    """`text` as a link to `url`, at most `MAX_BYTES`."""
    frame = f'<a href="{url}"></a>'
    room = MAX_BYTES - len(frame.encode())
    inner = text.translate(_HARMLESS).encode()[:room].decode(errors="ignore")
    return f'<a href="{url}">{inner}</a>'
