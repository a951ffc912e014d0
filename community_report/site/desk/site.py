"""The back office's site: Django's, in the theme, with the desk's own pages."""

from functools import wraps
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import URLPattern, re_path, reverse
from django.utils.translation import gettext as _
from django.views.i18n import JavaScriptCatalog
from unfold.sites import UnfoldAdminSite

from community_report.core import admin_refused

from .company import company
from .dashboard import dashboard
from .monthly import monthly_page
from .phone import phone
from .routing import routing
from .sheets import print_sheets, sheets


class DeskCatalog(JavaScriptCatalog):
    """The words of the admin's scripts, with what we say in Chinese where Django does not."""

    def get_paths(self, packages: list[str]) -> list[str]:
        return [*super().get_paths(packages), *map(str, settings.LOCALE_PATHS)]


class DeskSite(UnfoldAdminSite):
    index_template = "admin/desk/dashboard.html"
    empty_value_display = "—"

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        """`redirect_to`: where the switch of languages comes back to."""
        return {**super().each_context(request), "redirect_to": request.get_full_path()}

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:
        """Who is logged in and may not come in is sent to the login, and that is a refusal."""
        checked = super().admin_view(view, cacheable)

        @wraps(checked)
        def told(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            response: HttpResponseBase = checked(request, *args, **kwargs)
            sent_away = getattr(response, "url", "").startswith(reverse("admin:login"))
            if sent_away and request.user.is_authenticated:
                admin_refused.tell(request, "permission_denied")
            return response

        return told

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return super().index(request, {"title": _("今日概况"), **dashboard(request), **(extra_context or {})})

    def i18n_javascript(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponseBase:
        return DeskCatalog.as_view(packages=["django.contrib.admin"])(request)

    def extra_urls(self) -> list[URLPattern]:
        """With a slash at the end, as the admin's own addresses have it, or without."""
        pages = {
            "routing": routing,
            "phone": phone,
            "company": company,
            "qr-sheets": sheets,
            "qr-sheets/print": print_sheets,
            "monthly": monthly_page,
        }
        return [
            re_path(f"^{address}/?$", self.admin_view(page), name=address.replace("-", "_").replace("/", "_"))
            for address, page in pages.items()
        ]
