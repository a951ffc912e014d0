"""The managers' page of people: bindings to decide, staff with their roles, invitations, the community's QR code."""

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_safe
from guardian.models import UserObjectPermission

from accounts.models import Community, Invitation, Membership, Role
from accounts.pages import Place, manager_page
from accounts.people_words import HOURS, PERMISSION_WORDS
from accounts.policies import GRANTABLE, PERMISSIONS_OF_KIND, may_hand_out
from accounts.qr import community_scene
from accounts.querysets import MembershipQuerySet
from accounts.roster_says import Verdict, roster_says
from accounts.services.invitations import invitation_url
from community_report.core.pages import page_of

TABS = ("pending", "staff", "residents", "invitations")
PENDING_AT_ONCE = 50


@dataclass
class Worker:
    """A person with the roles that they hold here; `memberships` by role, `extra` permissions given to them alone."""

    first: Membership
    memberships: list[Membership] = field(default_factory=list)
    extra: set[str] = field(default_factory=set)

    @property
    def role_slugs(self) -> set[str]:
        return {membership.role.slug for membership in self.memberships}

    @property
    def of_roles(self) -> set[str]:
        """Permissions that come with the roles and cannot be taken one by one."""
        return {name for membership in self.memberships for name in PERMISSIONS_OF_KIND[membership.role.kind]}

    @property
    def on_duty(self) -> bool:
        return any(membership.on_duty_ for membership in self.memberships)

    @property
    def work(self) -> list[Membership]:
        """Those that make them one of the staff: what ends where they leave, whatever home they have here."""
        return [membership for membership in self.memberships if membership.role.kind != Role.Kind.RESIDENT]

    @property
    def works(self) -> bool:
        return bool(self.work)


@dataclass(frozen=True)
class Pending:
    membership: Membership
    roster: Verdict


@manager_page("manage_people")
@require_safe
def people(request: HttpRequest, place: Place) -> HttpResponse:
    """`/h5/manage/people` (`?tab=pending|staff|residents|invitations`, `?q=` among residents)."""
    waiting = Membership.objects.pending().filter(community=place.community).count()
    new = Membership.objects.new_automatic(timezone.now()).filter(community=place.community)
    usual = "pending" if waiting or new.exists() else "staff"
    tab = request.GET.get("tab", usual)
    tab = tab if tab in TABS else usual
    context = {"here": "manage", "place": place, "tab": tab, "waiting": waiting, "tabs": _tab_names()}
    return render(request, "accounts/people.html", context | CONTENTS[tab](request, place))


def _tab_names() -> list[tuple[str, str]]:
    words = {
        "pending": _("审核"),
        "staff": _("工作人员"),
        "residents": pgettext("列表", "业主"),
        "invitations": _("邀请"),
    }
    return [(name, words[name]) for name in TABS]


def _pending_tab(request: HttpRequest, place: Place) -> dict[str, Any]:
    here = Membership.objects.filter(community=place.community).for_view()
    oldest_first = list(here.pending().order_by("created_at")[:PENDING_AT_ONCE])
    verdicts = roster_says(place.community, oldest_first)
    waiting = here.pending().count() if len(oldest_first) == PENDING_AT_ONCE else len(oldest_first)
    return {
        "pending": [Pending(*pair) for pair in zip(oldest_first, verdicts, strict=True)],
        "further": waiting - len(oldest_first),
        "new": here.new_automatic(timezone.now()).order_by("-decided_at")[:PENDING_AT_ONCE],
    }


def _staff_tab(request: HttpRequest, place: Place) -> dict[str, Any]:
    here = Membership.objects.active().filter(community=place.community).for_view()
    rows = here.filter(_works(place.community)).order_by("role__kind", "role__slug", "created_at")
    return {"workers": _workers(rows, place.community), **_choices(place)}


def _works(community: Community) -> Q:
    """Whoever holds a working role here, or was given a permission of their own."""
    given = UserObjectPermission.objects.filter(object_pk=str(community.pk), content_type__model="community")
    return ~Q(role__kind=Role.Kind.RESIDENT) | Q(user__in=given.values("user"))


def _workers(rows: MembershipQuerySet, community: Community) -> list[Worker]:
    workers: dict[Any, Worker] = {}
    for row in rows.with_duty(timezone.now()):
        workers.setdefault(row.user_id, Worker(row)).memberships.append(row)
    given = _given(community, list(workers))
    for user, worker in workers.items():
        worker.extra = given[user]
    return list(workers.values())


def _given(community: Community, users: list[Any]) -> dict[Any, set[str]]:
    rows = UserObjectPermission.objects.filter(
        user__in=users, object_pk=str(community.pk), content_type__model="community"
    )
    given: dict[Any, set[str]] = defaultdict(set)
    for user, name in rows.values_list("user", "permission__codename"):
        given[user].add(name)
    return given


def _choices(place: Place) -> dict[str, Any]:
    """All working roles, those that this manager can give, and permissions with words for what they let a person do."""
    roles = Role.objects.filter(community=place.community).exclude(kind=Role.Kind.RESIDENT).order_by("-kind", "slug")
    return {
        "roles": roles,
        "givable": [role for role in roles if may_hand_out(place.standing, role, None)],
        "permissions": [(name, PERMISSION_WORDS[name], place.may(name)) for name in GRANTABLE],
    }


def _residents_tab(request: HttpRequest, place: Place) -> dict[str, Any]:
    words = request.GET.get("q", "").strip().replace("\0", "")[:60]
    rows = Membership.objects.active().filter(community=place.community, role__kind=Role.Kind.RESIDENT).for_view()
    for word in words.split()[:4]:
        rows = rows.filter(
            Q(name__icontains=word)
            | Q(user__display_name__icontains=word)
            | Q(phone__startswith=word)
            | Q(home__building__name__startswith=word)
            | Q(home__room__iexact=word)
        )
    found, next_ = page_of(request, rows)
    here = Membership.objects.active().filter(community=place.community, user__in=[row.user_id for row in found])
    workers = {worker.first.user_id: worker for worker in _workers(here.for_view(), place.community)}
    return {"residents": [(row, workers[row.user_id]) for row in found], "next": next_, "q": words, **_choices(place)}


def _invitations_tab(request: HttpRequest, place: Place) -> dict[str, Any]:
    rows = Invitation.objects.filter(community=place.community, home=None).select_related("role", "used_by")
    now = timezone.now()
    open_ = rows.filter(used_at=None, expires_at__gt=now).order_by("-created_at")[:30]
    return {
        "invitations": [(invitation, invitation_url(invitation)) for invitation in open_],
        "used": rows.exclude(used_at=None).order_by("-used_at")[:10],
        "hours": HOURS.items(),
        **_choices(place),
    }


CONTENTS = {
    "pending": _pending_tab,
    "staff": _staff_tab,
    "residents": _residents_tab,
    "invitations": _invitations_tab,
}


@manager_page("manage_people")
@require_safe
def poster(request: HttpRequest, place: Place) -> HttpResponse:
    """`/h5/manage/people/poster`: the community's QR code, to print for the lobby."""
    return render(request, "accounts/poster.html", {"place": place, "link": community_scene(place.community).address})
