"""The page that files a report, for oneself or for who telephoned."""

import uuid
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.models import Building, Community, Membership, User
from accounts.policies import Standing, person_of, standing_of
from accounts.web import person_required
from community_report.core.errors import DomainError, Invalid
from community_report.core.ids import parse_uuid

from .api.drafts import show_draft
from .models import Category, Draft
from .services.submit import Caller, Location, SubmitData, submit_report

Context = dict[str, Any]


@person_required
@require_http_methods(["GET", "HEAD", "POST"])
def new_report(request: HttpRequest) -> HttpResponse:
    """`/h5/reports/new` (`?draft=ID`, `?community=SLUG`, `?category=SLUG`, `?for=caller` for who telephoned).

    `?building=ID` is the code at a building's entrance: the place is that building.
    """
    user = person_of(request)
    standing = standing_of(user)
    draft = _own_draft(user, request.GET.get("draft", ""))
    places = _places(standing, request, draft)
    if places is None:
        return render(request, "reports/new_unbound.html", _unbound(request, standing))
    context = _new_context(request, user, places, draft)
    if request.method != "POST":
        return render(request, "reports/new.html", context)
    try:
        report, _created = submit_report(actor=user, data=_plain_form(request, places.chosen, draft))
    except DomainError as error:
        return render(request, "reports/new.html", {**context, "error": error}, status=error.status)
    return redirect(f"/h5/reports/{report.pk}?sent=1")


@dataclass(frozen=True)
class Places:
    """Where this person can file: for themselves, or (`for_caller`) for somebody who telephoned."""

    chosen: Community
    others: list[Community]
    for_caller: bool
    may_switch: bool


def _places(standing: Standing, request: HttpRequest, draft: Draft | None) -> Places | None:
    own = standing.communities_with("file_reports")
    telephone = standing.communities_with("handle_reports") | standing.communities_with("manage_reports")
    for_caller = bool(telephone) and (request.GET.get("for") == "caller" or not own)
    possible = list(Community.objects.filter(pk__in=telephone if for_caller else own))
    if not possible:
        return None
    wanted = draft.community.slug if draft and draft.community else request.GET.get("community", "")
    chosen = next((c for c in possible if c.slug == wanted), possible[0])
    return Places(chosen, [c for c in possible if c != chosen], for_caller, bool(telephone and own))


def _unbound(request: HttpRequest, standing: Standing) -> Context:
    """The way to bind, in the community of the code that was scanned."""
    slug = request.GET.get("community", "")
    known = Community.objects.filter(slug=slug[:40]).exists()
    return {"member": bool(standing.member_of), "way": f"/h5/bind?community={slug}" if known else "/h5/bind"}


def _own_draft(user: User, raw: str) -> Draft | None:
    """The draft of the address, where it is this person's and still open; for anybody else the page is without it."""
    draft_id = parse_uuid(raw)
    if draft_id is None:
        return None
    own = Draft.objects.filter(pk=draft_id, owner=user, ended_at__isnull=True)
    return own.select_related("category", "community").prefetch_related("attachments").first()


def _new_context(request: HttpRequest, user: User, places: Places, draft: Draft | None) -> Context:
    categories = list(Category.objects.filter(community=places.chosen, active=True))
    wanted = draft.category.slug if draft and draft.category else request.GET.get("category", "")
    homes = _homes(user, places.chosen) if not places.for_caller else []
    scanned = _scanned(request, places.chosen)
    return {
        "places": places,
        "categories": categories,
        "category": next((c for c in categories if c.slug == wanted), None),
        "homes": homes,
        "address": request.POST.get("address", scanned or _usual_place(draft, homes)),
        "draft": show_draft(draft) if draft else None,
        "media_ids": {str(a.pk): a.media_id for a in draft.attachments.all()} if draft else {},
        "typed": request.POST,
        "hashed_id": request.POST.get("hashed_id") or str(uuid.uuid4()),
        "settings": {
            "community": places.chosen.slug,
            "person": str(user.pk),
            "draft": str(draft.pk) if draft else None,
            "scanned": bool(scanned),
            "caller": places.for_caller,
        },
    }


def _usual_place(draft: Draft | None, homes: list[str]) -> str:
    """Home, unless the draft came with a place of its own (named or not)."""
    if draft and draft.latitude is not None:
        return draft.location_name
    return homes[0] if homes else ""


def _scanned(request: HttpRequest, community: Community) -> str:
    """The name of the building whose code was scanned."""
    pk = request.GET.get("building", "")
    if not (pk.isascii() and pk.isdigit() and len(pk) < 18):
        return ""
    return Building.objects.filter(community=community, pk=pk).values_list("name", flat=True).first() or ""


def _homes(user: User, community: Community) -> list[str]:
    own = Membership.objects.filter(user=user, community=community, status=Membership.Status.ACTIVE, home__isnull=False)
    return [str(membership.home) for membership in own.select_related("home__building").order_by("created_at")]


def _plain_form(request: HttpRequest, community: Community, draft: Draft | None) -> SubmitData:
    """The form sent without scripts."""
    field = request.POST.get
    hashed_id = parse_uuid(field("hashed_id", ""))
    if hashed_id is None:
        raise Invalid.field("hashed_id", _("编号无效"))
    caller = None
    if "caller_name" in request.POST:
        home = {part: field(f"caller_{part}", "")[:40] for part in ("building", "unit", "room")}
        caller = Caller(field("caller_name", "")[:40], field("caller_phone", "")[:20], home)
    return SubmitData(
        hashed_id=hashed_id,
        community=community.slug,
        category=field("category", ""),
        title=field("title", "")[:80],
        description=field("description", "")[:5000],
        address=field("address", "")[:200],
        location=_place_of(draft),
        draft=draft.pk if draft else None,
        on_behalf_of=caller,
    )


def _place_of(draft: Draft | None) -> Location | None:
    if draft is None or draft.latitude is None or draft.longitude is None:
        return None
    return Location(draft.latitude, draft.longitude, draft.location_name)
