"""The account's menu (wechat.md section 7)."""

from typing import Any

from sandbox.api.registry import Call, interface
from sandbox.errors import WeChatError

KEYED = {
    "click",
    "scancode_push",
    "scancode_waitmsg",
    "pic_sysphoto",
    "pic_photo_or_album",
    "pic_weixin",
    "location_select",
}
OTHER = {"media_id": "media_id", "article_id": "article_id", "miniprogram": "pagepath"}
TOP_BYTES, SUB_BYTES, KEY_BYTES, URL_BYTES = 16, 60, 128, 1024


@interface("/cgi-bin/menu/create", daily=1000)
async def create(call: Call) -> dict[str, Any]:
    buttons = call.json.get("button")
    if not isinstance(buttons, list) or not 1 <= len(buttons) <= 3:
        raise WeChatError(40016)
    for button in buttons:
        _check_top(button)
    call.world.state.menu = buttons
    call.world.state.next_id("menu")
    call.world.store.changed()
    call.world.hub.publish("menu", buttons)
    return {"errcode": 0, "errmsg": "ok"}


@interface("/cgi-bin/menu/get", "GET")
async def get(call: Call) -> dict[str, Any]:
    if not call.world.state.menu:
        raise WeChatError(46003)
    return {"menu": {"button": [_full(button) for button in call.world.state.menu]}}


@interface("/cgi-bin/menu/delete", "GET")
async def delete(call: Call) -> dict[str, Any]:
    call.world.state.menu = []
    call.world.store.changed()
    call.world.hub.publish("menu", [])
    return {"errcode": 0, "errmsg": "ok"}


@interface("/cgi-bin/get_current_selfmenu_info", "GET")
async def current(call: Call) -> dict[str, Any]:
    buttons = [_nested(button) for button in call.world.state.menu]
    return {"is_menu_open": int(bool(buttons)), "selfmenu_info": {"button": buttons}}


def _full(button: dict[str, Any]) -> dict[str, Any]:
    return button | {"sub_button": button.get("sub_button", [])}


def _nested(button: dict[str, Any]) -> dict[str, Any]:
    subs = button.get("sub_button")
    return button | {"sub_button": {"list": subs}} if subs else button


def _check_top(button: Any) -> None:
    subs = button.get("sub_button") if isinstance(button, dict) else None
    if not subs:
        _check_leaf(button, TOP_BYTES)
        return
    _check_name(button, TOP_BYTES)
    if not isinstance(subs, list) or len(subs) > 5:
        raise WeChatError(40023)
    for sub in subs:
        _check_leaf(sub, SUB_BYTES)


def _check_name(button: Any, limit: int) -> None:
    name = button.get("name") if isinstance(button, dict) else None
    if not isinstance(name, str) or not 1 <= len(name.encode()) <= limit:
        raise WeChatError(40018)


def _check_leaf(button: Any, limit: int) -> None:
    _check_name(button, limit)
    kind = button.get("type")
    if kind == "view":
        _check_value(button.get("url"), URL_BYTES, 40020)
    elif kind in KEYED:
        _check_value(button.get("key"), KEY_BYTES, 40019)
    elif kind not in OTHER:
        raise WeChatError(40017)


def _check_value(value: object, limit: int, code: int) -> None:
    if not isinstance(value, str) or not 1 <= len(value.encode()) <= limit:
        raise WeChatError(code)
