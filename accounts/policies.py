"""Who a person is in which community, and what that lets them do. django-guardian holds the permissions."""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.contrib.contenttypes.models import ContentType
from django.http import HttpRequest
from django.utils.translation import gettext as _
from guardian.models import GroupObjectPermission, UserObjectPermission
from rest_framework.request import Request

from community_report.core.errors import Forbidden, NotBound

from .models import Community, Membership, Role, User

#: What each kind of role may do in its community; setup gives these to the role's group.
PERMISSIONS_OF_KIND: dict[str, tuple[str, ...]] = {
    Role.Kind.RESIDENT: ("file_reports",),
    Role.Kind.STAFF: ("handle_reports",),
    Role.Kind.MANAGER: ("manage_reports", "manage_people", "publish_notices", "view_statistics"),
}
#: What a manager may give and take beyond the role's own.
GRANTABLE = ("manage_reports", "manage_people", "publish_notices", "view_statistics")


@dataclass(frozen=True)
class Standing:
    """One person's memberships and permissions, read once: three queries, then pure look-ups.

    `permissions` maps a community's primary key to codenames; `roles` holds the active roles' keys with their kind's
    keys by community: `staff_roles`, `resident_of`, `member_of` are sets of primary keys.
    """

    user: User
    permissions: dict[int, frozenset[str]] = field(default_factory=dict)
    staff_roles: frozenset[int] = frozenset()
    staff_of: frozenset[int] = frozenset()
    resident_of: frozenset[int] = frozenset()
    member_of: frozenset[int] = frozenset()

    def may(self, permission: str, community_id: int) -> bool:
        return self.user.is_superuser or permission in self.permissions.get(community_id, frozenset())

    def communities_with(self, permission: str) -> frozenset[int]:
        """Keys of the communities where this person holds `permission` (a superuser's are not listed: ask `may`)."""
        return frozenset(pk for pk, held in self.permissions.items() if permission in held)


def standing_of(user: User) -> Standing:
    """Read a person's standing afresh; an anonymous or inactive person has none."""
    if not user.is_authenticated or not user.is_active:
        return Standing(user)
    # Asked of the database too: who has waited for a lock may have been disabled meanwhile.
    active = list(
        Membership.objects.filter(user=user, user__is_active=True, status=Membership.Status.ACTIVE).values_list(
            "community_id", "role_id", "role__kind"
        )
    )
    members = frozenset(community for community, _r, _k in active)
    return Standing(
        user=user,
        permissions=_permissions(user, members),
        staff_roles=frozenset(role for _c, role, kind in active if kind == Role.Kind.STAFF),
        staff_of=frozenset(community for community, _r, kind in active if kind == Role.Kind.STAFF),
        resident_of=frozenset(community for community, _r, kind in active if kind == Role.Kind.RESIDENT),
        member_of=members,
    )


def clock_of(user: User) -> ZoneInfo | None:
    """The time zone of all communities where this person is a member; None without one, and for several."""
    active = Membership.objects.filter(user=user, status=Membership.Status.ACTIVE)
    zones = active.values_list("community__timezone", flat=True).order_by().distinct()[:2]
    with suppress(ZoneInfoNotFoundError):  # mistyped: the pages are there all the same, to put it right
        return ZoneInfo(zones[0]) if len(zones) == 1 else None
    return None


def person_of(request: HttpRequest | Request) -> User:
    """The person of a request that only somebody signed in can make; who has no session was refused before."""
    assert isinstance(request.user, User)
    return request.user


def require(standing: Standing, permission: str, community: Community | None) -> Community:
    """The community, where this person holds `permission` in it.

    Raises NotBound for who does not belong to it (or where there is no such community), Forbidden for a member
    without it.
    """
    if community is None or (community.pk not in standing.member_of and not standing.user.is_superuser):
        raise NotBound(_("您还没有绑定这个小区"))
    if not standing.may(permission, community.pk):
        raise Forbidden(_("您没有权限这样做"))
    return community


def lacks(standing: Standing, role: Role) -> bool:
    """Would this role give something that the person does not hold in its community?"""
    return not all(standing.may(permission, role.community_id) for permission in PERMISSIONS_OF_KIND[role.kind])


def may_hand_out(standing: Standing, role: Role, receiver: User | None) -> bool:
    """May a manager of people give `role` to `receiver` (None: whoever holds an invitation)?

    Staff roles are any manager's to give. Who manages is given by who manages in full, and nobody gives themselves
    what they lack.
    """
    if role.kind == Role.Kind.MANAGER or (receiver is not None and receiver.pk == standing.user.pk):
        return not lacks(standing, role)
    return True


def _permissions(user: User, members: Iterable[int]) -> dict[int, frozenset[str]]:
    """Codenames by community, the person's own and the groups'; where there is no membership there is nothing."""
    kind = ContentType.objects.get_for_model(Community)
    rows = [
        *UserObjectPermission.objects.filter(user=user, content_type=kind).values_list(
            "object_pk", "permission__codename"
        ),
        *GroupObjectPermission.objects.filter(group__user=user, content_type=kind).values_list(
            "object_pk", "permission__codename"
        ),
    ]
    return {pk: frozenset(code for key, code in rows if key == str(pk)) for pk in members}


def may_enter_admin(user: User) -> bool:
    """The back office is for active managers of a community, and for superusers."""
    if not user.is_active:
        return False
    return user.is_superuser or (
        user.pk is not None
        and Membership.objects.filter(user=user, status=Membership.Status.ACTIVE, role__kind=Role.Kind.MANAGER).exists()
    )
