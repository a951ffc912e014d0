"""The staff's page: what is open to them, what they hold, what they have done; on duty or off."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.db.models import F, OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce, JSONObject, Least
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_http_methods

from accounts.models import Membership
from accounts.pages import not_for_you
from accounts.policies import Standing, person_of
from accounts.services.people import update_profile
from accounts.web import person_required
from community_report.core.pages import page_of
from community_report.core.when import ago_words

from .api.shapes import report_shape
from .models import Report, ReportEvent
from .people import person_name
from .policies import Viewer
from .wording import beyond_title

SCOPES = {"open": "open", "mine": "claimed", "done": "done"}
#: What has no deadline stands last.
NEVER = datetime(9999, 1, 1, tzinfo=UTC)
#: What a list goes by: the deadline that comes next, or for what is done when it last changed.
ORDER = {"open": Coalesce(Least("claim_due_at", "due_at"), Value(NEVER)), "mine": Coalesce(F("due_at"), Value(NEVER))}
#: What somebody said that whoever opens the list wants to know before the report.
TELLING = ("release", "reopen", "urge", "comment")
#: So many colleagues on duty are named.
NAMED = 6


@dataclass(frozen=True)
class Tab:
    name: str
    label: str
    count: int | None


@person_required
@require_http_methods(["GET", "HEAD", "POST"])
def work(request: HttpRequest) -> HttpResponse:
    """`/h5/work` (`?tab=open|mine|done`). Posting `on_duty` is the switch for a phone whose scripts did not arrive."""
    viewer = Viewer.of(person_of(request))
    if not viewer.standing.staff_of:
        return _not_staff(request, viewer.standing)
    if request.method == "POST":
        update_profile(actor=viewer.user, changes={"on_duty": request.POST.get("on_duty") == "1"})
        return redirect("/h5/work")
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
    """One page of a tab: the most urgent first, what is done by time."""
    reports: QuerySet[Report] = Report.objects.for_scope(viewer.standing, SCOPES[tab]).for_view(viewer.user)
    if tab == "done":
        rows, next_ = page_of(request, reports, by="updated_at")
    else:
        asked = reports.annotate(next_due=ORDER[tab], said_=_last_said())
        rows, next_ = page_of(request, asked, by="next_due", ascending=True)
    return {"reports": [_card(row, viewer) for row in rows], "next": next_}


def _last_said() -> Subquery:
    """The newest of the events that tell something, as `{"kind", "note", "at", "name"}`; null without one."""
    said = ReportEvent.objects.filter(report=OuterRef("pk"), kind__in=TELLING).order_by("-id")
    event = JSONObject(kind="kind", note="note", at="at", name="actor__display_name")
    return Subquery(said.values(event=event)[:1])


def _card(report: Report, viewer: Viewer) -> dict[str, Any]:
    """`report_shape` with what a card says besides: the first words, how long the voice is, who said what last."""
    shape = report_shape(report, viewer, events=False)
    return shape | {
        "claim_due_at": report.claim_due_at,
        "first_words": beyond_title(shape),
        "voices": [item for item in shape["media"] if item["kind"] == "voice"],
        "said": _said_words(getattr(report, "said_", None)),
    }


def _said_words(said: dict[str, Any] | None) -> str:
    if not said:
        return ""
    sentences = {
        "release": _("%(name)s退回：%(note)s"),
        "reopen": _("业主说没解决：%(note)s"),
        "urge": _("业主催过：%(ago)s"),
        "comment": _("业主补充：%(note)s") if said["note"] else _("业主补充了图片或语音"),
    }
    return sentences[said["kind"]] % {"name": said["name"] or "", "note": said["note"], "ago": ago_words(said["at"])}


def _duty(standing: Standing) -> dict[str, Any]:
    """Is this person's switch on, do they rest all the same (by the rota), and who else of their roles is on duty."""
    colleagues = Membership.objects.active().filter(role__in=standing.staff_roles).select_related("user")
    working = colleagues.on_duty(timezone.now()).filter(user__is_active=True)
    others = working.exclude(user=standing.user).order_by("created_at")
    names = list(dict.fromkeys(person_name(membership.user) for membership in others))
    on = colleagues.filter(user=standing.user, on_duty=True).exists()
    resting = on and not working.filter(user=standing.user).exists()
    return {"on": on, "resting": resting, "others": names[:NAMED], "more": max(0, len(names) - NAMED)}
