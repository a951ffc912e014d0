"""user/info and user/get (wechat.md section 7): no names, no faces, since 2021."""

from typing import Any

from sandbox.api.registry import Call, interface
from sandbox.errors import WeChatError
from sandbox.state import Phone

PAGE = 10_000


@interface("/cgi-bin/user/info", "GET", daily=5_000_000)
async def info(call: Call) -> dict[str, Any]:
    return _describe(call, call.query.get("openid"))


@interface("/cgi-bin/user/info/batchget")
async def batch(call: Call) -> dict[str, Any]:
    wanted = call.json.get("user_list")
    if not isinstance(wanted, list) or not 1 <= len(wanted) <= 100:
        raise WeChatError(40097, "user_list")
    return {"user_info_list": [_describe(call, item.get("openid")) for item in wanted]}


@interface("/cgi-bin/user/get", "GET", daily=500)
async def listing(call: Call) -> dict[str, Any]:
    everyone = sorted(phone.openid for phone in call.world.state.phones.values() if phone.subscribed)
    after = call.query.get("next_openid", "")
    page = [openid for openid in everyone if openid > after][:PAGE]
    answer: dict[str, Any] = {"total": len(everyone), "count": len(page)}
    return answer | ({"data": {"openid": page}} if page else {}) | {"next_openid": page[-1] if page else ""}


def _describe(call: Call, openid: object) -> dict[str, Any]:
    phone = call.world.state.phone_of(openid)
    if phone is None:
        raise WeChatError(40003)
    return _full(phone) if phone.subscribed else {"subscribe": 0, "openid": phone.openid}


def _full(phone: Phone) -> dict[str, Any]:
    numeric = phone.qr_scene.isdigit()
    return {
        "subscribe": 1,
        "openid": phone.openid,
        "language": phone.language,
        "subscribe_time": int(phone.subscribed_at),
        "remark": "",
        "groupid": 0,
        "tagid_list": [],
        "subscribe_scene": phone.subscribe_scene,
        "qr_scene": int(phone.qr_scene) if numeric else 0,
        "qr_scene_str": "" if numeric else phone.qr_scene,
    }
