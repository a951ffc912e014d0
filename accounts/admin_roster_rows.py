"""The back office: what is wrong in one roster import and what it changes: on its page, page by page, as a file."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from community_report.core.admin_export import exported, file_response

from .models import RosterImport

#: Rows on the import's own page, and on a page of all of them.
SHOWN, PER_PAGE = 100, 200

if TYPE_CHECKING:
    Base = admin.ModelAdmin[Any]
else:
    Base = object


@dataclass(frozen=True)
class Kind:
    """`field` of the import holds the rows."""

    field: str
    title: Any  # lazy words, here and below
    heading: Sequence[Any]

    def lines(self, rows: Sequence[Any]) -> Iterator[Sequence[Any]]:
        return map(_changed if self.field == "changes" else _rejected, rows)


def _changed(row: Sequence[Any]) -> Sequence[Any]:
    home, before, after, *_entry = row
    return home, " ".join(before) if before else gettext("（新增）"), " ".join(after)


def _rejected(row: Sequence[Any]) -> Sequence[Any]:
    number, why, *words = row
    return number, " ".join(words) or "—", why


BAD = Kind("rejected", _("有问题的行"), (_("行"), _("内容"), _("原因")))
CHANGES = Kind("changes", _("变化"), (_("房屋"), _("原来"), _("导入后")))
KINDS = {kind.field: kind for kind in (BAD, CHANGES)}


class ShowsRows(Base):
    """Mixed into the admin of imports."""

    def get_urls(self) -> list[URLPattern]:
        views = (
            path("<int:pk>/rows/<slug:field>/", self.admin_site.admin_view(self.rows_view), name="roster_rows"),
            path(
                "<int:pk>/rows/<slug:field>/<str:form>", self.admin_site.admin_view(self.file_view), name="roster_file"
            ),
        )
        return [*views, *super().get_urls()]

    def _rows(self, request: HttpRequest, pk: int, field: str) -> tuple[RosterImport, Kind, list[Any]]:
        found, kind = self.get_object(request, str(pk)), KINDS.get(field)
        if found is None or kind is None:
            raise Http404
        return found, kind, getattr(found, kind.field)

    def rows_view(self, request: HttpRequest, pk: int, field: str) -> HttpResponseBase:
        found, kind, rows = self._rows(request, pk, field)
        shown = Paginator(rows, PER_PAGE).get_page(request.GET.get("p"))
        context = {
            **self.admin_site.each_context(request),
            "title": f"{found} · {kind.title}",
            "opts": self.opts,
            "import": found,
            "kind": kind,
            "shown": shown,
            "lines": kind.lines(list(shown.object_list)),
        }
        return render(request, "admin/accounts/roster_rows.html", context)

    def file_view(self, request: HttpRequest, pk: int, field: str, form: str) -> HttpResponseBase:
        """`csv` or `xlsx`: all of them."""
        found, kind, rows = self._rows(request, pk, field)
        if form not in ("csv", "xlsx"):
            raise Http404
        exported.send(sender=RosterImport, request=request, query=f"id={found.pk}&rows={field}")
        return file_response([str(word) for word in kind.heading], kind.lines(rows), f"roster-{found.pk}-{field}", form)

    @admin.display(description=CHANGES.title)
    def differences(self, row: RosterImport) -> str:
        return _table(row, CHANGES)

    @admin.display(description=BAD.title)
    def bad_rows(self, row: RosterImport) -> str:
        if row.bad and not row.rejected:
            return gettext("导入几天后已清除，不再保留")
        return _table(row, BAD)


def _table(row: RosterImport, kind: Kind) -> str:
    """The first of them, with the way to all."""
    rows = getattr(row, kind.field)
    if not rows:
        return "—"
    cells = "".join(f"<td class='p-2'>{{{n}}}</td>" for n in range(len(kind.heading)))
    lines = format_html_join("", f"<tr>{cells}</tr>", map(tuple, kind.lines(rows[:SHOWN])))
    heads = format_html_join("", "<th class='p-2 text-left'>{}</th>", ((word,) for word in kind.heading))
    return format_html("<table><thead><tr>{}</tr></thead><tbody>{}</tbody></table>{}", heads, lines, _way(row, kind))


def _way(row: RosterImport, kind: Kind) -> str:
    words = gettext("查看或下载全部 %(n)d 行") % {"n": len(getattr(row, kind.field))}
    return format_html('<a href="{}">{}</a>', reverse("admin:roster_rows", args=[row.pk, kind.field]), words)
