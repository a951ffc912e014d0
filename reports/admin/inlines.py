"""What stands on a report's page beside its own words: who held it, what was attached, internal notes."""

from datetime import datetime

from django.contrib import admin
from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from community_report.core.admin import ReadOnlyInline
from reports.media import media_url, thumbnail_url
from reports.models import Attachment, Claim, InternalNote
from reports.people import person_name

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


class NoteInline(ReadOnlyInline):
    """A tab of its own, where they are also written."""

    model = InternalNote
    tab = True
    fields = readonly_fields = ("time", "who", "words")
    ordering = ("-id",)
    template_before = "admin/reports/note.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[InternalNote]:
        return super().get_queryset(request).select_related("author")

    @admin.display(description=_("时间"))
    def time(self, note: InternalNote) -> str:
        return shown_time(note.at)

    @admin.display(description=_("谁"))
    def who(self, note: InternalNote) -> str:
        return person_name(note.author)

    @admin.display(description=_("内容"))
    def words(self, note: InternalNote) -> str:
        return note.text or NONE


#: The report's own pictures and voice; those of an event stand beside it.
OWN_MEDIA = Prefetch("attachments", Attachment.objects.filter(event=None), to_attr="own_media")
