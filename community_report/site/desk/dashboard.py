"""The first page of the back office: what waits now, the last days, and a period in charts with their tables."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.functional import Promise
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts.calendar import holidays_words, year_without_holidays
from accounts.models import Community
from accounts.policies import person_of
from community_report.core.admin import communities_of
from community_report.core.when import minutes_words
from community_report.site.needs import bindings_waiting, people_unreached
from reports.statistics.desk import Period, desk_figures
from reports.statistics.staff import telling

from .leads import Leads, reports, rows_of

#: Periods that are one click away, in days; the usual one first.
RANGES = (30, 7, 90, 365)
EARLIEST, MOST_DAYS = date(2000, 1, 1), 3660

WEEKDAYS = (
    gettext_lazy("周一"),
    gettext_lazy("周二"),
    gettext_lazy("周三"),
    gettext_lazy("周四"),
    gettext_lazy("周五"),
    gettext_lazy("周六"),
    gettext_lazy("周日"),
)
#: Shades of the heat map, from none to the most.
SHADES = 5


@dataclass(frozen=True)
class Choice:
    """What the page is about: `community` None is all of `offered`; `days`: the range chosen by a click, 0 by hand."""

    offered: list[Community]
    community: Community | None
    period: Period
    days: int

    @property
    def narrow(self) -> dict[str, int]:
        """What narrows a list to the community that the figures are of: who sees the figures of one may see the lists
        of several.
        """
        return {"community__id__exact": self.community.pk} if self.community else {}

    @property
    def keys(self) -> list[int]:
        return [self.community.pk] if self.community else [community.pk for community in self.offered]


@dataclass(frozen=True)
class Waiting:
    """A large figure of what waits now, and the list behind it."""

    label: str | Promise
    count: int
    href: str
    alarming: bool = False


def choice_of(request: HttpRequest) -> Choice:
    """From `?community=&days=` or `?community=&since=&until=`; what makes no sense is the usual thirty days of all."""
    scope = communities_of(request, "view_statistics")
    known = Community.objects.all() if scope is None else Community.objects.filter(pk__in=scope)
    offered = list(known)
    asked = request.GET.get("community", "")
    found = next((community for community in offered if community.slug == asked), None)
    only = offered[0] if len(offered) == 1 else found
    zone = only.timezone if only else settings.TIME_ZONE
    period, days = period_of(request.GET, zone)
    return Choice(offered, only, period, days)


def period_of(params: Mapping[str, str], zone: str) -> tuple[Period, int]:
    today = timezone.now().astimezone(ZoneInfo(zone)).date()
    first, last = _day(params.get("since", "")), _day(params.get("until", ""))
    last = min(last or today, today)
    if first and EARLIEST <= first <= last and (last - first).days < MOST_DAYS:
        return Period(first, last, zone), 0
    days = next((days for days in RANGES if str(days) == params.get("days", "")), RANGES[0])
    return Period(today - timedelta(days=days - 1), today, zone), days


def _day(text: str) -> date | None:
    try:
        return parse_date(text)
    except ValueError:
        return None


def dashboard(request: HttpRequest) -> dict[str, Any]:
    """The page's context; without a community whose figures the person may see, only that."""
    choice = choice_of(request)
    if not choice.offered:
        return {"choice": choice}
    if choice.days and (request.GET.get("since") or request.GET.get("until")):
        messages.warning(request, _("这两个日期之间没有可以统计的日子，下面是最近 %(n)d 天") % {"n": choice.days})
    found = desk_figures(choice.keys, choice.period)
    several = choice.community is None
    Leads(choice.keys, choice.period, choice.narrow).mark(found)
    if several:
        for row in found["by_building"]:
            row["name"] = f"{row['community']} {row['name']}"
    return {
        "choice": choice,
        "ranges": sorted(RANGES),
        "found": found,
        "several": several,
        "calendar": _calendar(choice),
        "waiting": [*_waiting(found["now"], choice), *_people(request, choice)],
        "lately": _lately(found["lately"]),
        "totals": _totals(found["totals"]),
        "tables": _tables(found, several),
        "staff": [_staff_row(row) for row in found["by_staff"]],
        "heat": _heat(found["by_hour"]),
        "hours": range(24),
        "charts": _charts(found),
    }


def _calendar(choice: Choice) -> str:
    """What the working calendar lacks, in words; "" where all is well."""
    year = year_without_holidays(timezone.localdate(), choice.keys)
    return holidays_words(year) if year else ""


def _waiting(now: dict[str, int], choice: Choice) -> list[Waiting]:
    labels = {
        "open": _("未完成"),
        "unclaimed": _("超时没人接单"),
        "overdue": _("已超过期限"),
        "reopened": _("业主说没解决"),
    }
    return [
        Waiting(label, now[word], reports(need=word, **choice.narrow), word != "open" and now[word] > 0)
        for word, label in labels.items()
    ]


def _people(request: HttpRequest, choice: Choice) -> list[Waiting]:
    """What else waits, for who may see to it: people to be let in, and people who could not be told something."""
    unreached = partial(people_unreached, reader=person_of(request))
    asked = (
        ("manage_people", _("待审核的绑定"), bindings_waiting, "accounts_membership", {"status__exact": "pending"}),
        ("manage_reports", _("消息没有送达"), unreached, "dispatch_delivery", {"unreached": "1"}),
    )
    waiting = []
    for permission, label, count, model, narrow in asked:
        scope = communities_of(request, permission)
        if keys := [key for key in choice.keys if scope is None or key in scope]:
            link, number = rows_of(model, **narrow, **choice.narrow), count(keys)
            waiting.append(Waiting(label, number, link, number > 0))
    return waiting


def _lately(spans: dict[str, dict[str, int]]) -> list[tuple[str, dict[str, int]]]:
    return [(_("今天"), spans["today"]), (_("近七天"), spans["seven_days"])]


def _totals(totals: dict[str, Any]) -> list[tuple[str, str]]:
    mean, rated = totals["mean_score"], totals["ratings"]
    score = _("暂无") if telling(mean, rated) is None else f"{mean:.1f}"
    return [
        (_("上报"), str(totals["filed"])),
        (_("其中未完成"), str(totals["open"])),
        (_("已完成"), str(totals["closed"])),
        (_("业主说没解决"), str(totals["reopened"])),
        (ngettext("满意度（%(n)d 次评分）", "满意度（%(n)d 次评分）", rated) % {"n": rated}, score),
    ]


def _tables(found: dict[str, Any], several: bool) -> list[dict[str, Any]]:
    """The groups that are shown as a bar chart with the same figures as a table."""
    groups = [("category", _("按分类"), "by_category"), ("building", _("按楼栋"), "by_building")]
    if several:
        groups.insert(0, ("community", _("按小区"), "by_community"))
    return [
        {"id": name, "title": title, "rows": [_group_row(row) for row in found[key]]} for name, title, key in groups
    ]


def _group_row(row: dict[str, Any]) -> dict[str, Any]:
    return {**row, "resolve": _span(row["resolve_minutes"])}


def _span(minutes: float | None) -> str:
    return "—" if minutes is None else minutes_words(minutes)


def _staff_row(row: dict[str, Any]) -> dict[str, Any]:
    score = None if row["score"] is None else f"{row['score']:.1f}"
    spans = {"claim": _span(row["claim_minutes"]), "resolve": _span(row["resolve_minutes"])}
    return {**row, **spans, "score": score}


def _heat(hours: list[list[int]]) -> list[tuple[str | Promise, list[tuple[int, int]]]]:
    """Rows of (count, shade from 0 to SHADES): shades are shares of the busiest hour."""
    most = max(map(max, hours)) or 1
    shaded = [[(n, -(-n * SHADES // most)) for n in row] for row in hours]
    return list(zip(WEEKDAYS, shaded, strict=True))


def _charts(found: dict[str, Any]) -> dict[str, Any]:
    """What the script draws (static/js/desk/dashboard.js): for each canvas its labels, series, and where bars lead."""
    trend, staff = found["trend"], found["by_staff"]
    charts = {
        "trend": _chart("line", [row["day"] for row in trend], filed=trend, resolved=trend),
        "staff": _bars([row["user"]["display_name"] for row in staff], claimed=staff, resolved=staff),
    }
    for name in ("community", "category", "building"):
        rows = found[f"by_{name}"]
        charts[name] = _bars([row["name"] for row in rows], filed=rows, open=rows)
    return charts


def _bars(labels: list[str], **series: list[dict[str, Any]]) -> dict[str, Any]:
    rows = next(iter(series.values()))
    return _chart("bar", labels, **series) | {"hrefs": [row["href"] for row in rows]}


def _chart(kind: str, labels: list[str], **series: list[dict[str, Any]]) -> dict[str, Any]:
    words = {"filed": _("上报"), "resolved": _("提交结果"), "claimed": _("接单"), "open": _("未完成")}
    return {
        "kind": kind,
        "labels": labels,
        "series": [
            {"label": capfirst(words[name]), "data": [row[name] for row in rows]} for name, rows in series.items()
        ],
    }
