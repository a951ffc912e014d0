"""QR codes: the account's own scene where WeChat gives one, else the page's address."""

import io
from dataclasses import dataclass
from urllib.parse import urlencode

import segno
import structlog
from django.conf import settings

from accounts.models import Building, Community
from community_report.core import redis
from community_report.wechat.client import get_client
from community_report.wechat.errors import WeChatError

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Scene:
    """What a code stands for: the word that WeChat's events bring, and the page (below /h5/) where it leads."""

    word: str
    page: str

    @property
    def address(self) -> str:
        return f"{settings.PUBLIC_BASE_URL}{self.page}"

    def svg(self) -> bytes:
        """To be printed: good for ever."""
        return scene_svg(self.word, fallback=self.address, expire_seconds=None)


def community_scene(community: Community) -> Scene:
    """For the lobby: to bind."""
    return Scene(f"c_{community.slug}", f"/h5/bind?community={community.slug}")


def building_scene(building: Building) -> Scene:
    """For a building's entrance: to report something there."""
    query = urlencode({"community": building.community.slug, "building": building.pk})
    return Scene(f"b_{building.pk}", f"/h5/reports/new?{query}")


def scene_svg(scene: str, *, fallback: str, expire_seconds: int | None) -> bytes:
    """An SVG that, scanned in WeChat, leads to the account with `scene`, or (WeChat away, not allowed) to `fallback`.

    `expire_seconds` None: for ever, as for what is printed. Asks WeChat, so never inside a transaction.
    """
    content = _scene_address(scene, expire_seconds) or fallback
    out = io.BytesIO()
    segno.make(content, error="m").save(out, kind="svg", scale=8, border=4, xmldecl=False, light="#fff")
    return out.getvalue()


def _scene_address(scene: str, expire_seconds: int | None) -> str:
    """What WeChat's code for the scene says; one code is asked for once, as their number is limited."""
    key = f"qr:{scene}"
    try:
        known = redis.attempt(lambda client: client.get(key))
    except redis.Away:
        known = None
    if known:
        return str(known)
    try:
        address = get_client().create_qrcode(scene, expire_seconds=expire_seconds).url
    except WeChatError as error:
        log.warning("qrcode_refused", scene_kind=scene[:2], error=str(error))
        return ""
    _remember(key, address, expire_seconds)
    return address


def _remember(key: str, address: str, expire_seconds: int | None) -> None:
    try:
        redis.attempt(lambda client: client.set(key, address, ex=expire_seconds or 30 * 24 * 3600))
    except redis.Away:
        return
