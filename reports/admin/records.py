"""What was recorded of reports: to look through, never to change."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import ChoicesDropdownFilter, DropdownFilter, RangeDateFilter

from community_report.core.admin import ReadOnly, ScopedAdmin
from reports.models import Attachment, Claim, Draft, Rating, ReportEvent
from reports.people import person_name
from reports.states import event_label


@admin.register(ReportEvent)
class ReportEventAdmin(ReadOnly, ScopedAdmin):
    community_paths = ("report__community",)
    list_display = ("moment", "report", "what", "who", "note")
    list_select_related = ("report", "actor")
    list_filter = (("at", RangeDateFilter),)
    search_fields = ("report__number", "note")

    @admin.display(description=_("时间"), ordering="at")
    def moment(self, event: ReportEvent) -> str:
        return date_format(timezone.localtime(event.at), "Y-m-d H:i:s")

    @admin.display(description=_("发生了什么"), ordering="kind")
    def what(self, event: ReportEvent) -> str:
        return str(event_label(event.kind))

    @admin.display(description=_("谁"))
    def who(self, event: ReportEvent) -> str:
        return person_name(event.actor) if event.actor else gettext("系统")


@admin.register(Claim)
class ClaimAdmin(ReadOnly, ScopedAdmin):
    community_paths = ("report__community",)
    list_display = ("report", "staff", "claimed_at", "resolved_at", "ended_at", "outcome")
    list_filter = (("outcome", ChoicesDropdownFilter),)
    list_select_related = ("report", "staff")
    search_fields = ("report__number", "staff__display_name")


@admin.register(Attachment)
class AttachmentAdmin(ReadOnly, ScopedAdmin):
    community_paths = ("report__community",)
    list_display = ("kind", "status", "report", "reason", "attempts", "created_at", "stored_at")
    list_filter = (("kind", ChoicesDropdownFilter), ("status", ChoicesDropdownFilter))
    list_select_related = ("report",)
    search_fields = ("report__number",)


class ScoreFilter(DropdownFilter):
    """One to five, without looking which there are."""

    title = _("评分")
    parameter_name = "score"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(str(score), str(score)) for score in range(1, 6)]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        score = self.value() or ""
        return queryset.filter(score=score) if score in list("12345") else queryset


@admin.register(Rating)
class RatingAdmin(ReadOnly, ScopedAdmin):
    community_paths = ("report__community",)
    list_display = ("report", "staff", "score", "comment", "created_at")
    list_filter = (ScoreFilter,)
    list_select_related = ("report", "staff")
    search_fields = ("report__number", "staff__display_name", "comment")


@admin.register(Draft)
class DraftAdmin(ReadOnly, ScopedAdmin):
    """Drafts are their owner's alone: a manager sees that there are some, not what is in them."""

    list_display = ("id", "community", "created_at", "touched_at", "ended_at")
    fields = list_display
    list_select_related = ("community",)
