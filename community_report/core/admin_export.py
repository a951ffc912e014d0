"""A list of the back office as a file: what the list shows now, with its filters and search, in CSV or XLSX.

What a row holds is said by a resource of django-import-export; its files are written by `tables`, because the package
builds all of them in memory.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.core.exceptions import PermissionDenied
from django.dispatch import Signal
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.functional import Promise, cached_property
from django.utils.http import content_disposition_header
from import_export.fields import Field
from import_export.resources import Resource
from import_export.widgets import Widget

from .tables import XLSX, Row, csv_lines, on_this_clock, xlsx_pieces

AT_ONCE = 2000
#: exported(request, model, query) – somebody takes a list out; `query` is the list's address after the "?".
exported = Signal()

if TYPE_CHECKING:
    Base = admin.ModelAdmin[Any]
else:
    Base = object


class _Shown(Widget):
    """A value as people read it; what is a number stays one."""

    def __init__(self, shown: Callable[[Any], Any] | None) -> None:
        super().__init__(coerce_to_string=False)
        self.shown = shown

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> Any:
        return self.shown(value) if self.shown else value


class Column(Field):
    """One column: its heading, where its value stands (a path of `QuerySet.values`), and how it is shown."""

    def __init__(self, heading: str | Promise, path: str, shown: Callable[[Any], Any] | None = None) -> None:
        super().__init__(attribute=path, column_name=heading, widget=_Shown(shown))

    def get_value(self, instance: dict[str, Any]) -> Any:
        return instance[self.attribute]


def in_words(words: Mapping[Any, Any]) -> Callable[[Any], str]:
    """How a column shows what is stored as a word: as `words` calls it."""
    return lambda word: str(words.get(word, word))


class Table(Resource):
    """A resource to be taken out. Its rows are values and no instances, which takes a third of the time."""

    @cached_property
    def columns(self) -> list[Column]:
        columns: list[Column] = self.get_export_fields()
        return columns

    def iter_queryset(self, queryset: Any) -> Iterator[dict[str, Any]]:
        """Fetched a few thousand at a time; who stops asking ends it."""
        paths = dict.fromkeys(column.attribute for column in self.columns)
        rows: Iterator[dict[str, Any]] = queryset.values(*paths).iterator(chunk_size=AT_ONCE)
        return rows

    def export_resource(self, instance: Any, selected_fields: Any = None, **kwargs: Any) -> list[Any]:
        return [column.export(instance) for column in self.columns]

    def rows(self, queryset: Any) -> Iterator[Row]:
        return map(self.export_resource, self.iter_queryset(queryset))


#: What can be taken out: a model's label → its resource. Apps add theirs.
EXPORTED: dict[str, type[Table]] = {}


class ExportMixin(Base):
    """Adds the two addresses and their buttons to the lists of models in `EXPORTED`."""

    def get_urls(self) -> list[URLPattern]:
        label = self.model._meta.label
        if label not in EXPORTED:
            return super().get_urls()
        name = f"{self.model._meta.app_label}_{self.model._meta.model_name}_export"
        return [path("export/<str:form>", self.admin_site.admin_view(self.export), name=name), *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        forms = ("csv", "xlsx") if self.model._meta.label in EXPORTED else ()
        return super().changelist_view(request, {"export_forms": forms, **(extra_context or {})})

    def exported_rows(self, request: HttpRequest, rows: Any) -> Any:
        """The rows with what the columns want of them that is no field of theirs."""
        return rows

    def export(self, request: HttpRequest, form: str) -> HttpResponseBase:
        """`export/csv` and `export/xlsx`, with the list's own parameters."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        if form not in ("csv", "xlsx"):
            raise Http404
        try:
            rows = self.get_changelist_instance(request).get_queryset(request)
        except IncorrectLookupParameters:
            return HttpResponseRedirect("../")
        exported.send(sender=self.model, request=request, query=request.GET.urlencode())
        rows = self.exported_rows(request, rows)
        return table_response(rows, EXPORTED[self.model._meta.label](), str(self.model._meta.verbose_name_plural), form)


def table_response(rows: Any, table: Table, name: str, form: str) -> HttpResponseBase:
    """The rows of a queryset as a download."""
    return file_response(table.get_export_headers(), table.rows(rows), name, form)


def file_response(heading: Sequence[str], lines: Iterable[Row], name: str, form: str) -> HttpResponseBase:
    """A table as a download called after `name` and today, streamed, with times on the clock of the list; `form` is
    "csv" or "xlsx".
    """
    file_name = f"{name}-{timezone.localdate():%Y%m%d}.{form}"
    headers = {"Content-Disposition": content_disposition_header(True, file_name) or ""}
    if form == "xlsx":
        pieces, content_type = xlsx_pieces(heading, lines, name), XLSX
    else:
        pieces, content_type = csv_lines(heading, lines), "text/csv; charset=utf-8"
    return StreamingHttpResponse(on_this_clock(pieces), content_type=content_type, headers=headers)
