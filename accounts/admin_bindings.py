"""The back office: bindings, looked at beside the roster before they are decided."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.db.models import Case, Q, QuerySet, When
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import DropdownFilter
from unfold.widgets import UnfoldAdminTextInputWidget

from community_report.core.admin import OwnFilter, ReadOnly, ScopedAdmin
from community_report.core.admin_bulk import asking, consequences, do_each, refuses_many
from community_report.core.admin_days import DaysFilter

from .admin_rights import GivesRights
from .exports import with_what_was_stated
from .models import Membership, Role, User
from .policies import person_of
from .roster_says import Verdict, roster_says
from .services import bindings

#: Each is a decision about a person, and a transaction of its own.
MOST_AT_ONCE = 100


@dataclass(frozen=True)
class Decision:
    """`reason`: what a reason is begun with; None where none is asked for. `decide` raises what the service refuses."""

    title: Any  # lazy words
    label: Any
    decide: Callable[[User, Membership, str], object]
    reason: Any = None


DECISIONS = {
    "approve": Decision(
        _("通过所选绑定"), _("通过"), lambda actor, row, _reason: bindings.approve_binding(actor=actor, membership=row)
    ),
    "reject": Decision(
        _("拒绝所选绑定"),
        _("拒绝"),
        lambda actor, row, reason: bindings.reject_binding(actor=actor, membership=row, reason=reason),
        _("资料与名册不符"),
    ),
    "revoke": Decision(
        _("解除所选绑定"),
        _("解除"),
        lambda actor, row, reason: bindings.revoke_membership(actor=actor, membership=row, reason=reason),
        "",
    ),
}


_POSSIBLE = {"pending": ("approve", "reject"), "active": ("revoke",)}


class DecisionForm(forms.Form):
    reason = forms.CharField(
        label=_("原因"), max_length=200, widget=UnfoldAdminTextInputWidget(), help_text=_("对方会看到")
    )


class WorkFilter(DropdownFilter):
    """Who works here, or who lives here."""

    title = _("人员")
    parameter_name = "works"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("yes", _("员工和管理人员")), ("no", _("业主"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Membership]) -> QuerySet[Membership]:
        resident = Q(role__kind=Role.Kind.RESIDENT)
        return {"yes": queryset.exclude(resident), "no": queryset.filter(resident)}.get(self.value() or "", queryset)


@admin.register(Membership)
class MembershipAdmin(GivesRights, ReadOnly, ScopedAdmin):
    permission = "manage_people"
    change_form_outer_before_template = "admin/accounts/membership_verbs.html"
    list_display = ("name", "role", "place", "status", "phone", "duty", "created_at", "decided_at")
    fields = (
        ("name", "phone"),
        ("role", "status"),
        ("place", "roster_entry"),
        ("automatic", "family", "duty"),
        ("created_at", "user"),
        ("decided_at", "decided_by"),
        "reason",
    )
    list_filter = ("status", WorkFilter, ("role", OwnFilter), "automatic", ("created_at", DaysFilter))
    list_select_related = ("role", "home__building", "user", "community")
    linked_by = ("community",)
    ordering = (Case(When(status=Membership.Status.PENDING, then=0), default=1).asc(), "-created_at")
    search_fields = ("name", "phone", "user__display_name")
    actions = tuple(DECISIONS)

    def exported_rows(self, request: HttpRequest, rows: Any) -> Any:
        return with_what_was_stated(rows)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """With what can be done now: a waiting one is decided, an active one gets other rights or ends."""
        found = self.get_object(request, unquote(object_id))
        names = _POSSIBLE.get(found.status, ()) if found else ()
        more = {"decisions": [(name, DECISIONS[name].label) for name in names], "rights": "revoke" in names}
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), **more})

    @admin.display(description=_("在岗"), ordering="on_duty")
    def duty(self, row: Membership) -> str:
        """The switch of who works here; others have no duty to be on."""
        if row.role.kind == Role.Kind.RESIDENT:
            return "—"
        return gettext("在岗") if row.on_duty else gettext("不在岗")

    @admin.display(description=_("房屋"), ordering="home")
    def place(self, row: Membership) -> str:
        """The home, or what somebody says is theirs."""
        if row.home:
            return str(row.home)
        stated = row.stated_home or {}
        said = " ".join(filter(None, (str(stated.get(part) or "") for part in ("building", "unit", "room"))))
        return gettext("自称：%(home)s") % {"home": said} if said else "—"

    @admin.action(description=DECISIONS["approve"].title)
    def approve(self, request: HttpRequest, chosen: QuerySet[Membership]) -> HttpResponse | None:
        return self._ask_or_do(request, chosen, "approve")

    @admin.action(description=DECISIONS["reject"].title)
    def reject(self, request: HttpRequest, chosen: QuerySet[Membership]) -> HttpResponse | None:
        return self._ask_or_do(request, chosen, "reject")

    @admin.action(description=DECISIONS["revoke"].title)
    def revoke(self, request: HttpRequest, chosen: QuerySet[Membership]) -> HttpResponse | None:
        return self._ask_or_do(request, chosen, "revoke")

    def _ask_or_do(self, request: HttpRequest, chosen: QuerySet[Membership], name: str) -> HttpResponse | None:
        decision, rows = DECISIONS[name], self._rows(chosen)
        if refuses_many(self, request, rows, MOST_AT_ONCE):
            return None
        form = DecisionForm(request.POST if "apply" in request.POST else None, initial={"reason": decision.reason})
        if "apply" in request.POST and (decision.reason is None or form.is_valid()):
            reason = "" if decision.reason is None else form.cleaned_data["reason"]
            do_each(self, request, rows, lambda row: decision.decide(person_of(request), row, reason), str)
            return None
        context = asking(
            self,
            request,
            decision.title,
            action=name,
            form=None if decision.reason is None else form,
            chosen=beside_the_roster(rows),
            consequences=consequences(Membership, name, rows),
        )
        return render(request, "admin/accounts/decide.html", context)

    @staticmethod
    def _rows(chosen: QuerySet[Membership]) -> list[Membership]:
        return list(Membership.objects.for_view().filter(pk__in=chosen.values("pk"))[: MOST_AT_ONCE + 1])


def beside_the_roster(rows: Sequence[Membership]) -> list[tuple[Membership, Verdict | None]]:
    """What the roster says to each that is still to be decided."""
    waiting: dict[Any, list[Membership]] = defaultdict(list)
    for row in rows:
        if row.status == Membership.Status.PENDING:
            waiting[row.community].append(row)
    said = {
        row.pk: verdict
        for community, asked in waiting.items()
        for row, verdict in zip(asked, roster_says(community, asked), strict=True)
    }
    return [(row, said.get(row.pk)) for row in rows]
