"""What the back office gives out of accounts as a table."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from community_report.core.admin_export import EXPORTED
from community_report.core.tables import Column

from .models import Membership
from .records import ACTIONS

STATUSES = dict(Membership.Status.choices)


def _status(word: Any) -> str:
    return str(STATUSES.get(word, word))


def _yes(value: Any) -> str:
    return str(_("是") if value else _("否"))


EXPORTED["accounts.Membership"] = (
    Column(_("姓名"), "name"),
    Column(_("手机"), "phone"),
    Column(_("角色"), "role__name"),
    Column(_("小区"), "community__name"),
    Column(_("楼栋"), "home__building__name"),
    Column(_("单元"), "home__unit"),
    Column(_("房号"), "home__room"),
    Column(_("状态"), "status", _status),
    Column(_("自动绑定"), "automatic", _yes),
    Column(_("在岗"), "on_duty", _yes),
    Column(_("申请时间"), "created_at"),
    Column(_("审核时间"), "decided_at"),
)
#: With the headings of an import, so that it can come back.
EXPORTED["accounts.RosterEntry"] = (
    Column(_("楼栋"), "home__building__name"),
    Column(_("单元"), "home__unit"),
    Column(_("房号"), "home__room"),
    Column(_("姓名"), "name"),
    Column(_("手机"), "phone"),
)
EXPORTED["accounts.Record"] = (
    Column(_("时间"), "at"),
    Column(_("小区"), "community__name"),
    Column(_("谁"), "actor__display_name"),
    Column(_("做了什么"), "action", lambda word: str(ACTIONS.get(word, word))),
    Column(_("对象"), "subject"),
    Column(_("对谁"), "person__display_name"),
    Column(_("说明"), "detail"),
    Column(_("网络地址"), "address"),
    Column(_("页面"), "path"),
)
