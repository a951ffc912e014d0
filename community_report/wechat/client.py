"""Every call of the project to WeChat's API. Each raises `errors.WeChatError` and nothing else from the network.

A call takes at most four time-outs (`WECHAT_TIMEOUT_SECONDS`), token included.
"""

import os
import threading
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, BinaryIO
from urllib.parse import quote

from community_report.wechat import media
from community_report.wechat.api import Api, field
from community_report.wechat.config import Account, account
from community_report.wechat.errors import transient
from community_report.wechat.media import MediaFile
from community_report.wechat.transport import Json

OFFICIAL_API = "https://api.weixin.qq.com"
OFFICIAL_QR_IMAGES = "https://mp.weixin.qq.com"
MASS_RECIPIENTS = range(2, 10_001)
MAX_QRCODE_SECONDS = 2_592_000
SCENE_LENGTH = range(1, 65)

NO_MENU = 46003
MASS_ALREADY_ACCEPTED = 45065


@dataclass(frozen=True)
class UserInfo:
    """What WeChat still tells about a person. `language` is WeChat's (`zh_CN`, `en` …); None when it does not say."""

    subscribed: bool
    language: str | None


@dataclass(frozen=True)
class QRCode:
    """`url` is what the code says, `image_url` a picture of it."""

    ticket: str
    url: str
    image_url: str


@dataclass(frozen=True)
class TokenInfo:
    """The shared access token, for diagnosis; never the token itself."""

    seconds_left: int


class Client:
    """One official account. Thread-safe; get it from `get_client`."""

    def __init__(self, account: Account) -> None:
        self.account = account
        self.api = Api(account)

    def send_text(self, openid: str, content: str) -> None:
        """message/custom/send; `content` may hold `<a href>`, about 2048 bytes."""
        _accepted(self.api.message.send_text(openid, content))

    def send_news(self, openid: str, *, title: str, description: str, url: str, picurl: str = "") -> None:
        """message/custom/send with one article."""
        article = {"title": title, "description": description, "url": url, "picurl": picurl}
        _accepted(self.api.message.send_articles(openid, [article]))

    def send_template(
        self, openid: str, *, template_id: str, url: str, data: dict[str, str], client_msg_id: str
    ) -> str:
        """message/template/send; returns the msgid that the finish event will carry.

        WeChat sends the same `client_msg_id` to the same person once in ten minutes.
        """
        body = {
            "touser": openid,
            "template_id": template_id,
            "url": url,
            "client_msg_id": client_msg_id,
            "data": _values(data),
        }
        return str(_accepted(self.api.post("message/template/send", data=body)).get("msgid", ""))

    def mass_send_text(self, openids: list[str], content: str, *, clientmsgid: str) -> str:
        """message/mass/send to 2–10,000 people; returns the msg_id. Spends one of everybody's four a month.

        The same `clientmsgid` (at most 64 bytes) again sends nothing and returns the first msg_id.
        """
        if len(openids) not in MASS_RECIPIENTS:
            raise ValueError(f"{len(openids)} recipients; a mass message takes 2 to 10,000")
        body = {"touser": openids, "msgtype": "text", "text": {"content": content}, "clientmsgid": clientmsgid}
        answer = self.api.post("message/mass/send", data=body, accept=(MASS_ALREADY_ACCEPTED,))
        return str(_accepted(answer).get("msg_id", ""))

    def bizsend(self, openid: str, *, template_id: str, url: str, data: dict[str, str]) -> None:
        """message/subscribe/bizsend: spends one grant of this person."""
        _accepted(self.api.message.send_subscribe_message(openid, template_id, _values(data), page=url))

    def download_media(self, media_id: str, target: BinaryIO, *, max_bytes: int, deadline: float) -> MediaFile:
        """media/get into `target` within `deadline` seconds; see `media.download`."""
        return media.download(self.api, media.PLAIN, media_id, target, max_bytes=max_bytes, seconds=deadline)

    def download_voice_hq(self, media_id: str, target: BinaryIO, *, max_bytes: int, deadline: float) -> MediaFile:
        """media/get/jssdk: the 16 kHz Speex of a voice that a page uploaded; verified accounts only."""
        return media.download(self.api, media.JSSDK_VOICE, media_id, target, max_bytes=max_bytes, seconds=deadline)

    def upload_media(self, kind: str, filename: str, data: bytes, content_type: str) -> str:
        """media/upload (`kind` image, voice, video or thumb); returns a media_id that lives three days."""
        answer = self.api.media.upload(kind, (filename, data, content_type))
        return str(answer.get("thumb_media_id") or field(answer, "media_id"))

    def user_info(self, openid: str) -> UserInfo:
        """user/info; a person who does not follow the account is `subscribed=False`."""
        answer = self.api.user.get(openid)
        return UserInfo(subscribed=field(answer, "subscribe") == 1, language=answer.get("language") or None)

    def create_qrcode(self, scene: str, *, expire_seconds: int | None) -> QRCode:
        """qrcode/create for a scene of 1 to 64 characters; None: permanent (100,000 in all), else at most 30 days."""
        if len(scene) not in SCENE_LENGTH:
            raise ValueError("a scene has 1 to 64 characters")
        body: Json = {"action_name": "QR_LIMIT_STR_SCENE", "action_info": {"scene": {"scene_str": scene}}}
        if expire_seconds is not None:
            body |= {"action_name": "QR_STR_SCENE", "expire_seconds": min(expire_seconds, MAX_QRCODE_SECONDS)}
        answer = self.api.qrcode.create(body)
        ticket = str(field(answer, "ticket"))
        return QRCode(ticket=ticket, url=str(field(answer, "url")), image_url=self._image_of(ticket))

    def menu_create(self, menu: Json) -> None:
        """menu/create with `{"button": […]}`; replaces the menu."""
        _accepted(self.api.menu.create(menu))

    def menu_get(self) -> Json | None:
        """menu/get: `{"button": […]}`, or None without a menu."""
        answer = self.api.get("menu/get", accept=(NO_MENU,))
        return None if answer.get("errcode") == NO_MENU else dict(field(answer, "menu"))

    def menu_delete(self) -> None:
        """menu/delete; without a menu too."""
        _accepted(self.api.menu.delete())

    def list_templates(self) -> list[Json]:
        """template/get_all_private_template: the account's templates with `template_id`, `title`, `content` …"""
        return list(field(self.api.template.get_all_private_template(), "template_list"))

    def list_subscription_templates(self) -> list[Json]:
        """wxaapi/newtmpl/gettemplate: the account's subscription templates with `priTmplId`, `title`, `content` …

        https://developers.weixin.qq.com/doc/service/api/notify/message
        """
        answer = self.api.get("gettemplate", api_base_url=f"{OFFICIAL_API}/wxaapi/newtmpl/")
        return list(answer.get("data") or [])

    def callback_ips(self) -> list[str]:
        """getcallbackip: where WeChat's pushes come from; changes daily."""
        return list(field(self.api.get("getcallbackip"), "ip_list"))

    def check_callback(self) -> Json:
        """callback/check: how WeChat's servers reach ours, `{"dns": […], "ping": […]}`."""
        return self.api.post("callback/check", data={"action": "all", "check_operator": "DEFAULT"})

    def jsapi_ticket(self) -> str:
        """The shared JS-SDK ticket, within one time-out, since a page is waiting."""
        return self.api.ticket.get(self.api.quick_deadline())

    def token_info(self) -> TokenInfo:
        """Makes sure that there is an access token and says how long it will be used."""
        self.api.token.get(self.api.deadline())
        return TokenInfo(seconds_left=self.api.token.seconds_left())

    def _image_of(self, ticket: str) -> str:
        # The pictures have a host of their own at WeChat; a stand-in for WeChat serves everything from one.
        base = self.account.api_base_url
        host = OFFICIAL_QR_IMAGES if base == OFFICIAL_API else base
        return f"{host}/cgi-bin/showqrcode?ticket={quote(ticket, safe='')}"


def get_client() -> Client:
    """The client of the current settings, one per process."""
    with _creating:
        # The process id: a forked worker must not share its parent's connections.
        return _client(account(), os.getpid())


_creating = threading.Lock()


@lru_cache(maxsize=4)
def _client(account: Account, _pid: int) -> Client:
    return Client(account)


def _values(data: dict[str, str]) -> dict[str, dict[str, str]]:
    return {name: {"value": value} for name, value in data.items()}


def _accepted(answer: Any) -> Json:
    """`answer` when it says so itself: an object without `errcode` is no proof that anything was sent."""
    if not isinstance(answer, dict) or answer.get("errcode") is None:
        raise transient("answer without errcode")
    return answer
