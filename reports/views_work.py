"""The staff's page: what is open to them, what they hold, what they have done; on duty or off."""

from dataclasses import dataclass
from typing import Any

from django.db.models import F, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_safe

from accounts.models import Membership
from accounts.pages import not_for_you
from accounts.policies import Standing, person_of
from accounts.web import person_required
from community_report.core.pages import page_of

from .api.shapes import report_shape
from .models import Report
from .people import person_name
from .policies import Viewer

#: Lists of what has to be done are short and go by urgency, so they are shown whole up to this length.
AT_ONCE = 60
SCOPES = {"open": "open", "mine": "claimed", "done": "done"}


@dataclass(frozen=True)
class Tab:
    name: str
    label: str
    count: int | None


@person_required
@require_safe
def work(request: HttpRequest) -> HttpResponse:
    """`/h5/work` (`?tab=open|mine|done`)."""
    viewer = Viewer.of(person_of(request))
    if not viewer.standing.staff_of:
        return _not_staff(request, viewer.standing)
    tab = request.GET.get("tab", "open")
    tab = tab if tab in SCOPES else "open"
    context = {"here": "work", "tab": tab, "tabs": _tabs(viewer.standing), "duty": _duty(viewer.standing)}
    return render(request, "reports/work.html", context | _list(request, viewer, tab))


def _not_staff(request: HttpRequest, standing: Standing) -> HttpResponse:
    """The chat's menu leads everybody here: a manager is shown where the reports are."""
    title = _("这是工作人员的页面")
    if standing.communities_with("manage_reports"):
        text = _("接单和处理由工作人员完成，您可以在“管理”里看全部报单、指派处理人。")
        return not_for_you(request, title, text, way=("/h5/manage", _("去管理")))
    return not_for_you(request, title, _("接单和处理由小区的工作人员完成。如果您是工作人员，请用邀请码绑定。"))


def _tabs(standing: Standing) -> list[Tab]:
    def count(scope: str) -> int:
        return Report.objects.for_scope(standing, scope).count()

    return [
        Tab("open", _("待接单"), count("open")),
        Tab("mine", pgettext("工作台", "我的"), count("claimed")),
        Tab("done", _("已完成"), count("done")),
    ]


def _list(request: HttpRequest, viewer: Viewer, tab: str) -> dict[str, Any]:
    """The reports of a tab: the most urgent first, what is done by time."""
    reports: QuerySet[Report] = Report.objects.for_scope(viewer.standing, SCOPES[tab]).for_view(viewer.user)
    next_, more = "", False
    if tab == "done":
        rows, next_ = page_of(request, reports, by="updated_at")
    else:
        rows = list(reports.order_by(F("due_at").asc(nulls_last=True), "created_at")[: AT_ONCE + 1])
        more = len(rows) > AT_ONCE
    return {"reports": [report_shape(row, viewer, events=False) for row in rows[:AT_ONCE]], "next": next_, "more": more}


def _duty(standing: Standing) -> dict[str, Any]:
    """Is this person's switch on, do they rest all the same (by the rota), and who else of their roles is on duty."""
    colleagues = Membership.objects.active().filter(role__in=standing.staff_roles).select_related("user")
    working = colleagues.on_duty(timezone.now()).filter(user__is_active=True)
    others = working.exclude(user=standing.user).order_by("created_at")
    names = list(dict.fromkeys(person_name(membership.user) for membership in others))
    on = colleagues.filter(user=standing.user, on_duty=True).exists()
    return {"on": on, "resting": on and not working.filter(user=standing.user).exists(), "others": names}
