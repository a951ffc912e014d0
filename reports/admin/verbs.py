"""What a manager does to reports, one or many: a page that asks for what it needs, then the services."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from accounts.models import Role, User
from community_report.core.admin import own_rows
from community_report.core.errors import Invalid
from reports.models import Category, Report
from reports.services import transitions
from reports.services.words import NOTE_MAX
from reports.similar import alike_in_kind
from reports.states import OPEN, Action, Status

#: So many at once stay well within what one request may take; each is a transaction of its own.
MOST_AT_ONCE = 100

Scope = frozenset[int] | None


class VerbForm(forms.Form):
    """What every verb asks for. `scope`: the communities that the person manages (None: all).

    `typed`: what to begin with, where somebody has only chosen an answer so far.
    """

    reason = forms.CharField(
        label=_("原因"),
        max_length=NOTE_MAX,
        widget=UnfoldAdminTextareaWidget({"rows": 3}),
        help_text=_("会记入报单的经过，上报人看得到"),
    )

    def __init__(self, data: Any, *, scope: Scope, reports: Sequence[Report], typed: dict[str, str]) -> None:
        super().__init__(data, initial=typed)
        self.reports = reports
        self.narrow(scope, {report.community_id for report in reports})
        self.order_fields([name for name in self.fields if name != "reason"])

    def narrow(self, scope: Scope, communities: set[int]) -> None:
        """Offer what is of the reports' communities, as far as the person manages them."""


class AssignForm(VerbForm):
    def narrow(self, scope: Scope, communities: set[int]) -> None:
        allowed = communities if scope is None else communities & scope
        staff = {"memberships__role__kind": Role.Kind.STAFF, "memberships__status": "active"}
        found = User.objects.filter(**staff, memberships__community__in=allowed).distinct()
        self.fields["user"] = forms.ModelChoiceField(
            found.order_by("display_name"), label=_("处理人"), widget=UnfoldAdminSelectWidget()
        )


class CategoryForm(VerbForm):
    def narrow(self, scope: Scope, communities: set[int]) -> None:
        found = own_rows(Category, scope).filter(active=True, community__in=communities)
        held = sum(report.status == Status.CLAIMED for report in self.reports)
        said = ngettext(
            "%(n)d 条正有人处理：处理人不管新分类的，会从他手里收回，重新通知",
            "%(n)d 条正有人处理：处理人不管新分类的，会从他手里收回，重新通知",
            held,
        )
        self.fields["category"] = forms.ModelChoiceField(
            found,
            label=_("信息分类"),
            widget=UnfoldAdminSelectWidget(),
            help_text=said % {"n": held} if held else "",
        )


class MergeForm(VerbForm):
    def narrow(self, scope: Scope, communities: set[int]) -> None:
        allowed = communities if scope is None else communities & scope
        kinds = {report.category.claimable for report in self.reports}
        self.fields["into"] = forms.ModelChoiceField(
            Report.objects.filter(community__in=allowed, status__in=OPEN, category__claimable__in=kinds),
            to_field_name="number",
            label=_("合并到哪一条（编号）"),
            widget=UnfoldAdminTextInputWidget({"list": "chosen-numbers", "autocomplete": "off"}),
            error_messages={"invalid_choice": _("没有这个编号的、还在处理中的报单")},
        )


@dataclass(frozen=True)
class Verb:
    """One thing to do. `act` does it to one report through the services, and raises what they refuse."""

    action: Action
    title: str | Promise
    icon: str
    form: type[VerbForm]
    act: Callable[[User, Report, dict[str, Any]], object]


def _assign(actor: User, report: Report, clean: dict[str, Any]) -> object:
    return transitions.assign_report(actor=actor, report_id=report.pk, user_id=clean["user"].pk, reason=clean["reason"])


def _dismiss(actor: User, report: Report, clean: dict[str, Any]) -> object:
    return transitions.dismiss_report(actor=actor, report_id=report.pk, reason=clean["reason"])


def _recategorize(actor: User, report: Report, clean: dict[str, Any]) -> object:
    return transitions.recategorize_report(
        actor=actor, report_id=report.pk, category=clean["category"].slug, reason=clean["reason"]
    )


def _merge(actor: User, report: Report, clean: dict[str, Any]) -> object:
    """The one that the others are merged into may be among the chosen: it stays."""
    if report.pk == clean["into"].pk:
        return report
    if not alike_in_kind(report, clean["into"]):
        raise Invalid.field("into", gettext("需要处理的报单和不需要处理的信息不能合并"))
    return transitions.merge_report(actor=actor, report_id=report.pk, into_id=clean["into"].pk, reason=clean["reason"])


def _confirm(actor: User, report: Report, clean: dict[str, Any]) -> object:
    """Where there is no reporter to do it; the states refuse any other."""
    return transitions.confirm_report(actor=actor, report_id=report.pk, comment=clean["reason"])


def _restore(actor: User, report: Report, clean: dict[str, Any]) -> object:
    return transitions.restore_report(actor=actor, report_id=report.pk, reason=clean["reason"])


VERBS: dict[str, Verb] = {
    verb.action.value: verb
    for verb in (
        Verb(Action.ASSIGN, _("指派所选报单"), "person_add", AssignForm, _assign),
        Verb(Action.RECATEGORIZE, _("修改所选报单的分类"), "category", CategoryForm, _recategorize),
        Verb(Action.MERGE, _("合并所选报单"), "merge", MergeForm, _merge),
        Verb(Action.CONFIRM, _("确认所选报单已完成"), "task_alt", VerbForm, _confirm),
        Verb(Action.DISMISS, _("驳回所选报单"), "block", VerbForm, _dismiss),
        Verb(Action.RESTORE, _("恢复所选报单"), "undo", VerbForm, _restore),
    )
}
