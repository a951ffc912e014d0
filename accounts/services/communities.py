"""Roles and their permissions in a community."""

from django.contrib.auth.models import Group
from guardian.shortcuts import assign_perm

from accounts.models import Community, Role
from accounts.policies import PERMISSIONS_OF_KIND


def ensure_role(community: Community, *, slug: str, name: str, kind: str) -> Role:
    """The role, made with its group and the permissions of its kind where it is not there yet."""
    role = Role.objects.filter(community=community, slug=slug).first()
    if role is None:
        group, _ = Group.objects.get_or_create(name=f"{community.slug}:{slug}")
        role = Role.objects.create(community=community, slug=slug, name=name, kind=kind, group=group)
    for permission in PERMISSIONS_OF_KIND[kind]:
        assign_perm(permission, role.group, community)
    return role


def ensure_community_roles(community: Community) -> None:
    """`resident` and `manager` exist in every community."""
    ensure_role(community, slug="resident", name="业主", kind=Role.Kind.RESIDENT)
    ensure_role(community, slug="manager", name="物业管理人员", kind=Role.Kind.MANAGER)
