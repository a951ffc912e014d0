"""What stops the messages, in a manager's words, and what whoever looks after the installation can do about it."""

from collections.abc import Mapping
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from .models import GroupRobot, RobotPost
from .reasons import code_words, post_words

_SECRET = gettext_lazy("请核对公众号的 AppSecret")
_ADMINISTRATOR = gettext_lazy("请公众号管理员同意服务器的 IP 地址")
#: https://developers.weixin.qq.com/doc/oplatform/Return_codes/Return_code_descriptions_new.html
REMEDIES: Mapping[str, Promise] = {
    "40001": _SECRET,
    "40013": gettext_lazy("请核对公众号的 AppID"),
    "40125": _SECRET,
    "40164": gettext_lazy("请把服务器的 IP 地址加入公众号的 IP 白名单"),
    "40243": gettext_lazy("AppSecret 已冻结，请在公众号后台解冻"),
    "50007": gettext_lazy("公众号已被冻结，请登录公众号后台查看"),
    "89503": _ADMINISTRATOR,
    "89506": _ADMINISTRATOR,
    "89507": _ADMINISTRATOR,
}


def why(data: Mapping[str, Any]) -> str:
    """Of a trouble: what was answered, with what to do about it as far as that is known. `data`: its outbox row's."""
    code = str(data.get("code") or "")
    if not code:
        return _("额度用完") if data.get("quota") else _("没有应答")
    return "，".join([_answer(data, code), *([str(REMEDIES[code])] if code in REMEDIES else [])])


def _answer(data: Mapping[str, Any], code: str) -> str:
    if vendor := data.get("vendor"):
        return post_words(RobotPost(robot=GroupRobot(vendor=vendor), code=code))
    return code_words(code, str(data.get("way") or "").partition(":")[0])
