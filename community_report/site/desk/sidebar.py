"""The sidebar, by what managers do rather than by where the code lives."""

from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import Membership
from community_report.core.admin import communities_of
from reports.attention import ATTENTION, NEEDS
from reports.models import Report

from .company import may_compare

Words = str | Promise


@dataclass(frozen=True)
class Page:
    """The list of a model, shown to whoever may see it. `title`: where the model's own name says too little; `query`:
    what it is narrowed to.
    """

    model: str
    icon: str
    title: Words = ""
    query: str = ""

    def entry(self, request: HttpRequest) -> dict[str, Any]:
        model = apps.get_model(self.model)
        allowed = admin.site.get_model_admin(model).has_module_permission(request)
        link = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist") + self.query
        title = self.title or model._meta.verbose_name_plural
        return {"title": title, "icon": self.icon, "link": link, "permission": lambda _request: allowed}


@dataclass(frozen=True)
class Own:
    """A page that belongs to no model, shown to who holds `permission` anywhere."""

    name: str
    icon: str
    title: Words
    held: str

    def entry(self, request: HttpRequest) -> dict[str, Any]:
        scope = communities_of(request, self.held)
        allowed = scope is None or bool(scope)
        link = reverse(f"admin:{self.name}")
        return {"title": self.title, "icon": self.icon, "link": link, "permission": lambda _request: allowed}


#: What is done every day first; what is only looked into when something is wrong stands folded at the end.
GROUPS: tuple[tuple[Words, tuple[Page | Own, ...]], ...] = (
    (
        _("报单与评价"),
        (
            Page("reports.Report", "assignment"),
            Own("phone", "call", _("登记电话报修"), "manage_reports"),
            Page("reports.Rating", "star", _("评分与评价")),
        ),
    ),
    (
        _("公告"),
        (
            Page("notices.Notice", "campaign"),
            Page("dispatch.GroupMessage", "groups", _("群发记录")),
        ),
    ),
    (
        _("人员"),
        (
            Page("accounts.Membership", "how_to_reg"),
            Page("accounts.Membership", "manage_accounts", _("员工和权限"), "?works=yes&status__exact=active"),
            Page("accounts.RosterEntry", "contacts"),
            Page("accounts.RosterImport", "upload_file"),
            Page("accounts.User", "person"),
            Page("accounts.Shift", "calendar_month"),
            Page("accounts.Invitation", "mail"),
            Own("qr_sheets", "qr_code_2", _("张贴二维码"), "manage_people"),
        ),
    ),
    (
        _("消息"),
        (
            Page("dispatch.Delivery", "send"),
            Own("routing", "alt_route", _("谁会收到"), "manage_reports"),
            Page("dispatch.GroupRobot", "smart_toy"),
        ),
    ),
    (
        _("记录"),
        (
            Page("accounts.Record", "policy"),
            Page("reports.ReportEvent", "history", _("流转记录")),
            Page("reports.Claim", "handyman", _("接单记录")),
        ),
    ),
)
FOLDED: tuple[tuple[Words, tuple[Page | Own, ...]], ...] = (
    (
        _("设置"),
        (
            Page("reports.Category", "category"),
            Page("reports.Tag", "sell"),
            Page("reports.PreparedAnswer", "quickreply"),
            Page("accounts.Building", "domain"),
            Page("accounts.Home", "door_front"),
            Page("accounts.Role", "badge"),
            Page("accounts.Headquarters", "supervisor_account"),
            Page("accounts.SpecialDay", "event_busy"),
            Page("accounts.Community", "apartment"),
            Page("dispatch.Template", "description"),
            Page("dispatch.SubscriptionTemplate", "description"),
            Page("dispatch.MessageForm", "tune"),
            Page("dispatch.SmsGateway", "sms"),
            Page("dispatch.DomainProof", "verified"),
        ),
    ),
    (
        _("排查"),
        (
            Page("dispatch.Contact", "notifications", _("关注与订阅")),
            Page("dispatch.Grant", "confirmation_number"),
            Page("dispatch.RobotPost", "forum"),
            Page("dispatch.Trouble", "error"),
            Page("dispatch.Outbox", "outbox"),
            Page("dispatch.InboundMessage", "inbox"),
            Page("notices.NoticeRead", "visibility", _("谁看过")),
            Page("notices.GroupMessageCount", "counter_4", _("群发次数")),
            Page("reports.Attachment", "image", _("图片和语音")),
            Page("reports.Draft", "edit_note"),
        ),
    ),
)


def navigation(request: HttpRequest) -> list[dict[str, Any]]:
    """Groups as the theme wants them; a group of which nothing may be seen is not shown."""
    first = {"title": _("今日概况"), "icon": "dashboard", "link": reverse("admin:index")}
    report = {
        "title": _("月报"),
        "icon": "summarize",
        "link": reverse("admin:monthly"),
        "permission": lambda request: communities_of(request, "view_statistics") != frozenset(),
    }
    compared = {
        "title": _("各小区对比"),
        "icon": "compare",
        "link": reverse("admin:company"),
        "permission": may_compare,
    }
    groups: list[dict[str, Any]] = [{"items": [first, compared, report]}]
    for title, pages in (*GROUPS, *FOLDED):
        folded = (title, pages) in FOLDED
        items = [page.entry(request) for page in pages]
        groups.append({"title": title, "separator": True, "collapsible": folded, "items": items})
    return groups


def tabs(request: HttpRequest) -> list[dict[str, Any]]:
    """Above a list: what waits in it, with its number where a list of many would hide it."""
    make = {
        reverse("admin:reports_report_changelist"): _report_tabs,
        reverse("admin:accounts_membership_changelist"): _binding_tabs,
    }.get(request.path)
    if make is None:
        return []
    kept = vars(request)  # the theme asks twice for each page
    if "tabs_" not in kept:
        kept["tabs_"] = make(request)
    found: list[dict[str, Any]] = kept["tabs_"]
    return found


def _report_tabs(request: HttpRequest) -> list[dict[str, Any]]:
    """What needs a manager. What waits is counted; low scores only grow."""
    own, now = _own(request, Report, "manage_reports"), timezone.now()
    items = [_tab(request, "need", "", _("全部"))]
    for word, label in NEEDS.items():
        waits = None if word == "low_score" else ATTENTION[word](own, now).count()
        items.append(_tab(request, "need", word, label, waits))
    return [{"models": ["reports.report"], "items": items}]


def _binding_tabs(request: HttpRequest) -> list[dict[str, Any]]:
    pending, waits = Membership.Status.PENDING, _own(request, Membership, "manage_people").pending().count()
    items = [
        _tab(request, "status__exact", "", _("全部")),
        _tab(request, "status__exact", pending.value, pending.label, waits),
    ]
    return [{"models": ["accounts.membership"], "items": items}]


def _own(request: HttpRequest, model: Any, permission: str) -> Any:
    """The rows of the person's communities, or of the one that the list is narrowed to."""
    scope = communities_of(request, permission)
    own = model.objects.all() if scope is None else model.objects.filter(community__in=scope)
    one = request.GET.get("community__id__exact", "")
    return own.filter(community=int(one)) if one.isdecimal() else own


def _tab(request: HttpRequest, name: str, word: str, label: Words, waits: int | None = None) -> dict[str, Any]:
    """What the list is narrowed to otherwise stays: a community, a search."""
    chosen, query = request.GET.get(name, ""), request.GET.copy()
    query.pop("p", None)
    query.pop(name, None)
    if word:
        query[name] = word
    link = request.path + (f"?{query.urlencode()}" if query else "")
    title = str(label) if waits is None else f"{label} {waits}"
    return {"title": title, "link": link, "active": word == chosen}
