"""Acts that ask something first: the form of each, and what it offers (colleagues, categories, likely duplicates).

A form stands in a sheet of the report's page and, for phones where no script arrived, on a page of its own.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Case, When
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Membership, Role

from .answers import answers_by_use
from .models import Category, PreparedAnswer, Report
from .people import person_name
from .policies import Viewer
from .similar import kindred_categories, likely_duplicates, mergeable
from .states import Action, Party, Status

#: How many open reports a manager who merges is offered besides the likely ones, and colleagues whoever gives back.
MERGE_CHOICES, SUCCESSORS = 20, 8


#: Writing about a board post: no transition, and no part of `allowed_actions`.
TALK = "talk"


@dataclass(frozen=True)
class Sheet:
    """The form of one act: its heading, the words of its buttons, and what is said when it is `done`."""

    name: str
    title: str
    send: str
    done: str
    cancel: str
    look: str = "btn-main"

    @property
    def body(self) -> str:
        """The template of its fields."""
        return f"reports/sheets/{self.name}.html"


def _words() -> dict[str, tuple[str, str, str]]:
    """Act → title, the sending button, what is said afterwards."""
    return {
        Action.IGNORE: (_("不归我处理"), _("不归我处理"), _("好的，不再提醒您这条")),
        Action.RELEASE: (_("退回，请同事接手"), _("退回"), _("已退回，会通知能接的同事")),
        Action.PROGRESS: (_("更新进展"), _("发出"), _("进展已发给上报人")),
        Action.RESOLVE: (_("提交处理结果"), _("提交结果"), _("结果已提交，等待上报人确认")),
        Action.ASSIGN: (_("交给谁处理？"), _("指派"), _("已指派，会通知对方")),
        Action.DISMISS: (_("驳回这条报单"), _("驳回"), _("已驳回，会告诉上报人")),
        Action.RECATEGORIZE: (_("改到哪一类？"), _("改分类"), _("已改分类，会通知相应的人")),
        Action.MERGE: (_("和哪一条是同一件事？"), _("合并"), _("已合并，上报人会收到后面的进展")),
        Action.RESTORE: (_("恢复这条报单"), _("恢复"), _("已恢复，重新等待接单")),
        Action.CONFIRM: (_("确认完成"), _("确认完成"), _("已完成，谢谢")),
        Action.REOPEN: (_("哪里没解决？"), _("没解决"), _("已告诉处理人，会继续处理")),
        Action.WITHDRAW: (_("撤回这条报单"), _("撤回"), _("已撤回")),
        Action.COMMENT: (_("补充说明"), _("发出"), _("补充说明已发出")),
        Action.RATE: (_("您满意吗？"), _("评价"), _("谢谢您的评价")),
        TALK: (_("联系发布的人"), _("发出"), _("已发给对方，有回复会在微信里告诉您")),
    }


_LOOKS: dict[str, str] = {
    Action.IGNORE: "btn-plain",
    Action.DISMISS: "btn-danger-plain",
    Action.WITHDRAW: "btn-danger-plain",
}


def sheet_of(name: str) -> Sheet | None:
    """The form of an act; None for what asks nothing first, and for what is no act."""
    words = _words().get(name)
    if words is None:
        return None
    cancel = _("还没有") if name == Action.CONFIRM else _("取消")
    return Sheet(name, *words, cancel, _LOOKS.get(name, "btn-main"))


def sheets_of(names: Iterable[str]) -> list[Sheet]:
    """The forms among `names`, in their order."""
    return [sheet for name in names if (sheet := sheet_of(name))]


def choices_for(report: Report, viewer: Viewer, shown: set[str], sought: str = "") -> dict[str, Any]:
    """What the forms of the acts `shown` offer; nothing is read for the others. `sought`: words of the report to merge
    into.
    """
    rates = report.status == Status.RESOLVED and Party.REPORTER in viewer.parties(report)
    choices: dict[str, Any] = {"rates": rates}
    if shown & set(PreparedAnswer.Use.values):
        choices["answers"] = answers_by_use(report)
    if Action.ASSIGN in shown:
        choices["colleagues"] = _colleagues(report)
    if Action.RECATEGORIZE in shown:
        categories = Category.objects.filter(community=report.community_id, active=True)
        choices["categories"] = categories.exclude(pk=report.category_id)
    if Action.RELEASE in shown:
        choices["successors"] = _successors(report, viewer)
    if Action.MERGE in shown:
        choices |= _others(report, sought)
    return choices


def _others(report: Report, sought: str) -> dict[str, Any]:
    """What it could be merged into: what the words find, else what is likely, then its own category first."""
    others = mergeable(report).select_related("category").order_by("-created_at")
    kindred = {"kindred": kindred_categories(report).values_list("slug", flat=True)}  # what the live search looks among
    if sought:
        return kindred | {"sought": sought, "found": others.search(sought)[:MERGE_CHOICES]}
    likely = likely_duplicates(report)
    own_first = Case(When(category=report.category_id, then=0), default=1)
    rest = others.exclude(pk__in=[found.pk for found in likely]).order_by(own_first, "-created_at")
    return kindred | {"likely": likely, "candidates": rest[:MERGE_CHOICES]}


def _successors(report: Report, viewer: Viewer) -> list[str]:
    """Names of the colleagues on duty who could take it over: those that its tags lead to."""
    led = Membership.objects.on_duty(viewer.now).filter(role__tags__reports=report, user__is_active=True)
    others = led.exclude(user=viewer.user).select_related("user").order_by("name", "pk")
    return list(dict.fromkeys(person_name(membership.user) for membership in others))[:SUCCESSORS]


def _colleagues(report: Report) -> list[Membership]:
    """Staff of the community, those that its tags lead to first, on duty before off duty; each person once."""
    here = Membership.objects.active().with_duty(timezone.now())
    staff = here.filter(community=report.community_id, role__kind=Role.Kind.STAFF).exclude(user=report.claimed_by_id)
    led = {role.pk for tag in report.tags.all() for role in tag.roles.all()}
    rows = sorted(staff.select_related("user", "role"), key=lambda m: (m.role_id not in led, not m.on_duty_, m.name))
    best: dict[Any, Membership] = {}
    for row in rows:
        best.setdefault(row.user_id, row)
    return list(best.values())
