"""The back office: the outbox, message templates, what WeChat sent us, the domain proof."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from community_report.core.admin import ReadOnly, ScopedAdmin, SuperuserAdmin

from . import admin_deliveries, admin_notices, admin_outward
from .admin_templates import TemplateAdmin
from .channel_names import MASS
from .models import (
    Contact,
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
from .reasons import code_words
from .services import replaying

assert admin_deliveries  # registers its own
assert admin_outward  # likewise
assert admin_notices  # adds to the list of notices


@admin.register(GroupMessage)
class GroupMessageAdmin(ReadOnly, ScopedAdmin):
    community_paths = ("outbox__community",)
    permission = "publish_notices"
    list_display = fields = ("created_at", "text", "people", "status", "answer", "attempts", "sent_at", "reached")
    list_filter = ("status",)

    @admin.display(description=_("结果"), ordering="code")
    def answer(self, message: GroupMessage) -> str:
        return code_words(message.code, MASS) or "—"

    @admin.display(description=_("微信送达的人数"))
    def reached(self, message: GroupMessage) -> str:
        """As the finish event told it, of how many it filtered."""
        return str(message.result.get("SentCount") or "—")


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
