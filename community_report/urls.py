"""Every address of the project."""

from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

import accounts.urls
import community_report.site.urls
import dispatch.urls
import notices.urls
import reports.urls

APPS = (community_report.site.urls, accounts.urls, reports.urls, notices.urls, dispatch.urls)

urlpatterns = [
    path("", RedirectView.as_view(url="/h5/", permanent=False)),
    path("admin/", admin.site.urls),
    path("api/schema", SpectacularAPIView.as_view(), name="schema"),
    path("api/docs", SpectacularSwaggerSplitView.as_view(url_name="schema"), name="docs"),
    path("api/v1/", include(([route for app in APPS for route in app.api], "api"))),
    path("h5/", include(([route for app in APPS for route in app.pages], "h5"))),
    *(route for app in APPS for route in app.root),
]

handler400 = "community_report.site.errors.bad_request"
handler403 = "community_report.site.errors.permission_denied"
handler404 = "community_report.site.errors.not_found"
handler500 = "community_report.site.errors.server_error"
