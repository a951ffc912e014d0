"""In the back office a row that nothing refers to can be deleted; of any other the page says what stands against it."""

from typing import TYPE_CHECKING, Any

from django.contrib.admin.actions import delete_selected
from django.contrib.admin.utils import unquote
from django.db import transaction
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from . import admin_refused
from .admin_bulk import refuses_many
from .deleting import delete_unused, refuse_used
from .errors import DomainError

if TYPE_CHECKING:
    from .admin import ScopedAdmin as Base
else:
    Base = object

#: What refers to each is asked for each.
MOST_AT_ONCE = 100


class DeletesUnused(Base):
    """Mixed in before a `ScopedAdmin`."""

    may_delete = True

    def delete_row(self, row: Any) -> None:
        """Raises DomainError where it stays."""
        delete_unused(row)

    def delete_model(self, request: HttpRequest, obj: Model) -> None:
        self.delete_row(obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        for row in queryset:
            self.delete_row(row)

    def delete_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        row = self.get_object(request, unquote(object_id))
        try:
            if row is not None and self.has_delete_permission(request, row):
                refuse_used(row)
            return super().delete_view(request, object_id, extra_context)
        except DomainError as refused:
            admin_refused.say(request, refused)
            names = f"{self.opts.app_label}_{self.opts.model_name}"
            return HttpResponseRedirect(reverse(f"admin:{names}_change", args=[object_id]))

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        actions: dict[str, Any] = super().get_actions(request)
        if "delete_selected" in actions:
            actions["delete_selected"] = (_delete_chosen, *actions["delete_selected"][1:])
        return actions


def _delete_chosen(page: DeletesUnused, request: HttpRequest, chosen: QuerySet[Any]) -> HttpResponse | None:
    """All of them or, where one stays, none."""
    rows = list(chosen[: MOST_AT_ONCE + 1])
    if refuses_many(page, request, rows, MOST_AT_ONCE):
        return None
    try:
        with transaction.atomic():
            for row in rows:
                refuse_used(row)
            answer: HttpResponse | None = delete_selected(page, request, chosen)
            return answer
    except DomainError as refused:
        admin_refused.say(request, refused)
        return None
