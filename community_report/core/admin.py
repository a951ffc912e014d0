"""The back office's base: a manager sees and changes their own communities' rows, in lists, filters, choices, history.

`request.standing` is who the person is in which community (`accounts.middleware` puts it there).
"""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import unfold.admin
from django.contrib import admin, messages
from django.core.paginator import Page, Paginator
from django.db.models import Field, Model, Q, QuerySet
from django.forms import ModelChoiceField
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.functional import cached_property
from unfold.contrib.filters.admin import RelatedDropdownFilter
from unfold.views import ChangeList

from .admin_export import ExportMixin
from .errors import DomainError

if TYPE_CHECKING:
    AnyPaginator = Paginator[Any]
    ModelAdmin = admin.ModelAdmin[Any]
    TabularInline = admin.TabularInline[Any, Any]
else:  # the theme's classes, which have no types
    AnyPaginator = Paginator
    ModelAdmin, TabularInline = unfold.admin.ModelAdmin, unfold.admin.TabularInline


def communities_of(request: HttpRequest, permission: str) -> frozenset[int] | None:
    """Keys of the communities where this person holds `permission`; None: all of them (a superuser)."""
    held: frozenset[int] = vars(request)["standing"].communities_with(permission)
    return None if request.user.is_superuser else held


#: Rows of a list are counted so far.
MOST_COUNTED = 10_000


class AtLeast(int):
    """A number that stands for itself and more, and is shown with a plus."""

    def __str__(self) -> str:
        return f"{int(self)}+"


class BoundedPaginator(AnyPaginator):
    """Counts no further than `MOST_COUNTED`, and sorts keys alone: what else a list shows is read for one page of rows.

    What lies behind the last page is reached by the search, the filters or the other order.
    """

    @cached_property
    def count(self) -> int:
        rows: Any = self.object_list
        found = rows.order_by()[: MOST_COUNTED + 1].count()
        return found if found <= MOST_COUNTED else AtLeast(MOST_COUNTED)

    def page(self, number: int | str) -> Any:
        number = self.validate_number(number)
        first = (number - 1) * self.per_page
        rows: Any = self.object_list
        keys = list(rows.values_list("pk", flat=True)[first : first + self.per_page])
        return Page(rows.filter(pk__in=keys), number, self)


class DeskAdmin(ModelAdmin):
    """How every page of the back office behaves."""

    paginator = BoundedPaginator
    list_per_page = 50
    show_full_result_count = False  # a count of all rows beside the count of those found
    show_facets = admin.ShowFacets.NEVER  # a count for each choice of each filter
    list_filter_submit = True
    compressed_fields = False
    warn_unsaved_form = True


class FiguredList(ChangeList):
    """A list with figures of other tables, worked out for the rows of the page alone: counts and filters never ask."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        for fill in ADDED_FIGURES.get(self.model._meta.label, ()):
            fill(list(self.result_list))


class ScopedAdmin(ExportMixin, DeskAdmin):
    """Rows of the communities in which the person holds `permission`.

    `community_paths` lead from the row to its community (several where any of them may); `may_add`, `may_change` and
    `may_delete` say what a manager may.
    """

    community_paths: tuple[str, ...] = ("community",)
    permission = "manage_reports"
    may_add = may_change = True
    may_delete = False
    change_list_template = "admin/export_change_list.html"

    def _holds(self, request: HttpRequest) -> bool:
        scope = communities_of(request, self.permission) if request.user.is_active else frozenset()
        return scope is None or bool(scope)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self._holds(request)

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self._holds(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.may_add and self._holds(request)

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self.may_change and self._holds(request)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return self.may_delete and self._holds(request)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        scope = communities_of(request, self.permission)
        rows = super().get_queryset(request)
        if scope is None:
            return rows
        own = Q(*((f"{path}__in", scope) for path in self.community_paths), _connector=Q.OR)
        if all(_leads_to_one(self.model, path) for path in self.community_paths):
            return rows.filter(own)
        return rows.filter(pk__in=self.model._default_manager.filter(own).values("pk"))

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return FiguredList

    def get_list_display(self, request: HttpRequest) -> Any:
        return (*super().get_list_display(request), *ADDED_COLUMNS.get(self.model._meta.label, ()))

    def get_inlines(self, request: HttpRequest, obj: Model | None) -> Any:
        return (*super().get_inlines(request, obj), *ADDED_INLINES.get(self.model._meta.label, ()))

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """What a service refuses is said on the page, and nothing of it is kept."""
        try:
            return super().changeform_view(request, object_id, form_url, extra_context)
        except DomainError as refused:
            self.message_user(request, refused.detail, messages.ERROR)
            return HttpResponseRedirect(request.get_full_path())

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> ModelChoiceField | None:
        choices = kwargs["queryset"] = self._choices(db_field, request)
        if not db_field.null and db_field.related_model._meta.label == "accounts.Community":
            only = list(choices[:2])
            kwargs |= {"initial": only[0]} if len(only) == 1 else {}
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        kwargs["queryset"] = self._choices(db_field, request)
        return super().formfield_for_manytomany(db_field, request, **kwargs)

    def _choices(self, db_field: "Field[Any, Any]", request: HttpRequest) -> QuerySet[Any]:
        """Only what belongs to the person's communities can be chosen; where no path leads there, nothing."""
        model = db_field.related_model
        assert isinstance(model, type)
        return own_rows(model, communities_of(request, self.permission))


def _leads_to_one(model: type[Model], path: str) -> bool:
    """Does the path lead from a row to one community, so that no join doubles it?"""
    step: Any = model
    for name in path.split("__"):
        field = step._meta.pk if name == "pk" else step._meta.get_field(name)
        if field.many_to_many or field.one_to_many:
            return False
        step = field.related_model
    return True


def own_rows(model: type[Model], scope: frozenset[int] | None) -> QuerySet[Any]:
    """What of a model can be chosen by who manages the communities of `scope` (None: all)."""
    rows = model._default_manager.all()
    if scope is None:
        return rows
    path = COMMUNITY_PATHS.get(model._meta.label)
    return rows.filter(**{f"{path}__in": scope}).distinct() if path else rows.none()


class OwnFilter(RelatedDropdownFilter):
    """A filter by a related row, offering those of the person's communities without looking through the list's rows."""

    def field_choices(self, field: Any, request: HttpRequest, model_admin: Any) -> list[tuple[Any, str]]:
        rows = own_rows(field.related_model, communities_of(request, model_admin.permission))
        return [(row.pk, str(row)) for row in rows[:MOST_CHOICES]]


#: More choices than this are no help in a filter: there is the search.
MOST_CHOICES = 500


#: How a row of each model that can be chosen somewhere leads to its community.
COMMUNITY_PATHS = {
    "accounts.Community": "pk",
    "accounts.Building": "community",
    "accounts.Home": "building__community",
    "accounts.Role": "community",
    "accounts.RosterEntry": "home__building__community",
    "accounts.User": "memberships__community",
    "dispatch.GroupRobot": "community",
    "reports.Tag": "community",
    "reports.Category": "community",
}


#: What an app above adds to the page of a row of an app below: the model's label → inlines.
ADDED_INLINES: dict[str, list[type[TabularInline]]] = {}
#: The same for its list: what sets figures on the rows of a page, in one query for all, and the columns that show them.
ADDED_FIGURES: dict[str, list[Callable[[Sequence[Any]], None]]] = {}
ADDED_COLUMNS: dict[str, list[Callable[[Any], object]]] = {}


class SuperuserAdmin(DeskAdmin):
    """What concerns the whole installation, not one community."""

    def has_module_permission(self, request: HttpRequest) -> bool:
        return request.user.is_superuser

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return request.user.is_superuser


class ReadOnly:
    """Mixed in before an admin: to be looked at; what happens to it happens elsewhere."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class ReadOnlyInline(ReadOnly, TabularInline):
    """Rows that belong to the one shown, to be looked at by whoever may see that one."""

    extra = 0
    can_delete = False
    hide_title = True

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return True
