"""The back office of the ledger: what became of each message, on a report's page as well, and sending again."""

from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.forms import BaseInlineFormSet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import mark_safe
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import DropdownFilter

from accounts.models import Community
from accounts.querysets import of_person
from community_report.core.admin import ADDED_INLINES, ReadOnly, ReadOnlyInline, ScopedAdmin, communities_of, own_rows
from community_report.core.admin_days import DaysFilter
from community_report.core.search import searched
from reports.models import Report
from reports.querysets import of_report

from .admin_resending import SendsAgain
from .models import Delivery, Outbox, RobotPost
from .reasons import post_words, reason_words
from .services.alarms import ROBOT
from .unreached import unreached_in
from .wording import CHANNELS, channel_words

if TYPE_CHECKING:
    DeliveryFormSet = BaseInlineFormSet[Delivery, Report, forms.ModelForm[Delivery]]
    OutboxFormSet = BaseInlineFormSet[Outbox, Report, forms.ModelForm[Outbox]]
else:  # Django's form classes take no parameters at run time
    DeliveryFormSet = OutboxFormSet = BaseInlineFormSet

NONE = "—"
#: Of the people who were told of a report, so many stand on its page; the list has the others.
SHOWN_ON_A_REPORT = 50


class ChannelFilter(DropdownFilter):
    """Every channel there is, without looking which the rows name."""

    title = _("渠道")
    parameter_name = "channel"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(name, words) for name, words in CHANNELS.items() if name and name != ROBOT]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return queryset.filter(channel=self.value()) if self.value() in CHANNELS else queryset


class UnreachedFilter(DropdownFilter):
    """What a manager may have to say by telephone: it arrived by no channel and nobody has read it."""

    title = _("没有送达")
    parameter_name = "unreached"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("1", _("没有送达，本人也没看过"))]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        if self.value() != "1":
            return queryset
        own = own_rows(Community, communities_of(request, "manage_reports")).values_list("pk", flat=True)
        lost = unreached_in(list(own), timezone.now()).exclude(user=request.user.pk)
        return queryset.filter(pk__in=lost.order_by().values("pk"))


def _refused_with(code: str) -> Q:
    """What arrived has no code, and is most of them."""
    return Q(code=code, status__in=("pending", "skipped", "dead"))


@admin.register(Delivery)
class DeliveryAdmin(SendsAgain, ReadOnly, ScopedAdmin):
    list_display = ("created_at", "user", "about", "kind", "way", "status", "answer", "attempts", "sent_at", "read_at")
    list_filter = (UnreachedFilter, "status", "kind", ChannelFilter, ("created_at", DaysFilter))
    list_select_related = ("user", "report")
    linked_by = ("report", "community")
    fields = (
        ("user", "kind"),
        ("report", "notice"),
        "text",
        ("way", "status", "answer"),
        ("code", "attempts"),
        ("created_at", "sent_at"),
        ("delivered_at", "read_at"),
    )
    ordering = ("-created_at",)
    search_fields = ("code",)  # `get_search_results` looks through more
    search_help_text = _("收件人的姓名或手机、报单编号，或返回码")

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> tuple[QuerySet[Any], bool]:
        somebody = partial(of_person, "user", communities=communities_of(request, self.permission))
        return searched(queryset, search_term, somebody, of_report, _refused_with), False

    @admin.display(description=_("渠道"), ordering="channel")
    def way(self, delivery: Delivery) -> str:
        return channel_words(delivery.channel) or NONE

    @admin.display(description=_("报单"))
    def about(self, delivery: Delivery) -> str:
        if delivery.report is None:
            return NONE
        link = reverse("admin:reports_report_change", args=[delivery.report_id])
        return format_html('<a href="{}">{}</a>', link, delivery.report.number)

    @admin.display(description=_("结果"), ordering="code")
    def answer(self, delivery: Delivery) -> str:
        return reason_words(delivery) or NONE


class NewestFormSet(DeliveryFormSet):
    """The newest rows alone: a board post is told to thousands. `more`: how many others there are."""

    def get_queryset(self) -> QuerySet[Delivery]:
        if not hasattr(self, "_newest"):
            everything = super().get_queryset()
            self.more = max(everything.count() - SHOWN_ON_A_REPORT, 0)
            self._newest = everything[:SHOWN_ON_A_REPORT]
        return self._newest


class DeliveryInline(ReadOnlyInline):
    """Who was told of a report: when, by which channel, with what answer, and whether they have read it."""

    model = Delivery
    formset = NewestFormSet
    verbose_name_plural = _("通知了谁")
    fields = readonly_fields = ("user", "kind", "way", "status", "answer", "sent_at", "delivered_at", "read_at")
    ordering = ("-created_at",)
    template_after = "admin/dispatch/more_deliveries.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Delivery]:
        return super().get_queryset(request).select_related("user")

    @admin.display(description=_("渠道"))
    def way(self, delivery: Delivery) -> str:
        return channel_words(delivery.channel) or NONE

    @admin.display(description=_("结果"))
    def answer(self, delivery: Delivery) -> str:
        return reason_words(delivery) or NONE


class PostFormSet(OutboxFormSet):
    @classmethod
    def get_default_prefix(cls) -> str:
        return "posts"


class PostInline(ReadOnlyInline):
    """Which group chats were told of a report: a row for each thing that was told, with what became of its posts."""

    model = Outbox
    formset = PostFormSet
    verbose_name_plural = _("通知了哪些群")
    fields = readonly_fields = ("what", "time", "posts")
    ordering = ("-created_at",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Outbox]:
        rows = super().get_queryset(request).filter(Exists(RobotPost.objects.filter(outbox=OuterRef("pk"))))
        return rows.prefetch_related("robot_posts__robot")

    @admin.display(description=_("消息类型"))
    def what(self, box: Outbox) -> str:
        return box.get_kind_display()

    @admin.display(description=_("时间"))
    def time(self, box: Outbox) -> str:
        return _clock(box.created_at)

    @admin.display(description=_("群机器人"))
    def posts(self, box: Outbox) -> str:
        lines = (
            (
                " · ".join(
                    filter(None, (post.robot.name, post.get_status_display(), _clock(post.sent_at), post_words(post)))
                ),
            )
            for post in box.robot_posts.all()
        )
        return format_html_join(mark_safe("<br>"), "{}", lines)


def _clock(moment: datetime | None) -> str:
    return date_format(timezone.localtime(moment), "Y-m-d H:i") if moment else ""


ADDED_INLINES["reports.Report"] = [DeliveryInline, PostInline]
