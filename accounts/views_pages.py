"""The page that binds a person to a home, or by an invitation to a role."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from accounts.policies import person_of
from accounts.services.bindings import accept_invitation, held_by_invitation, request_binding
from community_report.core.errors import DomainError

from .models import Community, Invitation, Membership, User
from .text import clean
from .web import person_required

Context = dict[str, Any]


@person_required
@require_http_methods(["GET", "HEAD", "POST"])
def bind_page(request: HttpRequest) -> HttpResponse:
    """`/h5/bind`: `?invite=CODE` to its role, `?community=SLUG` to a home; else where there is only one community.

    POST is the form sent without scripts.
    """
    user = person_of(request)
    code = clean(request.GET.get("invite", "")).replace(" ", "").upper()
    if code:
        return _invitation_page(request, user, code)
    slug = request.GET.get("community", "")
    community = _community(user, slug)
    if community is None:
        return render(request, "accounts/bind_scan.html", {"unknown": bool(slug), "own": _own(user)})
    if request.method != "POST":
        return render(request, "accounts/bind.html", _bind_context(request, user, community))
    stated = {name: request.POST.get(name, "") for name in ("name", "phone", "building", "unit", "room")}
    try:
        binding = request_binding(actor=user, community=community, **stated)
    except DomainError as error:
        context = {**_bind_context(request, user, community), "error": error}
        return render(request, "accounts/bind.html", context, status=error.status)
    return redirect("/h5/" if binding.status == Membership.Status.ACTIVE else f"/h5/bind?community={community.slug}")


def _bind_context(request: HttpRequest, user: User, community: Community) -> Context:
    own = [membership for membership in _own(user) if membership.community_id == community.pk]
    buildings = list(community.buildings.all())
    return {
        "community": community,
        "buildings": buildings,
        "units": {building.name: building.units for building in buildings},
        "pending": [m for m in own if m.status == Membership.Status.PENDING],
        "active": [m for m in own if m.status == Membership.Status.ACTIVE and m.home_id],
        "rejected": _rejected(user, community) if not own else None,
        "typed": _typed(request, user),
        "user": user,
    }


def _typed(request: HttpRequest, user: User) -> dict[str, str]:
    """What the form is filled with: what was typed, else what is known of the person and of the code they scanned."""
    known = {"name": user.display_name, "phone": user.phone, "building": request.GET.get("building", "")}
    return {name: request.POST.get(name, known.get(name, "")) for name in ("name", "phone", "building", "unit", "room")}


def _invitation_page(request: HttpRequest, user: User, code: str) -> HttpResponse:
    context = {**_invited(user, code), "typed": _typed(request, user)}
    if request.method != "POST":
        return render(request, "accounts/bind_invite.html", context)
    try:
        accept_invitation(actor=user, code=code, name=request.POST.get("name", ""), phone=request.POST.get("phone", ""))
    except DomainError as error:
        return render(request, "accounts/bind_invite.html", {**context, "error": error}, status=error.status)
    return redirect("/h5/")


def _community(user: User, slug: str) -> Community | None:
    """The one of the code that was scanned; without one, the person's own or the only one there is."""
    if slug:
        return Community.objects.filter(slug=slug[:40]).first()
    known = Community.objects.filter(memberships__in=_own(user)).distinct()
    one = list((known if known.exists() else Community.objects.all())[:2])
    return one[0] if len(one) == 1 else None


def _own(user: User) -> list[Membership]:
    return list(Membership.objects.live().for_view().filter(user=user).order_by("created_at"))


def _rejected(user: User, community: Community) -> Membership | None:
    """The last answer, where it was no: it says why, and one may ask anew."""
    past = Membership.objects.filter(user=user, community=community).order_by("-created_at").first()
    return past if past and past.status == Membership.Status.REJECTED else None


def _invited(user: User, code: str) -> Context:
    """What the invitation is for, or why it serves no more; for who used it, that they hold the role."""
    invitations = Invitation.objects.select_related("community", "role", "home__building", "created_by")
    invitation = invitations.filter(code=code[:20]).first()
    if invitation is None:
        return {"problem": "unknown"}
    context: Context = {"invitation": invitation, "user": user}
    if held_by_invitation(invitation, user).exists():
        return {**context, "problem": "held"}
    if invitation.used_at is not None:
        return {**context, "problem": "used"}
    if invitation.expires_at <= timezone.now():
        return {**context, "problem": "expired"}
    return context
