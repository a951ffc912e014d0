"""What the back office gives out of reports as a table."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from community_report.core.admin_export import EXPORTED
from community_report.core.tables import Column

from .states import Status

STATUSES = dict(Status.choices)


def _status(word: Any) -> str:
    return str(STATUSES.get(word, word))


EXPORTED["reports.Report"] = (
    Column(_("编号"), "number"),
    Column(_("小区"), "community__name"),
    Column(_("信息分类"), "category__name"),
    Column(_("状态"), "status", _status),
    Column(_("标题"), "title"),
    Column(_("描述"), "description"),
    Column(_("地点"), "address"),
    Column(_("楼栋"), "building__name"),
    Column(_("上报人"), "reporter__display_name"),
    Column(_("手机"), "reporter__phone"),
    Column(_("处理人"), "claimed_by__display_name"),
    Column(_("上报时间"), "created_at"),
    Column(_("接单时间"), "claimed_at"),
    Column(_("应解决时间"), "due_at"),
    Column(_("提交结果"), "resolved_at"),
    Column(_("完成时间"), "closed_at"),
    Column(_("评分"), "rating__score"),
    Column(_("评价"), "rating__comment"),
)
