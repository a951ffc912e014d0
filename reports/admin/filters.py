"""The filters of the list of reports; what needs a manager first stands above the list as well (`needs`)."""

from typing import Any

from django.db.models import Exists, OuterRef
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import DropdownFilter

from accounts.models import Membership, Role, User
from community_report.core.admin import MOST_CHOICES, communities_of
from community_report.core.ids import parse_uuid
from reports.attention import ATTENTION, NEEDS
from reports.models import Claim
from reports.people import person_name
from reports.statistics.company import MONTH, of_this_month


class NeedFilter(DropdownFilter):
    """What needs a manager: by the words of `attention`."""

    title = _("需要关注")
    parameter_name = "need"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("open", _("未完成")), *NEEDS.items()]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        if self.value() == "open":
            return queryset.open()
        need = ATTENTION.get(self.value() or "")
        return need(queryset, timezone.now()) if need else queryset


class HandledFilter(DropdownFilter):
    """By who held it, now or once; offered are those who are staff now."""

    title = _("处理人")
    parameter_name = "handled"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        scope, staff = communities_of(request, model_admin.permission), Membership.objects.active()
        staff = staff.filter(role__kind=Role.Kind.STAFF, **({} if scope is None else {"community__in": scope}))
        people = User.objects.filter(pk__in=staff.values("user")).order_by("display_name", "pk")
        return [(str(user.pk), person_name(user)) for user in people[:MOST_CHOICES]]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        pk = parse_uuid(self.value() or "")
        held = Claim.objects.filter(report=OuterRef("pk"), staff=pk)
        return queryset.filter(Exists(held)) if pk else queryset


class MonthFilter(DropdownFilter):
    """What the company's page counts of the month: by the community's own clock."""

    title = _("本月")
    parameter_name = "month"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("filed", _("本月上报")), ("resolved", _("本月提交结果"))]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        what = self.value() or ""
        return of_this_month(queryset, what, timezone.now()) if what in MONTH else queryset
