"""The back office: categories, tags, and reports – whose state changes only through the services."""

from collections.abc import Callable
from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.models import Role, User
from accounts.policies import person_of
from community_report.core.admin import ReadOnly, ReadOnlyInline, ScopedAdmin, communities_of
from community_report.core.errors import DomainError

from .media import media_url, thumbnail_url
from .models import Attachment, Category, Claim, Draft, Rating, Report, ReportEvent, Tag
from .people import person_name
from .services import transitions as verbs
from .states import Status, event_label


@admin.register(Tag)
class TagAdmin(ScopedAdmin):
    list_display = ("name", "slug", "community", "leads_to")
    list_filter = (("community", admin.RelatedOnlyFieldListFilter),)
    filter_horizontal = ("roles",)
    search_fields = ("name", "slug")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Tag]:
        return super().get_queryset(request).prefetch_related("roles")

    @admin.display(description=_("通知的角色"))
    def leads_to(self, tag: Tag) -> str:
        return "、".join(role.name for role in tag.roles.all()) or "—"


@admin.register(Category)
class CategoryAdmin(ScopedAdmin):
    list_display = ("name", "slug", "community", "claim_minutes", "resolve_minutes", "clock", "public", "active")
    list_filter = (("community", admin.RelatedOnlyFieldListFilter), "public", "active")
    filter_horizontal = ("tags",)
    search_fields = ("name", "slug")


class EventInline(ReadOnlyInline):
    """The timeline, in words."""

    model = ReportEvent
    fields = readonly_fields = ("time", "what", "who", "step", "words")
    ordering = ("id",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[ReportEvent]:
        return super().get_queryset(request).select_related("actor")

    @admin.display(description=_("时间"))
    def time(self, event: ReportEvent) -> str:
        return date_format(timezone.localtime(event.at), "Y-m-d H:i")

    @admin.display(description=_("发生了什么"))
    def what(self, event: ReportEvent) -> str:
        return str(event_label(event.kind))

    @admin.display(description=_("谁"))
    def who(self, event: ReportEvent) -> str:
        return person_name(event.actor) if event.actor else gettext("系统")

    @admin.display(description=_("状态变化"))
    def step(self, event: ReportEvent) -> str:
        if not event.to_status:
            return "—"
        to = Status(event.to_status).label
        return f"{Status(event.from_status).label} → {to}" if event.from_status else str(to)

    @admin.display(description=_("说明"))
    def words(self, event: ReportEvent) -> str:
        return event.note or "—"


class ClaimInline(ReadOnlyInline):
    model = Claim
    fields = readonly_fields = ("who", "taken", "done", "ended", "how")

    @admin.display(description=_("处理人"))
    def who(self, claim: Claim) -> str:
        return person_name(claim.staff)

    @admin.display(description=_("接单"))
    def taken(self, claim: Claim) -> str:
        return date_format(timezone.localtime(claim.claimed_at), "Y-m-d H:i")

    @admin.display(description=_("提交结果"))
    def done(self, claim: Claim) -> str:
        return date_format(timezone.localtime(claim.resolved_at), "Y-m-d H:i") if claim.resolved_at else "—"

    @admin.display(description=_("结束"))
    def ended(self, claim: Claim) -> str:
        return date_format(timezone.localtime(claim.ended_at), "Y-m-d H:i") if claim.ended_at else "—"

    @admin.display(description=_("结果"))
    def how(self, claim: Claim) -> str:
        return claim.get_outcome_display() or "—"


class AttachmentInline(ReadOnlyInline):
    model = Attachment
    fields = readonly_fields = ("look", "state", "words")

    @admin.display(description=_("附件"))
    def look(self, attachment: Attachment) -> str:
        """To look at, or to listen to."""
        address = media_url(attachment)
        if address is None:
            return attachment.get_kind_display()
        if attachment.kind == Attachment.Kind.VOICE:
            return format_html('<audio controls preload="none" src="{}"></audio>', address)
        small = thumbnail_url(attachment) or address
        return format_html('<a href="{}"><img src="{}" height="96" alt="{}"></a>', address, small, gettext("图片"))

    @admin.display(description=_("状态"))
    def state(self, attachment: Attachment) -> str:
        label = attachment.get_status_display()
        return f"{label} ({attachment.reason})" if attachment.reason else label

    @admin.display(description=_("语音文字"))
    def words(self, attachment: Attachment) -> str:
        return attachment.transcript or "—"


class OverdueFilter(admin.SimpleListFilter):
    title = _("超时")
    parameter_name = "overdue"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("1", _("已超时"))]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return queryset.overdue(timezone.now()) if self.value() == "1" else queryset


class ReasonForm(forms.Form):
    """What a bulk action asks for before it acts."""

    reason = forms.CharField(label=_("原因"), max_length=verbs.NOTE_MAX, widget=forms.Textarea(attrs={"rows": 3}))


@admin.register(Report)
class ReportAdmin(ReadOnly, ScopedAdmin):
    list_display = ("number", "title", "category", "state", "reporter", "claimed_by", "created_at", "due")
    list_filter = (
        "status",
        OverdueFilter,
        ("community", admin.RelatedOnlyFieldListFilter),
        ("category", admin.RelatedOnlyFieldListFilter),
        ("building", admin.RelatedOnlyFieldListFilter),
    )
    list_select_related = ("category", "building", "reporter", "claimed_by", "community")
    search_fields = ("number", "title", "description", "address", "reporter__display_name", "reporter__phone")
    date_hierarchy = "created_at"
    inlines = (EventInline, ClaimInline, AttachmentInline)
    actions = ("assign", "dismiss", "recategorize", "restore")
    fieldsets = (
        (None, {"fields": ("number", "state", "category", "title", "description", "address", "where")}),
        (_("人"), {"fields": ("reporter", "home", "telephoned", "claimed_by")}),
        (_("时间"), {"fields": ("created_at", "claimed_at", "due_at", "since")}),
    )

    class Media:
        css: ClassVar[dict[str, list[str]]] = {"all": ["css/admin.css"]}

    @admin.display(description=_("状态"), ordering="status")
    def state(self, report: Report) -> str:
        return str(Status(report.status).label)

    @admin.display(description=_("应解决时间"), ordering="due_at")
    def due(self, report: Report) -> str:
        if report.due_at is None:
            return "—"
        words = date_format(timezone.localtime(report.due_at), "m-d H:i")
        return f"{words} {gettext('已超时')}" if report.is_overdue(timezone.now()) else words

    @admin.display(description=_("位置"))
    def where(self, report: Report) -> str:
        if report.latitude is None:
            return report.location_name or "—"
        return f"{report.location_name} {report.latitude:.5f}, {report.longitude:.5f}".strip()

    @admin.display(description=_("房屋"))
    def home(self, report: Report) -> str:
        return str(report.reporter_home or "—")

    @admin.display(description=_("来电登记"))
    def telephoned(self, report: Report) -> str:
        if report.filed_by is None:
            return "—"
        caller = report.caller or {}
        filer = gettext("由 %(name)s 登记") % {"name": person_name(report.filed_by)}
        return f"{caller.get('name', '')} {caller.get('phone', '')} · {filer}".strip()

    @admin.display(description=_("进入当前状态"))
    def since(self, report: Report) -> str:
        return date_format(timezone.localtime(report.status_since), "Y-m-d H:i")

    @admin.action(description=_("指派所选报单"))
    def assign(self, request: HttpRequest, chosen: QuerySet[Report]) -> HttpResponse | None:
        scope = communities_of(request, self.permission)
        staff = User.objects.filter(memberships__role__kind=Role.Kind.STAFF, memberships__status="active")
        staff = staff if scope is None else staff.filter(memberships__community__in=scope)

        class AssignForm(forms.Form):
            user = forms.ModelChoiceField(staff.distinct(), label=_("处理人"))

        return self._ask(
            request, chosen, AssignForm, "assign", lambda report, clean: verbs.assign_report(
                actor=person_of(request), report_id=report.pk, user_id=clean["user"].pk
            )
        )  # fmt: skip

    @admin.action(description=_("驳回所选报单"))
    def dismiss(self, request: HttpRequest, chosen: QuerySet[Report]) -> HttpResponse | None:
        return self._ask(
            request, chosen, ReasonForm, "dismiss", lambda report, clean: verbs.dismiss_report(
                actor=person_of(request), report_id=report.pk, reason=clean["reason"]
            )
        )  # fmt: skip

    @admin.action(description=_("恢复所选报单"))
    def restore(self, request: HttpRequest, chosen: QuerySet[Report]) -> HttpResponse | None:
        return self._ask(
            request, chosen, ReasonForm, "restore", lambda report, clean: verbs.restore_report(
                actor=person_of(request), report_id=report.pk, reason=clean["reason"]
            )
        )  # fmt: skip

    @admin.action(description=_("修改所选报单的分类"))
    def recategorize(self, request: HttpRequest, chosen: QuerySet[Report]) -> HttpResponse | None:
        scope = communities_of(request, self.permission)
        categories = Category.objects.filter(active=True)
        categories = categories if scope is None else categories.filter(community__in=scope)

        class CategoryForm(ReasonForm):
            category = forms.ModelChoiceField(categories, label=_("信息分类"))

        return self._ask(
            request, chosen, CategoryForm, "recategorize", lambda report, clean: verbs.recategorize_report(
                actor=person_of(request), report_id=report.pk, category=clean["category"].slug, reason=clean["reason"]
            )
        )  # fmt: skip

    def _ask(
        self,
        request: HttpRequest,
        chosen: QuerySet[Report],
        form_class: type[forms.Form],
        action: str,
        act: Callable[[Report, dict[str, Any]], object],
    ) -> HttpResponse | None:
        """Ask for what the action needs, then do it to each through the services, and say what was refused."""
        form = form_class(request.POST if "apply" in request.POST else None)
        if not form.is_valid():
            context = {**self.admin_site.each_context(request), "form": form, "chosen": chosen, "action": action}
            return render(request, "admin/reports/ask.html", context)
        done = 0
        for report in chosen:
            try:
                act(report, form.cleaned_data)
                done += 1
            except DomainError as refused:
                self.message_user(request, f"{report.number}: {refused.detail}", messages.WARNING)
        self.message_user(request, gettext("已处理 %(n)d 条") % {"n": done})
        return None


@admin.register(ReportEvent)
class ReportEventAdmin(ReadOnly, ScopedAdmin):
    community_paths = ("report__community",)
    list_display = ("moment", "report", "what", "who")
    list_select_related = ("report", "actor")
    search_fields = ("report__number", "note")
    date_hierarchy = "at"

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
    list_filter = ("outcome",)
    list_select_related = ("report", "staff")


@admin.register(Attachment)
class AttachmentAdmin(ReadOnly, ScopedAdmin):
    community_paths = ("report__community",)
    list_display = ("kind", "status", "report", "reason", "attempts", "created_at", "stored_at")
    list_filter = ("kind", "status")
    list_select_related = ("report",)


@admin.register(Rating)
class RatingAdmin(ReadOnly, ScopedAdmin):
    community_paths = ("report__community",)
    list_display = ("report", "staff", "score", "comment", "created_at")
    list_filter = ("score",)
    list_select_related = ("report", "staff")


@admin.register(Draft)
class DraftAdmin(ReadOnly, ScopedAdmin):
    """Drafts are their owner's alone: a manager sees that there are some, not what is in them."""

    list_display = ("id", "community", "created_at", "touched_at", "ended_at")
    fields = list_display
    list_select_related = ("community",)
