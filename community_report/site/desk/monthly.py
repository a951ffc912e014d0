"""The monthly report in the back office: to look at, to print, to take away as XLSX."""

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import FileResponse, HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext as _

from accounts.models import Community
from community_report.core.admin import communities_of
from community_report.core.admin_export import exported
from community_report.core.errors import Invalid
from community_report.core.tables import XLSX
from reports.models import Report
from reports.monthly import month_of, monthly, workbook


def monthly_page(request: HttpRequest) -> HttpResponseBase:
    """`/admin/monthly?community=SLUG&month=2026-10&form=xlsx`: of a community whose statistics the person may see."""
    scope = communities_of(request, "view_statistics")
    offered = Community.objects.order_by("name") if scope is None else Community.objects.filter(pk__in=scope)
    slug = request.GET.get("community")
    community = offered.filter(slug=slug).first() if slug else offered.first()
    if community is None:
        raise PermissionDenied
    context = {**admin.site.each_context(request), "title": _("月报"), "offered": offered, "chosen": community}
    try:
        report = monthly(community, month_of(request.GET.get("month", "").strip(), community))
    except Invalid as refused:
        return render(request, "admin/desk/monthly.html", context | {"refused": refused.detail}, status=400)
    if request.GET.get("form") == "xlsx":
        exported.send(sender=Report, request=request, query=request.GET.urlencode())
        name = f"{community.slug}-{report.month}.xlsx"
        return FileResponse(workbook(report), as_attachment=True, filename=name, content_type=XLSX)
    return render(request, "admin/desk/monthly.html", context | {"report": report})
