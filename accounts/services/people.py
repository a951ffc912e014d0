"""What people set for themselves, and which roles and permissions managers give and take."""

from collections.abc import Callable, Collection
from datetime import time
from typing import Any

import structlog
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from guardian.shortcuts import assign_perm

from accounts.models import Membership, Role, User
from accounts.policies import GRANTABLE, PERMISSIONS_OF_KIND, Standing, may_hand_out
from accounts.services import memberships
from accounts.services.communities import RESIDENT
from accounts.services.memberships import direct_permissions, hold_for_decision, hold_person
from accounts.services.recording import record
from accounts.signals import binding_decided, quiet_hours_changed
from accounts.text import clean
from community_report.core.errors import Conflict, Forbidden, Invalid

log = structlog.get_logger(__name__)

MAX_DISPLAY_NAME = 40


def update_profile(*, actor: User, changes: dict[str, Any]) -> User:
    """Change some of `display_name`, `language` (one of User.Language), `quiet_hours` (["22:00", "07:00"] or None),
    `muted_kinds` (list of words; the caller knows the kinds) and `on_duty` (staff and managers only).

    Raises Invalid.
    """
    with transaction.atomic():
        person = hold_person(actor)
        for name, value in changes.items():
            if name == "on_duty":
                _set_duty(person, value)
            else:
                setattr(person, name, _CLEANERS[name](value))
        person.save(update_fields=[name for name in changes if name != "on_duty"])
        if "quiet_hours" in changes:
            quiet_hours_changed.send(sender=User, user=person)
    return person


def _display_name(value: str) -> str:
    name = clean(value)
    if not 0 < len(name) <= MAX_DISPLAY_NAME:
        raise Invalid.field("display_name", _("请填写称呼，最多 40 个字"))
    return name


def _language(value: str) -> str:
    """Also as browsers name them: "zh-CN", "en-US"."""
    short = value.strip().lower().replace("_", "-").split("-")[0]
    found = {"zh": User.Language.CHINESE, "en": User.Language.ENGLISH}.get(short)
    if found is None:
        raise Invalid.field("language", _("语言应为 zh-hans 或 en"))
    return found.value


def _quiet_hours(value: list[str] | None) -> list[str] | None:
    if value is None:
        return None
    try:
        start, end = (time.fromisoformat(text) for text in value)
    except (ValueError, TypeError):
        start = end = time()
    if start == end or any(len(text) != len("22:00") for text in value):
        raise Invalid.field("quiet_hours", _('免打扰时段的格式是 ["22:00", "07:00"]'))
    return list(value)


def _muted_kinds(value: Collection[str]) -> list[str]:
    return list(dict.fromkeys(value))


_CLEANERS: dict[str, Callable[[Any], Any]] = {
    "display_name": _display_name,
    "language": _language,
    "quiet_hours": _quiet_hours,
    "muted_kinds": _muted_kinds,
}


def _set_duty(person: User, on_duty: bool) -> None:
    working = Membership.objects.active().filter(user=person).exclude(role__kind=Role.Kind.RESIDENT)
    if not working.update(on_duty=on_duty):
        raise Invalid.field("on_duty", _("只有工作人员可以设置在岗"))


def set_roles(*, actor: User, membership: Membership, roles: Collection[str]) -> Membership:
    """Make `roles` (slugs) the staff and manager roles that the membership's person holds in its community.

    Homes are bound and revoked one by one, so `resident` may be named only where the person is one, and leaving it out
    ends nothing. Returns the membership if it still stands, else another active one of the person there, else it.
    Raises Forbidden, Invalid, Conflict (not active; the last manager).
    """
    with transaction.atomic():
        membership, standing = hold_for_decision(actor, membership)
        _must_be_active(membership)
        wanted = _wanted_roles(membership, roles)
        working = Membership.objects.active().for_view().filter(user=membership.user, community=membership.community)
        held = {own.role_id: own for own in working.exclude(role__kind=Role.Kind.RESIDENT)}
        _refuse_self_promotion(standing, membership, [role for role in wanted if role.pk not in held])
        for role in wanted:
            if role.pk not in held:
                _add(membership, role, actor)
        for role_id, own in held.items():
            if role_id not in {role.pk for role in wanted}:
                memberships.must_take_away(standing, own)
                memberships.refuse_last_manager(own)
                memberships.end(own, actor=actor)
                binding_decided.send(sender=Membership, membership=own, actor=actor)
    return _standing_one(membership)


def _must_be_active(membership: Membership) -> None:
    if membership.status != Membership.Status.ACTIVE:
        raise Conflict(_("只能调整有效的人员"))


def _wanted_roles(membership: Membership, slugs: Collection[str]) -> list[Role]:
    found = {role.slug: role for role in Role.objects.filter(community=membership.community, slug__in=slugs)}
    unknown = sorted(set(slugs) - set(found))
    if unknown:
        raise Invalid.field("roles", _("没有这个角色：%(roles)s") % {"roles": "、".join(unknown)})
    homes = Membership.objects.active().filter(user=membership.user, community=membership.community)
    if RESIDENT in found and not homes.filter(role__kind=Role.Kind.RESIDENT).exists():
        raise Invalid.field("roles", _("业主需要绑定房屋，不能在这里添加"))
    return [role for role in found.values() if role.kind != Role.Kind.RESIDENT]


def _refuse_self_promotion(standing: Standing, membership: Membership, added: Collection[Role]) -> None:
    for role in added:
        if not may_hand_out(standing, role, membership.user):
            log.warning("role_refused", actor=str(standing.user.pk), person=str(membership.user_id), role=role.slug)
            raise Forbidden(_("您不能给出自己没有的权限"))


def _add(membership: Membership, role: Role, actor: User) -> None:
    """The same person, as known from the membership at hand, in one more role."""
    added = Membership(
        user=membership.user,
        community=membership.community,
        role=role,
        name=membership.name,
        phone=membership.phone,
    )
    memberships.start(added, decided_by=actor)
    record("role_given", actor=actor, community=added.community_id, person=added.user, subject=role.name)


def _standing_one(membership: Membership) -> Membership:
    own = Membership.objects.for_view().filter(user=membership.user, community=membership.community)
    return own.active().filter(pk=membership.pk).first() or own.active().first() or own.get(pk=membership.pk)


def set_permissions(*, actor: User, membership: Membership, permissions: Collection[str]) -> Membership:
    """Make `permissions` (among policies.GRANTABLE) what the person may do in the community beyond their roles' own.

    What a role gives anyway is not given a second time, so that it goes with the role. An actor gives and takes only
    what they hold. Raises Forbidden, Invalid, Conflict (not active).
    """
    unknown = sorted(set(permissions) - set(GRANTABLE))
    if unknown:
        raise Invalid.field("permissions", _("没有这个权限：%(names)s") % {"names": "、".join(unknown)})
    with transaction.atomic():
        membership, standing = hold_for_decision(actor, membership)
        _must_be_active(membership)
        direct = direct_permissions(membership.user, membership.community)
        held = set(direct.values_list("permission__codename", flat=True))
        wanted = set(permissions) - _of_roles(membership)
        _refuse_foreign(standing, membership, held ^ wanted)
        direct.filter(permission__codename__in=held - wanted).delete()
        for permission in wanted - held:
            assign_perm(permission, membership.user, membership.community)
        if held != wanted:
            words = " ".join(f"{'+' if name in wanted else '-'}{name}" for name in sorted(wanted ^ held))
            record(
                "permissions_set",
                actor=actor,
                community=membership.community_id,
                person=membership.user,
                detail=words,
            )
    log.info(
        "permissions_set",
        actor=str(actor.pk),
        person=str(membership.user_id),
        community=membership.community.slug,
        permissions=sorted(wanted),
        at=timezone.now().isoformat(),
    )
    return membership


def _of_roles(membership: Membership) -> set[str]:
    kinds = Membership.objects.active().filter(user=membership.user, community=membership.community)
    return {name for kind in kinds.values_list("role__kind", flat=True) for name in PERMISSIONS_OF_KIND[kind]}


def _refuse_foreign(standing: Standing, membership: Membership, changed: Collection[str]) -> None:
    lacking = sorted(name for name in changed if not standing.may(name, membership.community_id))
    if lacking:
        log.warning("permission_refused", actor=str(standing.user.pk), person=str(membership.user_id), names=lacking)
        raise Forbidden(_("您不能给出或收回自己没有的权限"))


def update_membership(
    *, actor: User, membership: Membership, roles: Collection[str] | None, permissions: Collection[str] | None
) -> Membership:
    """`set_roles` and `set_permissions` (None: unchanged), both or neither."""
    with transaction.atomic():
        membership, _standing = hold_for_decision(actor, membership)
        if roles is not None:
            membership = set_roles(actor=actor, membership=membership, roles=roles)
        if permissions is not None:
            membership = set_permissions(actor=actor, membership=membership, permissions=permissions)
    return membership
