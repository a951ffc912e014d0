"""qrcode/create in its four forms, and the picture of a ticket (wechat.md section 7)."""

import io
from typing import Any

import segno
from aiohttp import web

from sandbox.api.registry import Call, interface
from sandbox.errors import WeChatError

LONGEST = 2_592_000
DEFAULT_SECONDS = 60
PERMANENT_LIMIT = 100_000


@interface("/cgi-bin/qrcode/create", daily=100_000)
async def create(call: Call) -> dict[str, Any]:
    action, info = call.json.get("action_name"), call.json.get("action_info")
    scene = info.get("scene") if isinstance(info, dict) else None
    if not isinstance(scene, dict):
        raise WeChatError(40053)
    lasting = action in ("QR_LIMIT_SCENE", "QR_LIMIT_STR_SCENE")
    if action in ("QR_SCENE", "QR_LIMIT_SCENE"):
        name, numeric = _number(scene, PERMANENT_LIMIT if lasting else 2**32 - 1), True
    elif action in ("QR_STR_SCENE", "QR_LIMIT_STR_SCENE"):
        name, numeric = _string(scene), False
    else:
        raise WeChatError(40053)
    seconds = None if lasting else _seconds(call.json.get("expire_seconds", DEFAULT_SECONDS))
    code = call.world.add_qrcode(name, numeric, seconds)
    return {"ticket": code.ticket} | ({"expire_seconds": seconds} if seconds else {}) | {"url": code.url}


@interface("/cgi-bin/showqrcode", "GET", token=False, quiet=True)
async def show(call: Call) -> web.Response:
    code = call.world.state.qrcodes.get(call.query.get("ticket", ""))
    if code is None:
        return web.Response(status=404, text="")
    out = io.BytesIO()
    segno.make(code.url, error="m").save(out, kind="png", scale=8, border=2)
    return web.Response(body=out.getvalue(), content_type="image/png")


def _number(scene: dict[str, Any], largest: int) -> str:
    number = scene.get("scene_id")
    if not isinstance(number, int) or isinstance(number, bool) or not 1 <= number <= largest:
        raise WeChatError(40053, "scene_id")
    return str(number)


def _string(scene: dict[str, Any]) -> str:
    text = scene.get("scene_str")
    if not isinstance(text, str) or not 1 <= len(text) <= 64:
        raise WeChatError(40053, "scene_str")
    return text


def _seconds(given: object) -> int:
    if not isinstance(given, int) or not 1 <= given <= LONGEST:
        raise WeChatError(40053, "expire_seconds")
    return given
