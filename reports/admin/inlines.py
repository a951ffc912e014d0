"""What stands on a report's page below its own words: the timeline, who held it, what was attached."""

from datetime import datetime

from django.contrib import admin
from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from community_report.core.admin import ReadOnlyInline
from reports.media import media_url, thumbnail_url
from reports.models import Attachment, Claim, ReportEvent
from reports.people import person_name
from reports.states import Status, event_label

NONE = "—"


def shown_time(moment: datetime | None) -> str:
    """In the back office's time zone; a dash for none."""
    return date_format(timezone.localtime(moment), "Y-m-d H:i") if moment else NONE


def shown_media(attachment: Attachment) -> SafeString:
    """To look at, or to listen to; in words where there is no file (yet)."""
    address = media_url(attachment)
    if address is None:
        words = f"{attachment.get_kind_display()} · {attachment.get_status_display()}"
        return format_html('<span class="media-missing">{}</span>', words)
    if attachment.kind == Attachment.Kind.VOICE:
        player = '<audio controls preload="none" src="{}"></audio><div class="media-words">{}</div>'
        return format_html(player, address, attachment.transcript)
    small = thumbnail_url(attachment) or address
    picture = '<a href="{}" target="_blank"><img src="{}" class="media-picture" loading="lazy" alt="{}"></a>'
    return format_html(picture, address, small, gettext("图片"))


class EventInline(ReadOnlyInline):
    """The timeline, in words, with what was shown at each step."""

    model = ReportEvent
    verbose_name_plural = _("经过")
    fields = readonly_fields = ("time", "what", "who", "step", "words", "shown")
    ordering = ("id",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[ReportEvent]:
        return super().get_queryset(request).select_related("actor").prefetch_related("attachments")

    @admin.display(description=_("时间"))
    def time(self, event: ReportEvent) -> str:
        return shown_time(event.at)

    @admin.display(description=_("发生了什么"))
    def what(self, event: ReportEvent) -> str:
        return str(event_label(event.kind))

    @admin.display(description=_("谁"))
    def who(self, event: ReportEvent) -> str:
        return person_name(event.actor) if event.actor else gettext("系统")

    @admin.display(description=_("状态变化"))
    def step(self, event: ReportEvent) -> str:
        if not event.to_status:
            return NONE
        to = Status(event.to_status).label
        return f"{Status(event.from_status).label} → {to}" if event.from_status else str(to)

    @admin.display(description=_("说明"))
    def words(self, event: ReportEvent) -> str:
        return event.note or NONE

    @admin.display(description=_("附件"))
    def shown(self, event: ReportEvent) -> str:
        return format_html_join("", "{}", ((shown_media(found),) for found in event.attachments.all())) or NONE


class ClaimInline(ReadOnlyInline):
    model = Claim
    verbose_name_plural = _("谁处理过")
    fields = readonly_fields = ("who", "taken", "done", "ended", "how")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Claim]:
        return super().get_queryset(request).select_related("staff")

    @admin.display(description=_("处理人"))
    def who(self, claim: Claim) -> str:
        return person_name(claim.staff)

    @admin.display(description=_("接单"))
    def taken(self, claim: Claim) -> str:
        return shown_time(claim.claimed_at)

    @admin.display(description=_("提交结果"))
    def done(self, claim: Claim) -> str:
        return shown_time(claim.resolved_at)

    @admin.display(description=_("结束"))
    def ended(self, claim: Claim) -> str:
        return shown_time(claim.ended_at)

    @admin.display(description=_("结果"))
    def how(self, claim: Claim) -> str:
        return claim.get_outcome_display() or NONE


#: The report's own pictures and voice; those of an event stand beside it.
OWN_MEDIA = Prefetch("attachments", Attachment.objects.filter(event=None), to_attr="own_media")
