"""The back office: importing the roster from a file, looked at before it is done."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST
from unfold.widgets import UnfoldAdminFileFieldWidget

from community_report.core import admin_refused
from community_report.core.admin import ScopedAdmin
from community_report.core.admin_export import file_response
from community_report.core.errors import DomainError

from .admin_roster_rows import ShowsRows
from .models import RosterImport
from .policies import person_of
from .services import roster_importing as importing

#: Of the file that is offered to be filled in.
HEADINGS = (_("楼栋"), _("单元"), _("房号"), _("姓名"), _("手机"))


if TYPE_CHECKING:
    ModelForm = forms.ModelForm[RosterImport]
else:  # Django's class takes no parameters at run time
    ModelForm = forms.ModelForm


class RosterImportForm(ModelForm):
    file = forms.FileField(
        label=_("文件"),
        help_text=_("XLSX 或 CSV，第一行是标题：楼栋、单元、房号、姓名、手机。先预览，再导入。"),
        widget=UnfoldAdminFileFieldWidget(),  # the theme's script wants its own field
    )

    class Meta:
        model = RosterImport
        fields = ("community",)


@admin.register(RosterImport)
class RosterImportAdmin(ShowsRows, ScopedAdmin):
    permission = "manage_people"
    may_change = False
    change_form_template = "admin/accounts/roster_import.html"
    list_display = (
        "file_name",
        "community",
        "step",
        "added",
        "updated",
        "unchanged",
        "bad",
        "created_by",
        "created_at",
    )
    list_select_related = ("community", "created_by")
    list_filter = (("community", admin.RelatedOnlyFieldListFilter),)
    search_fields = ("file_name",)
    form = RosterImportForm
    readonly_fields = ("file_name", "step", "counts", "bad_rows", "differences")

    def get_queryset(self, request: HttpRequest) -> QuerySet[RosterImport]:
        return super().get_queryset(request).defer("rows", "rejected", "changes", "new_homes")

    def get_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("community", *self.readonly_fields) if obj else ("community", "file")

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        own = [
            path("<int:pk>/apply", view(self._doing(importing.apply_import, _("已导入：%(counts)s")))),
            path("<int:pk>/undo", view(self._doing(importing.undo_import, _("已撤销这次导入：%(counts)s")))),
            path("sample", view(self.sample), name="accounts_rosterimport_sample"),
        ]
        return [*own, *super().get_urls()]

    def sample(self, request: HttpRequest) -> HttpResponseBase:
        """An empty table with the headings that are understood."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        return file_response([str(name) for name in HEADINGS], [], gettext("业主名册"), "xlsx")

    def _doing(self, act: Any, said: Any) -> Any:
        @require_POST
        def view(request: HttpRequest, pk: int) -> HttpResponse:
            if self.get_object(request, str(pk)) is not None:  # theirs
                try:
                    row = act(actor=person_of(request), pk=pk)
                    self.message_user(request, said % {"counts": self.counts(row)}, messages.SUCCESS)
                except DomainError as refused:
                    admin_refused.say(request, refused)
            return HttpResponseRedirect(reverse("admin:accounts_rosterimport_change", args=[pk]))

        return view

    def save_form(self, request: HttpRequest, form: Any, change: bool) -> RosterImport:
        clean = form.cleaned_data
        return importing.prepare_import(actor=person_of(request), community=clean["community"], file=clean["file"])

    def save_model(self, request: HttpRequest, obj: RosterImport, form: Any, change: bool) -> None:
        """Done by the service."""

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """There is nothing related."""

    def response_add(
        self, request: HttpRequest, obj: RosterImport, post_url_continue: str | None = None
    ) -> HttpResponse:
        return HttpResponseRedirect(reverse("admin:accounts_rosterimport_change", args=[obj.pk]))

    @admin.display(description=_("进度"))
    def step(self, row: RosterImport) -> str:
        if row.undone_at:
            return gettext("已撤销")
        return gettext("已导入") if row.applied_at else gettext("待确认")

    @admin.display(description=_("结果"))
    def counts(self, row: RosterImport) -> str:
        words = gettext("新增 %(added)d，修改 %(updated)d，不变 %(unchanged)d，有问题 %(bad)d")
        return words % {
            "added": row.added,
            "updated": row.updated,
            "unchanged": row.unchanged,
            "bad": row.bad,
        }
