"""The back office: the ledger of deliveries, message templates, the domain proof."""

from functools import partial
from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import DropdownFilter, RangeDateFilter

from accounts.querysets import of_person
from community_report.core.admin import ADDED_INLINES, ReadOnly, ReadOnlyInline, ScopedAdmin, SuperuserAdmin
from community_report.core.search import searched
from reports.querysets import of_report

from . import admin_notices, admin_outward
from .admin_templates import TemplateAdmin
from .models import (
    Contact,
    Delivery,
    DomainProof,
    Grant,
    GroupMessage,
    InboundMessage,
    MessageForm,
    Outbox,
    SubscriptionTemplate,
    Template,
    Trouble,
)
from .services import replaying
from .services.retrying import RETRIED, retry_deliveries
from .unreached import reason_words
from .wording import CHANNELS

assert admin_outward  # registers its own
assert admin_notices  # adds to the list of notices


class ChannelFilter(DropdownFilter):
    """The channels that there are, without looking which were used."""

    title = _("渠道")
    parameter_name = "channel"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(name, words) for name, words in CHANNELS.items() if name not in ("", "robot")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Delivery]) -> QuerySet[Delivery]:
        return queryset.filter(channel=self.value()) if self.value() in CHANNELS else queryset


def _refused_with(code: str) -> Q:
    """What arrived has no code, and is most of them."""
    return Q(code=code, status__in=("pending", "skipped", "dead"))


@admin.register(Delivery)
class DeliveryAdmin(ReadOnly, ScopedAdmin):
    list_display = ("created_at", "user", "kind", "channel", "status", "code", "attempts", "sent_at", "read_at")
    list_filter = ("status", "kind", ChannelFilter, ("created_at", RangeDateFilter))
    list_select_related = ("user",)
    ordering = ("-created_at",)
    search_fields = ("code",)  # `get_search_results` looks through more
    search_help_text = _("收件人的姓名或手机、报单编号，或返回码")
    actions = ("send_again",)

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> tuple[QuerySet[Any], bool]:
        return searched(queryset, search_term, partial(of_person, "user"), of_report, _refused_with), False

    @admin.action(description=_("重新发送所选消息"))
    def send_again(self, request: HttpRequest, chosen: QuerySet[Delivery]) -> None:
        """Those that were given up or not pushed; what somebody got already stays as it is."""
        number = sum(retry_deliveries(chosen, status=status) for status in RETRIED)
        self.message_user(request, gettext("将重新发送 %(n)d 条") % {"n": number})


class DeliveryInline(ReadOnlyInline):
    """Who was told of a report: when, by which channel, with what answer, and whether they have read it."""

    model = Delivery
    fields = readonly_fields = ("user", "kind", "channel", "status", "answer", "sent_at", "delivered_at", "read_at")
    ordering = ("-created_at",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Delivery]:
        return super().get_queryset(request).select_related("user")

    @admin.display(description=_("结果"))
    def answer(self, delivery: Delivery) -> str:
        return reason_words(delivery) or "—"


ADDED_INLINES["reports.Report"] = [DeliveryInline]


@admin.register(GroupMessage)
class GroupMessageAdmin(ReadOnly, ScopedAdmin):
    community_paths = ("outbox__community",)
    permission = "publish_notices"
    list_display = ("created_at", "text", "people", "status", "code", "attempts", "sent_at", "result")
    list_filter = ("status",)


@admin.register(Outbox)
class OutboxAdmin(ReadOnly, SuperuserAdmin):
    list_display = ("key", "kind", "created_at", "routed_at", "attempts", "error")
    list_filter = ("kind", ("routed_at", admin.EmptyFieldListFilter))
    actions = ("route_again",)

    @admin.action(description=_("重新分发所选"))
    def route_again(self, request: HttpRequest, chosen: QuerySet[Outbox]) -> None:
        """What was given up after too many failures; the next sweep takes it."""
        number = chosen.filter(routed_at=None).update(attempts=0, error="")
        self.message_user(request, gettext("将重新分发 %(n)d 条") % {"n": number})


admin.site.register([Template, SubscriptionTemplate], TemplateAdmin)


@admin.register(Grant)
class GrantAdmin(ReadOnly, ScopedAdmin):
    community_paths = ("user__memberships__community",)
    permission = "manage_people"
    list_display = ("user", "template_id", "left")
    list_select_related = ("user",)


@admin.register(MessageForm)
class MessageFormAdmin(SuperuserAdmin):
    list_display = ("kind", "form", "picture_url")


@admin.register(Trouble)
class TroubleAdmin(ReadOnly, SuperuserAdmin):
    list_display = ("key", "detail", "times", "since", "last_at", "told_at")


@admin.register(InboundMessage)
class InboundMessageAdmin(ReadOnly, SuperuserAdmin):
    list_display = ("received_at", "kind", "event", "handled_at", "attempts", "error")
    list_filter = ("kind", "event", ("handled_at", admin.EmptyFieldListFilter))
    exclude = ("openid", "payload", "key")
    actions = ("process_again", "set_aside")

    @admin.action(description=_("重新处理所选来信"))
    def process_again(self, request: HttpRequest, chosen: QuerySet[InboundMessage]) -> None:
        """Those that failed, however often; what cannot be read stays as it is."""
        number = replaying.release(chosen)
        self.message_user(request, gettext("已处理 %(n)d 条") % {"n": number})

    @admin.action(description=_("标记为不再处理"))
    def set_aside(self, request: HttpRequest, chosen: QuerySet[InboundMessage]) -> None:
        number = replaying.set_aside(chosen)
        self.message_user(request, gettext("已标记 %(n)d 条") % {"n": number})


@admin.register(Contact)
class ContactAdmin(ReadOnly, ScopedAdmin):
    community_paths = ("user__memberships__community",)
    permission = "manage_people"
    list_display = ("user", "subscribed", "subscription_changed_at", "last_message_at")
    list_filter = ("subscribed",)
    list_select_related = ("user",)


@admin.register(DomainProof)
class DomainProofAdmin(SuperuserAdmin):
    list_display = ("__str__", "text")
