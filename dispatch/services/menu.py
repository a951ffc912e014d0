"""The account's menu: made from PUBLIC_BASE_URL, compared with what WeChat has."""

from typing import Any

from django.conf import settings

#: (name, path) or (name, entries). WeChat allows three buttons of 16 bytes with five entries of 60 bytes each
#: (https://developers.weixin.qq.com/doc/service/api/custommenu/menu_create); its client shows Chinese only.
MENU: tuple[tuple[str, Any], ...] = (
    ("上报问题", "/h5/reports/new"),
    ("我的报单", "/h5/reports"),
    (
        "更多",
        (
            ("小区公告", "/h5/notices"),
            ("失物招领", "/h5/board"),
            ("消息", "/h5/inbox"),
            ("我的", "/h5/me"),
            ("工作台", "/h5/work"),
        ),
    ),
)
Json = dict[str, Any]


def menu() -> Json:
    """The menu as menu/create takes it."""
    return {"button": [_button(name, target) for name, target in MENU]}


def same(one: Json | None, other: Json | None) -> bool:
    """Do two menus show the same? WeChat adds keys of its own to what it stores."""
    return _essence(one) == _essence(other)


def _button(name: str, target: Any) -> Json:
    if isinstance(target, str):
        return {"type": "view", "name": name, "url": settings.PUBLIC_BASE_URL + target}
    return {"name": name, "sub_button": [_button(*entry) for entry in target]}


def _essence(menu: Json | None) -> list[Any]:
    buttons = (menu or {}).get("button") or (menu or {}).get("sub_button") or []
    return [(b.get("name"), b.get("type"), b.get("url"), b.get("key"), _essence(b)) for b in buttons]
