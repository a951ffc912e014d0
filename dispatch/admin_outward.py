"""The back office of ways out of WeChat: group robots with their ledger, and the gateway for short messages.

Addresses and secrets of both are written and never shown again.
"""

from datetime import datetime
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.translation import gettext, gettext_lazy
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget, UnfoldAdminPasswordWidget

from accounts.models import Role
from accounts.policies import person_of
from community_report.core.admin import OwnFilter, ReadOnly, ScopedAdmin, SuperuserAdmin
from community_report.core.admin_refused import FOREIGN
from community_report.outward.door import is_allowed, origin_of
from community_report.outward.sms import unknown_placeholders

from .admin_resending import SendsAgain
from .kinds import Kind
from .models import GroupRobot, RobotPost, SmsGateway
from .models_outward import GROUP_KINDS
from .outward_figures import Figures, figures_of, last_post, last_text, sms_figures, with_figures
from .reasons import post_words, reason_words
from .services import troubles
from .services.alarms import ROBOT
from .services.outcomes import Accepted, code_of
from .services.robot_tests import send_test_post
from .services.robots import remove_robot
from .services.texting import sent_today
from .values import VALUES

if TYPE_CHECKING:
    RobotModelForm = forms.ModelForm[GroupRobot]
    SmsModelForm = forms.ModelForm[SmsGateway]
else:  # Django's form classes take no parameters at run time
    RobotModelForm = SmsModelForm = forms.ModelForm

#: Of the kinds, those that make sense to a group.
OFFERED_TO_GROUPS = [*GROUP_KINDS, Kind.NOTICE]
NOT_ALLOWED = gettext_lazy("这个地址不在允许的范围内；请系统管理员把它加入 OUTWARD_ORIGINS")


def _hidden(label: Any, *, stored: bool, required: bool) -> forms.CharField:
    """A field whose stored value is not shown; left empty, it stays."""
    hint = _("已保存，不再显示；留空则不变") if stored else ""
    widget = UnfoldAdminPasswordWidget(attrs={"autocomplete": "new-password"})
    return forms.CharField(label=label, required=required and not stored, widget=widget, help_text=hint, max_length=500)


def _kinds(offered: list[Kind]) -> forms.TypedMultipleChoiceField:
    choices = [(str(kind), kind.label) for kind in offered]
    return forms.TypedMultipleChoiceField(
        label=_("消息类型"), choices=choices, widget=UnfoldAdminCheckboxSelectMultipleWidget
    )


class _KeepsSecrets:
    """Mixed into a form: what is left empty of `secrets` stays as it is stored."""

    secrets: tuple[str, ...]

    def keep(self, form: Any, values: dict[str, Any]) -> None:
        for name in self.secrets:
            if not values.get(name) and form.instance.pk:
                values[name] = getattr(type(form.instance).objects.get(pk=form.instance.pk), name)


class RobotForm(_KeepsSecrets, RobotModelForm):
    secrets = ("address", "secret")
    kinds = _kinds(OFFERED_TO_GROUPS)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        stored = bool(self.instance.pk)
        self.fields["address"] = _hidden(_("Webhook 地址"), stored=stored, required=True)
        self.fields["secret"] = _hidden(_("签名密钥"), stored=stored, required=False)

    def clean(self) -> dict[str, Any]:
        super().clean()
        values = self.cleaned_data
        self.keep(self, values)
        if values.get("address") and not is_allowed(values["address"]):
            self.add_error("address", NOT_ALLOWED)
        community = values.get("community") or (None if self.instance._state.adding else self.instance.community)
        for role in values.get("roles") or ():
            if role.kind == Role.Kind.RESIDENT or role.community != community:
                said = _("只能选择这个小区的工作人员和管理人员角色")
                self.add_error("roles", forms.ValidationError(said, code=FOREIGN))
        return values


def figures_words(figures: Figures) -> str:
    words = gettext("发出 %(sent)d，失败 %(failed)d，等待重发 %(waiting)d")
    return words % {"sent": figures.sent, "failed": figures.failed, "waiting": figures.waiting}


def _said(moment: datetime | None, status: str, answer: str) -> str:
    """When something was tried, what became of it, and what was answered."""
    when = date_format(timezone.localtime(moment), "m-d H:i") if moment else ""
    return " · ".join(filter(None, (when, status, answer)))


@admin.register(GroupRobot)
class GroupRobotAdmin(ScopedAdmin):
    form = RobotForm
    may_delete = True
    list_display = ("name", "community", "vendor", "active", "state", "week", "last_answer")
    list_select_related = ("community",)
    fields = ("community", "name", "vendor", "address", "secret", "roles", "kinds", "active", "week", "last_answer")
    readonly_fields = ("week", "last_answer")
    change_form_template = "admin/dispatch/robot_form.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[GroupRobot]:
        return with_figures(super().get_queryset(request).filter(removed_at=None), timezone.now())

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Nothing goes with it: its posts stay in the ledger."""
        return [str(robot) for robot in objs], {self.opts.verbose_name_plural: len(objs)}, set(), []

    def delete_model(self, request: HttpRequest, obj: GroupRobot) -> None:
        remove_robot(actor=person_of(request), robot=obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[GroupRobot]) -> None:
        for robot in queryset:
            remove_robot(actor=person_of(request), robot=robot)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(require_POST(self.test_post))
        return [path("<path:object_id>/test/", view, name="robot_test"), *super().get_urls()]

    def test_post(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """A post into the group now, as it is set up in the database."""
        robot = self.get_object(request, unquote(object_id))
        if robot is None or not self.has_change_permission(request, robot):
            raise Http404
        outcome = send_test_post(actor=person_of(request), robot=robot)
        if isinstance(outcome, Accepted):
            self.message_user(request, gettext("已发到群里"), messages.SUCCESS)
        else:
            self.message_user(request, post_words(RobotPost(robot=robot, code=code_of(outcome))), messages.ERROR)
        return HttpResponseRedirect(reverse("admin:dispatch_grouprobot_change", args=[robot.pk]))

    @admin.display(description=_("近七天"))
    def week(self, robot: GroupRobot) -> str:
        return figures_words(figures_of(robot)) if robot.pk else "—"

    @admin.display(description=_("最近一次"))
    def last_answer(self, robot: GroupRobot) -> str:
        post = last_post(robot) if robot.pk else None
        return _said(post.sent_at, post.get_status_display(), post_words(post)) if post else "—"

    @admin.display(description=_("状态"))
    def state(self, robot: GroupRobot) -> str:
        if not robot.active:
            return gettext("未启用")
        return gettext("故障") if vars(robot)["stopped_"] else gettext("正常")

    def save_model(self, request: HttpRequest, obj: GroupRobot, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        troubles.ask_again(f"{ROBOT}:{obj.pk}")


@admin.register(RobotPost)
class RobotPostAdmin(SendsAgain, ReadOnly, ScopedAdmin):
    community_paths = ("robot__community",)
    list_display = ("created_at", "robot", "report", "text", "status", "answer", "attempts", "sent_at")
    list_filter = ("status", ("robot", OwnFilter))
    list_select_related = ("robot", "outbox__report")
    search_fields = ("outbox__report__number", "text", "code")
    fields = ("robot", "report", "text", "status", "answer", "code", "attempts", "created_at", "sent_at")
    readonly_fields = ("report", "answer")

    @admin.display(description=_("报单"))
    def report(self, post: RobotPost) -> str:
        if (report := post.outbox.report) is None:
            return "—"
        return format_html('<a href="{}">{}</a>', reverse("admin:reports_report_change", args=[report.pk]), report)

    @admin.display(description=_("结果"), ordering="code")
    def answer(self, post: RobotPost) -> str:
        return post_words(post) or "—"


class SmsForm(_KeepsSecrets, SmsModelForm):
    secrets = ("secret",)
    kinds = _kinds(list(Kind))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["secret"] = _hidden(_("密钥"), stored=bool(self.instance.pk), required=False)
        self.fields["secret"].help_text = _("写作 {secret}；保存后不再显示，留空则不变")

    def clean_address(self) -> str:
        address: str = self.cleaned_data["address"]
        if "{" in origin_of(address) or not is_allowed(address):
            raise forms.ValidationError(NOT_ALLOWED)
        return self._known(address)

    def clean_body(self) -> str:
        return self._known(self.cleaned_data["body"])

    def clean_headers(self) -> dict[str, str]:
        headers = self.cleaned_data["headers"] or {}
        if not isinstance(headers, dict) or not all(isinstance(value, str) for value in headers.values()):
            raise forms.ValidationError(_('应形如 {"Authorization": "Bearer {secret}"}'))
        return headers

    def clean_params(self) -> dict[str, str]:
        params = self.cleaned_data["params"] or {}
        known = {value for values in VALUES.values() for value in values}
        if not isinstance(params, dict) or not set(params.values()) <= known:
            raise forms.ValidationError(_("参数的值应为：%(known)s") % {"known": ", ".join(sorted(known))})
        return params

    def clean(self) -> dict[str, Any]:
        super().clean()
        self.keep(self, self.cleaned_data)
        return self.cleaned_data

    @staticmethod
    def _known(text: str) -> str:
        if unknown := unknown_placeholders(text):
            raise forms.ValidationError(_("不认识：%(names)s") % {"names": ", ".join(sorted(unknown))})
        return text


@admin.register(SmsGateway)
class SmsGatewayAdmin(SuperuserAdmin):
    form = SmsForm
    list_display = ("name", "active", "today", "week", "last_answer")
    readonly_fields = ("today", "week", "last_answer")

    @admin.display(description=_("近七天"))
    def week(self, gateway: SmsGateway) -> str:
        return figures_words(sms_figures(timezone.now()))

    @admin.display(description=_("最近一次"))
    def last_answer(self, gateway: SmsGateway) -> str:
        text = last_text()
        return _said(text.sent_at or text.created_at, text.get_status_display(), reason_words(text)) if text else "—"

    @admin.display(description=_("今天已发"))
    def today(self, gateway: SmsGateway) -> str:
        return f"{sent_today(timezone.now())} / {gateway.per_day}"

    def save_model(self, request: HttpRequest, obj: SmsGateway, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        troubles.ask_again("sms")
