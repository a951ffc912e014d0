"""The monthly report that a manager files: a month's figures in tables, beside those of the month before.

Every figure comes from `reports.statistics`; here they are only named, put in order and written into a workbook.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import IO, Any
from zoneinfo import ZoneInfo

from django.core.files.temp import NamedTemporaryFile
from django.utils import timezone
from django.utils.translation import gettext as _
from openpyxl import Workbook
from openpyxl.chart import BarChart, Reference
from openpyxl.styles import Font

from accounts.models import Community
from community_report.core.errors import Invalid
from community_report.core.tables import cell

from .models import Category
from .states import Status
from .statistics import Figures, figures, telling_score
from .statistics.staff import telling

Rows = list[list[Any]]


@dataclass(frozen=True)
class Table:
    """One part of the report. `counts`: its second column is numbers of reports, which can be drawn."""

    name: str
    heading: list[str]
    rows: Rows
    counts: bool = False


@dataclass(frozen=True)
class Monthly:
    """A month of one community; `made_at` because later days may still change what became of its reports."""

    community: Community
    first: date
    made_at: datetime
    tables: list[Table]

    @property
    def month(self) -> str:
        return f"{self.first:%Y-%m}"

    @property
    def title(self) -> str:
        return _("%(community)s %(month)s 物业服务月报") % {"community": self.community.name, "month": self.month}


def month_of(word: str, community: Community) -> date:
    """The first day of "2026-10"; of an empty word the month before this one. Raises Invalid (`month`)."""
    today = timezone.localdate(timezone=ZoneInfo(community.timezone))
    if not word:
        return (today.replace(day=1) - timedelta(days=1)).replace(day=1)
    try:
        first = date.fromisoformat(f"{word}-01")
    except ValueError:
        raise Invalid.field("month", _("月份的格式是 2026-10")) from None
    if not date(2000, 1, 1) <= first <= today:
        raise Invalid.field("month", _("这个月没有数据"))
    return first


def monthly(community: Community, first: date) -> Monthly:
    """The report of the month that begins at `first`, on the community's calendar."""
    now, before = _month(community, first), _month(community, (first - timedelta(days=1)).replace(day=1))
    tables = [
        Table(_("概览"), [_("指标"), _("本月"), _("上月")], _overview(now, before)),
        _counted(_("按分类"), _named(community, now["by_category"]), now["total"]),
        _counted(_("按状态"), [(Status(s).label, n) for s, n in now["by_status"].items()], now["total"]),
        _counted(_("按楼栋"), now["by_building"].items(), now["total"]),
        Table(_("按人员"), [_("人员"), _("接单数"), _("解决数"), _("平均评分"), _("评分数")], _staff(now["by_staff"])),
    ]
    return Monthly(community, first, timezone.now(), tables)


def _month(community: Community, first: date) -> Figures:
    zone = ZoneInfo(community.timezone)
    after = (first + timedelta(days=32)).replace(day=1)
    since, until = (datetime.combine(day, time(), tzinfo=zone) for day in (first, after))
    return figures(community, since, until)


def _overview(now: Figures, before: Figures) -> Rows:
    lines: list[tuple[str, Any]] = [
        (_("报单总数"), lambda f: f["total"]),
        (_("接单中位用时（分钟）"), lambda f: _number(f["claim_minutes"]["p50"])),
        (_("接单九成用时（分钟）"), lambda f: _number(f["claim_minutes"]["p90"])),
        (_("解决中位用时（分钟）"), lambda f: _number(f["resolve_minutes"]["p50"])),
        (_("解决九成用时（分钟）"), lambda f: _number(f["resolve_minutes"]["p90"])),
        (_("超时比例"), lambda f: _share(f["overdue_share"])),
        (_("重开比例"), lambda f: _share(f["reopened_share"])),
        (_("平均评分"), lambda f: _number(telling_score(f), 2)),
    ]
    return [[name, value(now), value(before)] for name, value in lines]


def _number(value: float | None, digits: int = 1) -> float | str:
    return "—" if value is None else round(value, digits)


def _share(value: float | None) -> str:
    return "—" if value is None else f"{value:.1%}"


def _named(community: Community, by_slug: dict[str, int]) -> list[tuple[str, int]]:
    """With the categories' names; of two with one name each has its slug too."""
    names = dict(Category.objects.filter(community=community).values_list("slug", "name"))
    often = Counter(names.values())
    return [
        (f"{names[slug]} ({slug})" if often[names[slug]] > 1 else names[slug], number)
        for slug, number in by_slug.items()
    ]


def _counted(name: str, counts: Iterable[tuple[Any, int]], total: int) -> Table:
    rows = [[str(label), number, _share(number / total if total else None)] for label, number in counts]
    return Table(name, [name, _("数量"), _("占比")], rows, counts=True)


def _staff(people: Iterable[Figures]) -> Rows:
    return [
        [
            row["user"]["display_name"],
            row["claimed"],
            row["resolved"],
            _number(telling(row["mean_score"], row["ratings"]), 2),
            row["ratings"],
        ]
        for row in people
    ]


def workbook(report: Monthly) -> IO[bytes]:
    """The report as an XLSX file, open at its beginning: a sheet for each table, counts with their chart."""
    book = Workbook()
    del book["Sheet"]
    for table in report.tables:
        _sheet(book, report, table)
    file: IO[bytes] = NamedTemporaryFile(suffix=".xlsx")
    book.save(file)
    file.seek(0)
    return file


def _sheet(book: Workbook, report: Monthly, table: Table) -> None:
    sheet = book.create_sheet(table.name)
    sheet.append([cell(report.title)])
    sheet.append([_("生成时间：%(at)s") % {"at": cell(report.made_at)}])
    sheet.append([])
    sheet.append(table.heading)
    for row in table.rows:
        sheet.append([cell(value) for value in row])
    sheet["A1"].font = Font(bold=True, size=14)
    for head in sheet[4]:
        head.font = Font(bold=True)
    sheet.column_dimensions["A"].width = 28
    sheet.page_setup.paperSize, sheet.page_setup.fitToWidth = sheet.PAPERSIZE_A4, 1
    if table.counts and table.rows:
        chart, last = BarChart(), 4 + len(table.rows)
        chart.add_data(Reference(sheet, min_col=2, min_row=4, max_row=last), titles_from_data=True)
        chart.set_categories(Reference(sheet, min_col=1, min_row=5, max_row=last))
        chart.legend, chart.title = None, table.name
        sheet.add_chart(chart, "F4")
