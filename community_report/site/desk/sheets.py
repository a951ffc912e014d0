"""Sheets with the community's QR codes, to hang up: one for the lobby, one for each building."""

from dataclasses import dataclass

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from accounts.models import Building, Community
from community_report.core.admin import communities_of


@dataclass(frozen=True)
class Sheet:
    """One page of paper. `building` None: for the lobby; `picture`: the code's address."""

    community: Community
    building: Building | None
    picture: str


def sheets(request: HttpRequest) -> HttpResponse:
    """`/admin/qr-sheets` (`?community=SLUG`): which of them to print."""
    community, offered = _community(request)
    context = {
        **admin.site.each_context(request),
        "title": _("张贴二维码"),
        "offered": offered,
        "community": community,
        "buildings": community.buildings.all(),
        "chosen": set(request.GET.getlist("building")),
    }
    return render(request, "admin/desk/sheets.html", context)


def print_sheets(request: HttpRequest) -> HttpResponse:
    """`/admin/qr-sheets/print?community=SLUG&lobby=1&building=ID…`: the sheets, each a page of A4, and nothing else."""
    community, _offered = _community(request)
    wanted = {pk for pk in request.GET.getlist("building") if pk.isascii() and pk.isdigit()}
    chosen = [Sheet(community, None, f"/h5/communities/{community.slug}/qr.svg")] if "lobby" in request.GET else []
    for building in community.buildings.all():
        if str(building.pk) in wanted:
            chosen.append(Sheet(community, building, f"/h5/buildings/{building.pk}/qr.svg"))
    return render(request, "admin/desk/sheets_print.html", {"sheets": chosen, "community": community})


def _community(request: HttpRequest) -> tuple[Community, list[Community]]:
    """The one asked for among those whose people the person manages, else the first of them."""
    scope = communities_of(request, "manage_people")
    offered = list(Community.objects.all() if scope is None else Community.objects.filter(pk__in=scope))
    if not offered:
        raise PermissionDenied
    asked = request.GET.get("community", "")
    return next((one for one in offered if one.slug == asked), offered[0]), offered
