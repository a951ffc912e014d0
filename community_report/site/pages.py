"""Home: what this person can do, by role."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from accounts.models import Community, Membership, User
from accounts.policies import Standing, person_of, standing_of
from accounts.web import person_required
from reports.api.shapes import card_shape
from reports.models import Report
from reports.policies import Viewer
from reports.states import Status

from .needs import needs_of

Context = dict[str, Any]
OWN_SHOWN = 3


@person_required
@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """`/h5/`."""
    user = person_of(request)
    standing = standing_of(user)
    if not standing.member_of:
        return render(request, "site/home_unbound.html", _unbound(user))
    context: Context = {
        "communities": Community.objects.filter(pk__in=standing.member_of),
        "here": "home",
        "resident": _resident(user, standing) if standing.resident_of else None,
        "staff": _staff(user, standing) if standing.staff_of else None,
        "manager": _manager(standing) if standing.communities_with("manage_reports") else None,
    }
    return render(request, "site/home.html", context)


def _unbound(user: User) -> Context:
    """Nobody yet: waiting for a decision, refused, or about to begin."""
    pending = Membership.objects.pending().for_view().filter(user=user)
    return {"pending": list(pending), "user": user}


def _resident(user: User, standing: Standing) -> Context:
    own = Report.objects.filter(reporter=user)
    viewer = Viewer(user, standing)
    return {
        "confirm": list(own.filter(status=Status.RESOLVED).order_by("status_since")),
        "open": [
            card_shape(report, viewer)
            for report in own.filter(status__in=(Status.SUBMITTED, Status.CLAIMED))
            .for_view(user)
            .order_by("-created_at")[:OWN_SHOWN]
        ],
    }


def _staff(user: User, standing: Standing) -> Context:
    waiting = Report.objects.for_scope(standing, "open")
    claimed = Report.objects.for_scope(standing, "claimed")
    return {
        "open": waiting.count(),
        "claimed": claimed.count(),
        "overdue": claimed.overdue(timezone.now()).count(),
        "on_duty": user.memberships.on_duty(timezone.now()).filter(role__kind="staff").exists(),
    }


def _manager(standing: Standing) -> Context:
    """What needs a manager first, in each community of theirs."""
    communities = list(Community.objects.filter(pk__in=standing.communities_with("manage_reports")))
    doing = (Status.SUBMITTED, Status.CLAIMED)
    return {
        "needs": [need for community in communities for need in needs_of(standing, community)],
        "open": Report.objects.for_scope(standing, "all").filter(status__in=doing).count(),
        "may_stats": bool(standing.communities_with("view_statistics")),
        "may_people": bool(standing.communities_with("manage_people")),
    }
