"""What a report's page says of duplicates: which one it went into, which came into it, and who follows it."""

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from reports.models import Report
from reports.people import person_name
from reports.states import Status

from .inlines import NONE

if TYPE_CHECKING:  # mixed into one of these
    Base = admin.ModelAdmin[Any]
else:
    Base = object

#: So many are named; of more, the number is told.
MOST_NAMED = 20


def link_to(report: Report) -> SafeString:
    """Its number, leading to its page."""
    return format_html('<a href="{}">{}</a>', reverse("admin:reports_report_change", args=[report.pk]), report.number)


class MergedFields(Base):
    """Mixed into the admin of reports: a group of fields where there is something to say."""

    def get_fieldsets(self, request: HttpRequest, obj: Report | None = None) -> Any:
        found: Any = super().get_fieldsets(request, obj)
        fields = tuple(self._said_of(obj)) if obj else ()
        return (*found, (_("合并和关注"), {"fields": (fields,)})) if fields else found

    @staticmethod
    def _said_of(report: Report) -> Iterable[str]:
        if report.merged_into_id:
            yield "went_into"
        if report.duplicates.exists():
            yield "came_in"
        if report.follows.exists():
            yield "followed_by"

    @admin.display(description=_("合并到"))
    def went_into(self, report: Report) -> str:
        into = report.merged_into
        if into is None:
            return NONE
        return format_html("{} {} · {}", link_to(into), into.title, Status(into.status).label)

    @admin.display(description=_("并进来的"))
    def came_in(self, report: Report) -> str:
        rows = report.duplicates.order_by("created_at")[: MOST_NAMED + 1]
        return _listed([format_html("{} {}", link_to(other), other.title) for other in rows], report.duplicates.count)

    @admin.display(description=_("关注的人"))
    def followed_by(self, report: Report) -> str:
        rows = report.follows.select_related("user").order_by("pk")[: MOST_NAMED + 1]
        return _listed([person_name(follow.user) for follow in rows], report.follows.count)


def _listed(names: list[Any], count: Any) -> str:
    shown = format_html_join("、", "{}", ((name,) for name in names[:MOST_NAMED]))
    if len(names) <= MOST_NAMED:
        return shown
    return format_html("{} {}", shown, gettext("等 %(n)d 个") % {"n": count()})
