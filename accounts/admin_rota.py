"""The back office: the rota, as a week and as a list."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from community_report.core.admin import OneCommunityForm, OwnFilter, ScopedAdmin, communities_of, has_several

from .models import Membership, Role, Shift
from .rota import refuse_overlap, week_of

#: So many people stand in the table of a week; the filter by role leads to the others.
MOST_IN_A_WEEK = 100


class NewShiftsForm(OneCommunityForm):
    """The same times on several days of the week: a shift each. `others`: those beside the form's own."""

    weekdays = forms.TypedMultipleChoiceField(
        label=_("星期"),
        coerce=int,
        choices=Shift.Weekday.choices,
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        help_text=_("可以选几天，每天一班"),
    )
    others: Sequence[Shift] = ()

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        first, *more = cleaned.get("weekdays") or [None]
        self.instance.weekday = first
        if not self.errors:
            same = {name: cleaned[name] for name in ("role", "user", "starts", "ends")}
            self.others = [Shift(weekday=day, **same) for day in more]
        for shift in self.others:
            try:
                refuse_overlap(shift)
            except ValidationError as error:
                self.add_error(None, error)
        return cleaned


@admin.register(Shift)
class ShiftAdmin(ScopedAdmin):
    community_paths = ("role__community",)
    permission = "manage_people"
    may_delete = True
    list_display = ("user", "role", "weekday", "starts", "ends")
    list_filter = (("role", OwnFilter), "weekday")
    list_select_related = ("user", "role")
    list_before_template = "admin/accounts/rota.html"
    search_fields = ("user__display_name", "role__name")

    def get_fields(self, request: HttpRequest, obj: Shift | None = None) -> Any:
        return ("role", "user", "weekday" if obj else "weekdays", "starts", "ends")

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        chosen = {} if obj else {"form": NewShiftsForm}
        return super().get_form(request, obj, change, **chosen, **kwargs)

    def save_model(self, request: HttpRequest, obj: Shift, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        others = [] if change else form.others
        for shift in others:
            shift.save()
            self.log_addition(request, shift, [{"added": {}}])
        if others:
            self.message_user(request, gettext("一共添加了 %(n)d 班") % {"n": len(others) + 1})

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        week = {} if request.GET.get("q") else self._week(request)
        return super().changelist_view(request, {**(extra_context or {}), **week})

    def _week(self, request: HttpRequest) -> dict[str, Any]:
        """Whoever works here, with their shifts; of the role that the list is narrowed to."""
        scope, staff = communities_of(request, self.permission), Membership.objects.active()
        staff = staff.filter(role__kind=Role.Kind.STAFF, **({} if scope is None else {"community__in": scope}))
        if (role := request.GET.get("role__id__exact", "")).isdecimal():
            staff = staff.filter(role=int(role))
        ordered = staff.select_related("user", "role__community").order_by("community__name", "role", "name", "pk")
        members = list(ordered[: MOST_IN_A_WEEK + 1])
        shifts = Shift.objects.filter(user__in=[member.user_id for member in members]).order_by("starts")
        return {
            "week": week_of(members[:MOST_IN_A_WEEK], shifts),
            "week_is_cut": len(members) > MOST_IN_A_WEEK,
            "weekdays": Shift.Weekday.labels,
            "several": has_several(request, self.permission),
        }

    def _choices(self, db_field: Any, request: HttpRequest) -> QuerySet[Any]:
        """Staff roles, and the staff."""
        rows = super()._choices(db_field, request)
        if db_field.name == "role":
            return rows.filter(kind=Role.Kind.STAFF)
        return rows.filter(memberships__status="active", memberships__role__kind=Role.Kind.STAFF).distinct()
