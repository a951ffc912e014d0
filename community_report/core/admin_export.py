"""A list of the back office as a file: what the list shows now, with its filters and search, in CSV or XLSX."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.core.exceptions import PermissionDenied
from django.dispatch import Signal
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.urls import URLPattern, path
from django.utils import timezone

from .tables import XLSX, Column, Row, csv_lines, rows_of, xlsx_pieces

#: What can be taken out: a model's label → its columns. Apps add theirs.
EXPORTED: dict[str, Sequence[Column]] = {}
#: exported(request, model, query) – somebody takes a list out; `query` is the list's address after the "?".
exported = Signal()

if TYPE_CHECKING:
    Base = admin.ModelAdmin[Any]
else:
    Base = object


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
        return table_response(rows, EXPORTED[self.model._meta.label], self.model._meta.model_name or "", form)


def table_response(rows: Any, columns: Sequence[Column], name: str, form: str) -> HttpResponseBase:
    """The rows of a queryset as a download."""
    return file_response([str(column.heading) for column in columns], rows_of(rows, columns), name, form)


def file_response(heading: Sequence[str], lines: Iterable[Row], name: str, form: str) -> HttpResponseBase:
    """A table as a download called after `name` and today, streamed; `form` is "csv" or "xlsx"."""
    write, content_type = (xlsx_pieces, XLSX) if form == "xlsx" else (csv_lines, "text/csv; charset=utf-8")
    file_name = f"{name}-{timezone.localdate():%Y%m%d}.{form}"
    return StreamingHttpResponse(
        write(heading, lines),
        content_type=content_type,
        headers={"Content-Disposition": f'attachment; filename="{file_name}"'},
    )
