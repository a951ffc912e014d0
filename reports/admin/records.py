"""What was recorded of reports: to look through, never to change."""

from collections.abc import Callable
from functools import partial
from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.db.models.functions import Upper
from django.http import HttpRequest
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import ChoicesDropdownFilter, DropdownFilter

from accounts.querysets import of_person
from community_report.core.admin import ReadOnly, ScopedAdmin, communities_of
from community_report.core.admin_days import DaysFilter
from community_report.core.search import few, holding, searched
from reports.models import Attachment, Claim, Draft, Rating, ReportEvent
from reports.people import person_name
from reports.querysets import of_report
from reports.states import event_label

from .inlines import shown_media
from .timeline import change_words


def _noted(word: str) -> Q:
    return Q(pk__in=few(holding(ReportEvent.objects.exclude(note=""), Upper("note"), word)))


def _staff(request: HttpRequest, permission: str) -> Callable[[str], Q]:
    return partial(of_person, "staff", communities=communities_of(request, permission))


@admin.register(ReportEvent)
class ReportEventAdmin(ReadOnly, ScopedAdmin):
    community_paths = ("report__community",)
    list_display = ("moment", "report", "what", "who", "note")
    fields = ("report", "moment", "what", "who", "change", "note")
    list_select_related = ("report", "actor")
    list_filter = (("at", DaysFilter),)
    ordering = ("-id",)
    search_fields = ("note",)  # `get_search_results` looks through more
    search_help_text = _("报单编号，或说明里的文字")

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> tuple[QuerySet[Any], bool]:
        return searched(queryset, search_term, of_report, _noted), False

    @admin.display(description=_("时间"), ordering="at")
    def moment(self, event: ReportEvent) -> str:
        return date_format(timezone.localtime(event.at), "Y-m-d H:i:s")

    @admin.display(description=_("发生了什么"), ordering="kind")
    def what(self, event: ReportEvent) -> str:
        return str(event_label(event.kind))

    @admin.display(description=_("谁"))
    def who(self, event: ReportEvent) -> str:
        return person_name(event.actor) if event.actor else gettext("系统")

    @admin.display(description=_("状态变化"))
    def change(self, event: ReportEvent) -> str:
        return change_words(event)


@admin.register(Claim)
class ClaimAdmin(ReadOnly, ScopedAdmin):
    community_paths = ("report__community",)
    list_display = fields = ("report", "staff", "claimed_at", "resolved_at", "ended_at", "outcome")
    list_filter = (("outcome", ChoicesDropdownFilter),)
    list_select_related = ("report", "staff")
    ordering = ("-id",)
    search_fields = ("staff",)  # `get_search_results` looks through more
    search_help_text = _("报单编号，或处理人的姓名")

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> tuple[QuerySet[Any], bool]:
        return searched(queryset, search_term, of_report, _staff(request, self.permission)), False


@admin.register(Attachment)
class AttachmentAdmin(ReadOnly, ScopedAdmin):
    community_paths = ("report__community",)
    list_display = ("kind", "status", "report", "reason", "attempts", "created_at", "stored_at")
    fields = ("report", "shown", "status", "reason", "attempts", "created_at", "stored_at")
    list_filter = (("kind", ChoicesDropdownFilter), ("status", ChoicesDropdownFilter))
    list_select_related = ("report",)
    search_fields = ("report__number",)

    @admin.display(description=_("附件"))
    def shown(self, attachment: Attachment) -> str:
        """Not of a draft: that is its owner's alone."""
        return shown_media(attachment) if attachment.report_id else "—"


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
    list_display = fields = ("report", "staff", "score", "comment", "created_at")
    list_filter = (ScoreFilter,)
    list_select_related = ("report", "staff")
    ordering = ("-id",)
    search_fields = ("comment",)  # `get_search_results` looks through more
    search_help_text = _("报单编号、处理人的姓名，或评价里的文字")

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> tuple[QuerySet[Any], bool]:
        ways = (of_report, _staff(request, self.permission), lambda word: Q(comment__icontains=word))
        return searched(queryset, search_term, *ways), False


@admin.register(Draft)
class DraftAdmin(ReadOnly, ScopedAdmin):
    """Drafts are their owner's alone: a manager sees that there are some, not what is in them."""

    list_display = fields = ("number", "community", "created_at", "touched_at", "ended_at")
    list_select_related = ("community",)

    @admin.display(description=_("编号"))
    def number(self, draft: Draft) -> str:
        return str(draft.pk)
