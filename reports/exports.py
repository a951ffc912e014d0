"""What the back office gives out of reports as a table."""

from django.db.models import QuerySet
from django.db.models.functions import Concat
from django.utils.translation import gettext_lazy as _

from community_report.core.admin_export import EXPORTED, Column, Table, in_words

from .models import Report
from .states import Status


def with_homes(reports: "QuerySet[Report]") -> "QuerySet[Report]":
    """Annotates `home_`: the reporter's, as it is called."""
    return reports.annotate(home_=Concat("reporter_home__building__name", "reporter_home__unit", "reporter_home__room"))


class ReportTable(Table):
    number = Column(_("编号"), "number")
    community = Column(_("小区"), "community__name")
    category = Column(_("信息分类"), "category__name")
    status = Column(_("状态"), "status", in_words(dict(Status.choices)))
    title = Column(_("标题"), "title")
    description = Column(_("描述"), "description")
    address = Column(_("地点"), "address")
    building = Column(_("楼栋"), "building__name")
    home = Column(_("房屋"), "home_")
    reporter = Column(_("上报人"), "reporter__display_name")
    phone = Column(_("手机"), "reporter__phone")
    caller = Column(_("来电人"), "caller__name")
    caller_phone = Column(_("来电号码"), "caller__phone")
    filed_by = Column(_("登记人"), "filed_by__display_name")
    claimed_by = Column(_("处理人"), "claimed_by__display_name")
    created_at = Column(_("上报时间"), "created_at")
    claimed_at = Column(_("接单时间"), "claimed_at")
    due_at = Column(_("应解决时间"), "due_at")
    resolved_at = Column(_("提交结果"), "resolved_at")
    closed_at = Column(_("完成时间"), "closed_at")
    score = Column(_("评分"), "rating__score")
    comment = Column(_("评价"), "rating__comment")
    merged_into = Column(_("合并到"), "merged_into__number")


EXPORTED["reports.Report"] = ReportTable
