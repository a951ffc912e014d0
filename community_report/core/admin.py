"""The back office's base: a manager sees and changes their own communities' rows, in lists, filters, choices, history.

`request.standing` is who the person is in which community (`accounts.middleware` puts it there).
"""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import unfold.admin
from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.core.paginator import Page, Paginator
from django.db.models import Field, Model, Q, QuerySet
from django.forms import ModelChoiceField
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.contrib.filters.admin import RelatedDropdownFilter

from . import admin_refused
from .admin_export import ExportMixin
from .admin_list import DeskList
from .admin_rows import communities_of, community_of, follow, has_several, label_with_community, leads_to_one, own_rows
from .errors import DomainError

if TYPE_CHECKING:
    AnyPaginator = Paginator[Any]
    ModelAdmin = admin.ModelAdmin[Any]
    TabularInline = admin.TabularInline[Any, Any]
    ModelForm = forms.ModelForm[Any]
else:  # the theme's classes, which have no types
    AnyPaginator = Paginator
    ModelForm = forms.ModelForm
    ModelAdmin, TabularInline = unfold.admin.ModelAdmin, unfold.admin.TabularInline


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


#: How a list may be narrowed by a field that it offers: what the filters and the links of our own pages say.
_LOOKUPS = frozenset({
    "", "__exact", "__in", "__isnull", "__isempty", "__gt", "__gte", "__lt", "__lte", "__id__exact", "__pk__exact",
    "__year", "__month", "__day", "_from", "_to", "_from_0", "_from_1", "_to_0", "_to_1", "_zone",
})  # fmt: skip


class DeskAdmin(ModelAdmin):
    """How every page of the back office behaves. `linked_by`: fields that links of other pages narrow the list by."""

    linked_by: tuple[str, ...] = ()

    paginator = BoundedPaginator
    list_per_page = 50
    show_full_result_count = False  # a count of all rows beside the count of those found
    show_facets = admin.ShowFacets.NEVER  # a count for each choice of each filter
    list_filter_submit = True
    compressed_fields = False
    warn_unsaved_form = True

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[DeskList]:
        return FiguredList

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """Only what the list offers: by any other lookup a hidden field could be guessed letter by letter, a password's
        hash among them. Django refuses those of other tables alone.
        """
        offered: set[Any] = {"pk", self.date_hierarchy, *self.linked_by} - {None}
        for item in self.get_list_filter(request):
            offered.add(item[0] if isinstance(item, (tuple, list)) else getattr(item, "parameter_name", item))
        return any(lookup.startswith(path) and lookup.removeprefix(path) in _LOOKUPS for path in offered)


class OneCommunityForm(ModelForm):
    """What a row refers to belongs to the row's own community: a manager of two could mix them up."""

    #: From the row to its community; the admin sets it.
    community_path = "community"

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        own = cleaned.get("community") or self._community()
        if own is None:
            return cleaned
        for name, value in list(cleaned.items()):  # an error takes its field out
            rows = [value] if isinstance(value, Model) else list(value) if isinstance(value, QuerySet) else []
            if any(community_of(row) not in (None, own.pk) for row in rows):
                said = _("请选择“%(community)s”自己的") % {"community": own}
                self.add_error(name, ValidationError(said, code=admin_refused.FOREIGN))
        return cleaned

    def _community(self) -> Any:
        row = self.instance
        return None if row._state.adding else follow(row, self.community_path)


class FiguredList(DeskList):
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
    form: Any = OneCommunityForm
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
        if all(leads_to_one(self.model, path) for path in self.community_paths):
            return rows.filter(own)
        return rows.filter(pk__in=self.model._default_manager.filter(own).values("pk"))

    def get_form(self, request: HttpRequest, obj: Model | None = None, change: bool = False, **kwargs: Any) -> Any:
        form: Any = super().get_form(request, obj, change, **kwargs)
        form.community_path = self.community_paths[0]
        return form

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        """A row stays in the community that it was made in: others refer to it there."""
        fixed = tuple(super().get_readonly_fields(request, obj))
        stays = obj is not None and "community" in {field.name for field in self.model._meta.fields}
        return (*fixed, "community") if stays and "community" not in fixed else fixed

    def get_list_display(self, request: HttpRequest) -> Any:
        """With the community, for who has several."""
        columns = tuple(super().get_list_display(request))
        if self._leads() and "community" not in columns and has_several(request, self.permission):
            columns = (columns[0], "own_community", *columns[1:])
        return (*columns, *ADDED_COLUMNS.get(self.model._meta.label, ()))

    def get_list_select_related(self, request: HttpRequest) -> Any:
        related = super().get_list_select_related(request)
        return (*related, self._leads()) if self._leads() and isinstance(related, (tuple, list)) else related

    def _leads(self) -> str:
        """The path to the one community of a row; "" where there can be several, or the row is one."""
        path = self.community_paths[0]
        return path if path != "pk" and leads_to_one(self.model, path) else ""

    @admin.display(description=gettext_lazy("小区"))
    def own_community(self, row: Model) -> Any:
        return follow(row, self._leads()) or "—"

    def get_inlines(self, request: HttpRequest, obj: Model | None) -> Any:
        return (*super().get_inlines(request, obj), *ADDED_INLINES.get(self.model._meta.label, ()))

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """What a service refuses is said on the page, and nothing of it is kept."""
        try:
            return super().changeform_view(request, object_id, form_url, extra_context)
        except DomainError as refused:
            admin_refused.say(request, refused)
            return HttpResponseRedirect(request.get_full_path())

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        admin_refused.tell_foreign(request, context["adminform"].form)
        return super().render_change_form(request, context, *args, **kwargs)

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        """None for what is another community's as well, and that is a refusal."""
        found = super().get_object(request, object_id, from_field)
        if found is None and self._is_there(object_id):
            admin_refused.tell(request, "not_found")
        return found

    def _is_there(self, object_id: str) -> bool:
        try:
            return self.model._default_manager.filter(pk=object_id).exists()
        except (ValidationError, ValueError):
            return False

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> ModelChoiceField | None:
        choices = kwargs["queryset"] = self._choices(db_field, request)
        if not db_field.null and db_field.related_model._meta.label == "accounts.Community":
            only = list(choices[:2])
            kwargs |= {"initial": only[0]} if len(only) == 1 else {}
        field = super().formfield_for_foreignkey(db_field, request, **kwargs)
        return self._labelled(field, request)

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        kwargs["queryset"] = self._choices(db_field, request)
        return self._labelled(super().formfield_for_manytomany(db_field, request, **kwargs), request)

    def _labelled(self, field: Any, request: HttpRequest) -> Any:
        """Rows of several communities can have one name."""
        if field is not None and has_several(request, self.permission):
            field.label_from_instance = label_with_community
        return field

    def _choices(self, db_field: "Field[Any, Any]", request: HttpRequest) -> QuerySet[Any]:
        """Only what belongs to the person's communities can be chosen; where no path leads there, nothing."""
        model = db_field.related_model
        assert isinstance(model, type)
        return own_rows(model, communities_of(request, self.permission))


class OwnFilter(RelatedDropdownFilter):
    """A filter by a related row, offering those of the person's communities without looking through the list's rows."""

    def field_choices(self, field: Any, request: HttpRequest, model_admin: Any) -> list[tuple[Any, str]]:
        rows = own_rows(field.related_model, communities_of(request, model_admin.permission))
        label = label_with_community if has_several(request, model_admin.permission) else str
        return [(row.pk, label(row)) for row in rows[:MOST_CHOICES]]


#: More choices than this are no help in a filter: there is the search.
MOST_CHOICES = 500


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
