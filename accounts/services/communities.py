"""Roles of a community and the groups that carry their permissions."""

from django.contrib.auth.models import Group
from django.db import transaction
from django.utils.translation import gettext as _
from guardian.shortcuts import assign_perm, get_perms, remove_perm

from accounts.models import Community, Role
from accounts.policies import PERMISSIONS_OF_KIND
from community_report.core.deleting import delete_unused
from community_report.core.errors import Conflict, NotFound

#: Every community has these two; every other role is staff.
RESIDENT, MANAGER = "resident", "manager"


def community_of_slug(slug: str) -> Community:
    """The community of this slug. Raises NotFound."""
    community = Community.objects.filter(slug=slug.strip()).first()
    if community is None:
        raise NotFound(_("没有这个小区"))
    return community


@transaction.atomic
def ensure_role(community: Community, *, slug: str, name: str, kind: str) -> Role:
    """The role, made or renamed as need be, whose group holds exactly what its kind may do. Its kind never changes."""
    role = Role.objects.filter(community=community, slug=slug).first()
    if role is None:
        group, _made = Group.objects.get_or_create(name=f"{community.slug}:{slug}")
        role = Role.objects.create(community=community, slug=slug, name=name, kind=kind, group=group)
    if role.kind != kind:
        raise Conflict(_("角色的类别不能改变"))
    if role.name != name:
        role.name = name
        role.save(update_fields=["name"])
    _give_exactly(role)
    return role


def ensure_community_roles(community: Community) -> tuple[Role, Role]:
    """`resident` and `manager`, which exist in every community; a name that was changed stays."""
    names = dict(Role.objects.filter(community=community).values_list("slug", "name"))
    return (
        ensure_role(community, slug=RESIDENT, name=names.get(RESIDENT, "业主"), kind=Role.Kind.RESIDENT),
        ensure_role(community, slug=MANAGER, name=names.get(MANAGER, "物业管理人员"), kind=Role.Kind.MANAGER),
    )


@transaction.atomic
def delete_role(role: Role) -> None:
    """A role of the staff that nobody has or had, with its group. Raises Conflict."""
    if role.kind != Role.Kind.STAFF:
        raise Conflict(_("每个小区都有这个角色，不能删除"))
    group = role.group
    delete_unused(role)
    group.delete()


def kind_of(slug: str) -> str:
    """The kind that a role of this slug has."""
    return {RESIDENT: Role.Kind.RESIDENT, MANAGER: Role.Kind.MANAGER}.get(slug, Role.Kind.STAFF).value


def _give_exactly(role: Role) -> None:
    wanted = set(PERMISSIONS_OF_KIND[role.kind])
    held = set(get_perms(role.group, role.community))
    for permission in wanted - held:
        assign_perm(permission, role.group, role.community)
    for permission in held - wanted:
        remove_perm(permission, role.group, role.community)
