"""The filters of the list of reports; what needs a manager first stands above the list as well (`needs`)."""

from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import DropdownFilter

from reports.attention import ATTENTION, NEEDS


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
