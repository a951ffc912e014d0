"""All communities of a company side by side, the one that needs somebody first at the top."""

from dataclasses import dataclass
from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Community, User
from accounts.policies import person_of
from community_report.core.admin import communities_of
from community_report.core.admin_export import exported, file_response
from community_report.core.when import minutes_words
from dispatch.unreached import unreached_people
from reports.models import Report
from reports.statistics.company import NOTHING, company_figures

from .leads import rows_of

Figures = dict[str, Any]

#: What waits: first in the order of the rows, too.
PRESSING = ("overdue", "unclaimed", "reopened")


@dataclass(frozen=True)
class Heading:
    """A column: the figure's name, its words, and where its number leads (the list's parameter and its value)."""

    name: str
    label: str | Promise
    leads: tuple[str, str]


HEADINGS = (
    Heading("open", gettext_lazy("未完成"), ("need", "open")),
    Heading("unclaimed", gettext_lazy("超时没人接单"), ("need", "unclaimed")),
    Heading("overdue", gettext_lazy("已超过期限"), ("need", "overdue")),
    Heading("reopened", gettext_lazy("业主说没解决"), ("need", "reopened")),
    Heading("unreached", gettext_lazy("消息没有送达"), ("unreached", "1")),
    Heading("filed", gettext_lazy("本月上报"), ("month", "filed")),
    Heading("resolved", gettext_lazy("本月提交结果"), ("month", "resolved")),
    Heading("claim_minutes", gettext_lazy("接单用时（中位）"), ("month", "filed")),
    Heading("resolve_minutes", gettext_lazy("解决用时（中位）"), ("month", "filed")),
    Heading("score", gettext_lazy("满意度"), ("month", "filed")),
)


#: Those that can be added up.
COUNTS = [heading.name for heading in HEADINGS[:7]]


@dataclass(frozen=True)
class Cell:
    words: str
    href: str
    alarming: bool


def may_compare(request: HttpRequest) -> bool:
    """For who sees the statistics of several communities."""
    scope = communities_of(request, "view_statistics")
    return scope is None or len(scope) > 1


def company(request: HttpRequest) -> HttpResponseBase:
    """`/admin/company` (`?form=csv|xlsx`)."""
    scope = communities_of(request, "view_statistics")
    offered = list(Community.objects.all() if scope is None else Community.objects.filter(pk__in=scope))
    if not offered:
        raise PermissionDenied
    rows = _rows(offered, person_of(request))
    form = request.GET.get("form")
    if form in ("csv", "xlsx"):
        exported.send(sender=Report, request=request, query=f"company {request.GET.urlencode()}")
        return file_response(_heading(), [_line(community, found) for community, found in rows], _("各小区对比"), form)
    context = {
        **admin.site.each_context(request),
        "title": _("各小区对比"),
        "headings": HEADINGS,
        "rows": [(community, _cells(community, found)) for community, found in rows],
        "totals": [sum(found[name] for _community, found in rows) for name in COUNTS],
    }
    return render(request, "admin/desk/company.html", context)


def _rows(offered: list[Community], reader: User) -> list[tuple[Community, Figures]]:
    keys = [community.pk for community in offered]
    found, lost = company_figures(keys), unreached_people(keys, reader, timezone.now())
    rows = [(one, {**found.get(one.pk, NOTHING), "unreached": lost.get(one.pk, 0)}) for one in offered]
    return sorted(rows, key=lambda row: _urgency(row[1]), reverse=True)


def _urgency(found: Figures) -> tuple[int, ...]:
    """What is late or disputed, then who could not be told, then what is open."""
    return sum(found[name] for name in PRESSING), found["unreached"], found["open"]


def _cells(community: Community, found: Figures) -> list[Cell]:
    cells = []
    for heading in HEADINGS:
        model = "dispatch_delivery" if heading.name == "unreached" else "reports_report"
        href = rows_of(model, **dict([heading.leads]), community__id__exact=community.pk)
        alarming = heading.name in (*PRESSING, "unreached") and found[heading.name] > 0
        cells.append(Cell(_words(heading.name, found[heading.name]), href, alarming))
    return cells


def _words(name: str, value: Any) -> str:
    if value is None:
        return "—"
    if name == "score":
        return f"{value:.1f}"
    return minutes_words(value) if name.endswith("minutes") else str(value)


def _heading() -> list[str]:
    labels = {heading.name: str(heading.label) for heading in HEADINGS}
    labels["claim_minutes"], labels["resolve_minutes"] = _("接单用时（中位，分钟）"), _("解决用时（中位，分钟）")
    return [_("小区"), *labels.values()]


def _line(community: Community, found: Figures) -> list[Any]:
    values = [found[heading.name] for heading in HEADINGS]
    return [community.name, *(round(value, 1) if isinstance(value, float) else value for value in values)]
