"""The kinds of message: a closed list, the same word in templates, mutes, inbox and ledger."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class Kind(TextChoices):
    NEW_REPORT = "new_report", _("新报单")
    CLAIMED = "claimed", _("已接单")
    PROGRESS = "progress", _("处理进展")
    RELEASED = "released", _("已退回")
    RESOLVED = "resolved", _("处理结果")
    CLOSED = "closed", _("已完成")
    DISMISSED = "dismissed", _("已驳回")
    MERGED = "merged", _("已合并")
    REOPENED = "reopened", _("重新打开")
    URGED = "urged", _("催办")
    ASSIGNED = "assigned", _("指派")
    RATED = "rated", _("评价")
    UNCLAIMED = "unclaimed", _("无人接单")
    OVERDUE = "overdue", _("超时")
    IGNORED = "ignored", _("无人处理")
    BOARD_POST = "board_post", _("失物招领")
    NOTICE = "notice", _("公告")
    BINDING_DECIDED = "binding_decided", _("绑定结果")
    BINDING_PENDING = "binding_pending", _("待审核绑定")


#: To many people at once, and in no hurry: sent by the lane alone, where whatever else is due goes first.
BROADCASTS = (Kind.NOTICE, Kind.BOARD_POST)
