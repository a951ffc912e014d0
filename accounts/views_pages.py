"""The page that binds a person to a home, or by an invitation to a role."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.policies import person_of

from .models import Community, Invitation, Membership, User
from .text import clean
from .web import person_required

Context = dict[str, Any]


@person_required
@require_safe
def bind_page(request: HttpRequest) -> HttpResponse:
    """`/h5/bind`: `?invite=CODE` to its role, `?community=SLUG` to a home; else where there is only one community."""
    user = person_of(request)
    code = clean(request.GET.get("invite", "")).replace(" ", "").upper()
    if code:
        return render(request, "accounts/bind_invite.html", _invited(user, code))
    slug = request.GET.get("community", "")
    community = _community(user, slug)
    if community is None:
        return render(request, "accounts/bind_scan.html", {"unknown": bool(slug), "own": _own(user)})
    own = [membership for membership in _own(user) if membership.community_id == community.pk]
    context = {
        "community": community,
        "buildings": list(community.buildings.all()),
        "units": {building.name: building.units for building in community.buildings.all()},
        "pending": [m for m in own if m.status == Membership.Status.PENDING],
        "active": [m for m in own if m.status == Membership.Status.ACTIVE and m.home_id],
        "rejected": _rejected(user, community) if not own else None,
        "user": user,
    }
    return render(request, "accounts/bind.html", context)


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
    invitation = Invitation.objects.select_related("community", "role").filter(code=code[:20]).first()
    if invitation is None:
        return {"problem": "unknown"}
    context: Context = {"invitation": invitation, "user": user}
    held = Membership.objects.active().filter(user=user, role=invitation.role_id)
    if held.exists():
        return {**context, "problem": "held"}
    if invitation.used_at is not None:
        return {**context, "problem": "used"}
    if invitation.expires_at <= timezone.now():
        return {**context, "problem": "expired"}
    return context
