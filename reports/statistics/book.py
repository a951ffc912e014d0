"""The desk's figures as a workbook: a sheet for each part, in the words and the order of the page."""

import io
from collections.abc import Iterable, Sequence
from typing import Any

from django.utils.translation import gettext as _
from openpyxl import Workbook
from openpyxl.utils import get_column_letter

from community_report.core.tables import cell

from .staff import telling

Figures = dict[str, Any]
Line = Sequence[Any]


def write_book(found: Figures) -> bytes:
    """The XLSX file. Times are in minutes with one decimal; a figure without data is an empty cell."""
    book = Workbook(write_only=True)
    for title, heading, lines in _sheets(found):
        sheet = book.create_sheet(title)
        for number in range(1, len(heading) + 1):
            sheet.column_dimensions[get_column_letter(number)].width = 16
        for line in [heading, *lines]:
            sheet.append([_cell(value) for value in line])
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def _cell(value: Any) -> Any:
    if value is None:
        return None
    return cell(round(value, 1) if isinstance(value, float) else value)


def _sheets(found: Figures) -> Iterable[tuple[str, Line, Sequence[Line]]]:
    groups = [_("上报"), _("未完成"), _("解决用时（中位，分钟）")]
    yield _("概况"), [_("指标"), _("数值")], _overview(found)
    yield _("每天"), [_("日期"), _("上报"), _("提交结果")], [list(row.values()) for row in found["trend"]]
    for key, title in (("community", _("按小区")), ("category", _("按分类"))):
        yield title, [_("名称"), *groups], [_group(row) for row in found[f"by_{key}"]]
    building = [[row["community"], *_group(row)] for row in found["by_building"]]
    yield _("按楼栋"), [_("小区"), _("名称"), *groups], building
    yield _("按时段"), [_("星期"), *range(24)], [[day, *row] for day, row in enumerate(found["by_hour"], 1)]
    yield _("工作人员"), _staff_heading(), [_staff(row) for row in found["by_staff"]]


def _group(row: Figures) -> Line:
    return [row["name"], row["filed"], row["open"], row["resolve_minutes"]]


def _overview(found: Figures) -> list[Line]:
    now, totals = found["now"], found["totals"]
    return [
        [_("从"), found["since"]],
        [_("到"), found["until"]],
        [_("现在未完成"), now["open"]],
        [_("现在超时没人接单"), now["unclaimed"]],
        [_("现在已超过期限"), now["overdue"]],
        [_("现在业主说没解决"), now["reopened"]],
        [_("上报"), totals["filed"]],
        [_("其中未完成"), totals["open"]],
        [_("已完成"), totals["closed"]],
        [_("业主说没解决"), totals["reopened"]],
        [_("评分次数"), totals["ratings"]],
        [_("满意度"), telling(totals["mean_score"], totals["ratings"])],
    ]


def _staff_heading() -> Line:
    spans = [_("接单用时（中位，分钟）"), _("解决用时（中位，分钟）")]
    return [_("姓名"), _("接单"), _("提交结果"), *spans, _("业主说没解决"), _("评分"), _("评分次数")]


def _staff(row: Figures) -> Line:
    names = ("claimed", "resolved", "claim_minutes", "resolve_minutes", "reopened", "score", "ratings")
    return [row["user"]["display_name"], *(row[name] for name in names)]
