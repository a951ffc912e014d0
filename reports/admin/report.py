"""The back office of reports: looked at, searched, and moved on through the services alone."""

from operator import attrgetter
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.utils import unquote
from django.db.models import QuerySet, prefetch_related_objects
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html_join
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import display

from accounts.policies import person_of
from accounts.text import home_text
from community_report.core import admin_refused
from community_report.core.admin import OwnFilter, ReadOnly, ScopedAdmin, communities_of
from community_report.core.admin_bulk import asking, do_each
from community_report.core.admin_days import DaysFilter
from community_report.core.errors import DomainError
from reports.answers import answers_for, fits, with_answer
from reports.exports import with_homes
from reports.models import PreparedAnswer, Report
from reports.people import person_name
from reports.policies import Viewer
from reports.services.notes import write_note
from reports.similar import likely_duplicates
from reports.states import Status

from .filters import HandledFilter, MonthFilter, NeedFilter
from .inlines import NONE, OWN_MEDIA, ClaimInline, NoteInline, shown_media, shown_time
from .merged import MergedFields
from .timeline import timeline_of
from .verbs import MOST_AT_ONCE, VERBS, MergeForm, Verb

#: The theme's colours of the states.
COLOURS = {
    Status.SUBMITTED.value: "warning",
    Status.CLAIMED.value: "info",
    Status.RESOLVED.value: "primary",
    Status.CLOSED.value: "success",
    Status.DISMISSED.value: "danger",
    Status.WITHDRAWN.value: "",
    Status.MERGED.value: "",
}


@admin.register(Report)
class ReportAdmin(MergedFields, ReadOnly, ScopedAdmin):
    list_display = ("number", "title", "category", "state", "person", "claimed_by", "filed", "due")
    list_display_links = ("number", "title")
    list_filter = (
        NeedFilter,
        MonthFilter,
        ("status", ChoicesDropdownFilter),
        ("category", OwnFilter),
        ("building", OwnFilter),
        HandledFilter,
        ("community", OwnFilter),
        ("created_at", DaysFilter),
    )
    list_select_related = ("category", "reporter", "claimed_by")
    search_fields = ("number",)  # `get_search_results` looks through more
    search_help_text = _("编号、文字、地点，或上报人的姓名、手机、房屋")
    inlines = (ClaimInline,)
    change_form_template = "admin/reports/report.html"
    change_list_template = "admin/reports/report_list.html"
    actions = tuple(VERBS)
    change_form_outer_before_template = "admin/reports/verbs.html"
    fieldsets = (
        (
            None,
            {"fields": (("number", "standing", "category"), "title", "description", "attached", ("address", "where"))},
        ),
        (_("人"), {"fields": (("person", "phone", "home"), ("telephoned", "claimed_by", "rated"))}),
        (_("时间"), {"fields": (("filed", "claimed"), ("deadline", "since"))}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Report]:
        return super().get_queryset(request).select_related("category", "reporter", "claimed_by")

    def get_search_results(self, request: HttpRequest, queryset: Any, search_term: str) -> tuple[QuerySet[Any], bool]:
        return queryset.search_people_too(search_term, communities_of(request, self.permission)), False

    def exported_rows(self, request: HttpRequest, rows: Any) -> Any:
        return with_homes(rows)

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Report | None:
        found: Report | None = super().get_object(request, object_id, from_field)
        if found is not None:
            prefetch_related_objects([found], OWN_MEDIA)
        return found

    @display(description=_("状态"), ordering="status", label=COLOURS)
    def state(self, report: Report) -> tuple[str, str]:
        return report.status, str(Status(report.status).label)

    @admin.display(description=_("状态"))
    def standing(self, report: Report) -> str:
        return str(Status(report.status).label)

    @admin.display(description=_("应解决时间"))
    def deadline(self, report: Report) -> str:
        words = shown_time(report.due_at)
        return gettext("%(time)s 已超时") % {"time": words} if report.is_overdue(timezone.now()) else words

    @admin.display(description=_("上报人"), ordering="reporter__display_name")
    def person(self, report: Report) -> str:
        if report.reporter is not None:
            return person_name(report.reporter)
        return (report.caller or {}).get("name") or NONE

    @admin.display(description=_("手机"))
    def phone(self, report: Report) -> str:
        return (report.reporter.phone if report.reporter else (report.caller or {}).get("phone")) or NONE

    @admin.display(description=_("上报时间"), ordering="created_at")
    def filed(self, report: Report) -> str:
        return shown_time(report.created_at)

    @admin.display(description=_("接单时间"))
    def claimed(self, report: Report) -> str:
        return shown_time(report.claimed_at)

    @display(description=_("应解决时间"), ordering="due_at", label={"late": "danger", "": ""})
    def due(self, report: Report) -> Any:
        words = shown_time(report.due_at)
        if report.is_overdue(timezone.now()):
            return "late", gettext("%(time)s 已超时") % {"time": words}
        return ("", words) if report.due_at and report.status in (Status.SUBMITTED, Status.CLAIMED) else None

    @admin.display(description=_("图片和语音"))
    def attached(self, report: Report) -> str:
        return format_html_join("", "{}", ((shown_media(found),) for found in report.own_media)) or NONE

    @admin.display(description=_("位置"))
    def where(self, report: Report) -> str:
        if report.latitude is None:
            return report.location_name or NONE
        return f"{report.location_name} {report.latitude:.5f}, {report.longitude:.5f}".strip()

    @admin.display(description=_("房屋"))
    def home(self, report: Report) -> str:
        stated = (report.caller or {}).get("home")
        return str(report.reporter_home or (home_text(stated) if stated else NONE))

    @admin.display(description=_("来电登记"))
    def telephoned(self, report: Report) -> str:
        if report.filed_by is None:
            return NONE
        caller = report.caller or {}
        filer = gettext("由 %(name)s 登记") % {"name": person_name(report.filed_by)}
        return f"{caller.get('name', '')} {caller.get('phone', '')} · {filer}".strip()

    @admin.display(description=_("进入当前状态"))
    def since(self, report: Report) -> str:
        return shown_time(report.status_since)

    @admin.display(description=_("评分"))
    def rated(self, report: Report) -> str:
        rating = getattr(report, "rating", None)
        return f"{rating.score} · {rating.comment}".rstrip(" ·") if rating else NONE

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        own = [
            path("<path:object_id>/do/<slug:verb>/", view(self.do_view), name="report_do"),
            path("<path:object_id>/note/", view(require_POST(self.note_view)), name="report_note"),
        ]
        return [*own, *super().get_urls()]

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """One for each verb, through the page that asks for what it needs."""
        offered = {} if "_popup" in request.GET else VERBS
        return {name: (_bulk(name), name, verb.title) for name, verb in offered.items()}

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        viewer = Viewer.of(person_of(request))
        report = Report.objects.for_view(viewer.user).filter(pk__in=self._own(request, object_id)).first()
        context = self._beside(report, viewer) if report else {}
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), **context})

    def _beside(self, report: Report, viewer: Viewer) -> dict[str, Any]:
        """What the page shows beside the report's own words."""
        allowed = viewer.allowed_actions(report)
        verbs = [(name, verb.action.label, verb.icon) for name, verb in VERBS.items() if name in allowed]
        return {"verbs": verbs, "timeline": timeline_of(report, viewer), "may_note": viewer.may_see_notes(report)}

    def get_inlines(self, request: HttpRequest, obj: Any = None) -> Any:
        found = super().get_inlines(request, obj)
        return (*found, NoteInline) if obj and Viewer.of(person_of(request)).may_see_notes(obj) else found

    def _own(self, request: HttpRequest, object_id: str) -> list[Any]:
        found = self.get_object(request, unquote(object_id))
        return [found.pk] if found else []

    def do_view(self, request: HttpRequest, object_id: str, verb: str) -> HttpResponse:
        """One verb on the report shown."""
        chosen = self.get_queryset(request).filter(pk__in=self._own(request, object_id))
        if verb not in VERBS or not chosen:
            raise Http404
        back = reverse("admin:reports_report_change", args=[object_id])
        return self.ask(request, list(chosen), VERBS[verb], back) or HttpResponseRedirect(back)

    def note_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """An internal note on the report shown; back to where they stand."""
        for key in self._own(request, object_id):
            try:
                write_note(actor=person_of(request), report_id=key, note=request.POST.get("note", ""))
            except DomainError as refused:
                admin_refused.say(request, refused)
        return HttpResponseRedirect(f"{reverse('admin:reports_report_change', args=[object_id])}#internal_notes")

    def ask(self, request: HttpRequest, chosen: list[Report], verb: Verb, back: str = "") -> HttpResponse | None:
        """Ask for what the verb needs, then do it to each through the services, and say what was refused."""
        scope = communities_of(request, self.permission)
        answers = [answer for answer in answers_for(chosen) if fits(answer, verb.action.value)]
        data = request.POST if "apply" in request.POST else None
        form = verb.form(data, scope=scope, reports=chosen, typed=_typed(request, answers))
        if not form.is_valid():
            admin_refused.tell_foreign(request, form)
            context = asking(
                self,
                request,
                verb.action.label,
                action=verb.action.value,
                form=form,
                chosen=chosen,
                answers=answers,
                alike=likely_duplicates(chosen[0]) if verb.form is MergeForm and len(chosen) == 1 else [],
                back=back or request.get_full_path(),
            )
            return render(request, "admin/reports/ask.html", context)
        clean, person = form.cleaned_data, person_of(request)
        do_each(self, request, chosen, lambda report: verb.act(person, report, clean), attrgetter("number"))
        return None


def _typed(request: HttpRequest, answers: list[PreparedAnswer]) -> dict[str, str]:
    """What stands in the form already, and below its reason the answer just chosen."""
    typed = request.POST.dict()
    return {**typed, "reason": with_answer(typed.get("reason", ""), answers, typed.get("answer", ""))}


def _bulk(name: str) -> Any:
    """The list's action for a verb: at most so many reports at once as one request can take."""

    def act(page: ReportAdmin, request: HttpRequest, chosen: QuerySet[Report]) -> HttpResponse | None:
        reports = list(chosen[: MOST_AT_ONCE + 1])
        if len(reports) > MOST_AT_ONCE:
            words = gettext("一次最多处理 %(n)d 条，请缩小范围") % {"n": MOST_AT_ONCE}
            page.message_user(request, words, messages.ERROR)
            return None
        return page.ask(request, reports, VERBS[name])

    return act
