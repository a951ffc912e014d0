"""A membership starts or ends, and groups and permissions follow: inside the caller's transaction."""

from django.contrib.contenttypes.models import ContentType
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from guardian.models import UserObjectPermission

from accounts.models import Community, Membership, Role, User
from accounts.policies import Standing, may_hand_out, require, standing_of
from accounts.signals import membership_ended
from community_report.core.errors import Conflict, Forbidden, NotFound

Status = Membership.Status


def hold_person(person: User) -> User:
    """Wait for, and hold, a person's row: what one person does to their bindings happens one after another."""
    held = User.objects.select_for_update(no_key=True).filter(pk=person.pk, is_active=True).first()
    if held is None:
        raise NotFound(_("没有找到这个人"))
    return held


def hold_for_decision(actor: User, membership: Membership) -> tuple[Membership, Standing]:
    """The membership as it now is, held with its community's people; the actor may manage them.

    Decisions in one community happen one after another: else two managers could remove each other at once. Raises
    NotBound, Forbidden.
    """
    # Not the full row lock: reports that are filed meanwhile refer to this row and must not wait.
    community = Community.objects.select_for_update(no_key=True).get(pk=membership.community_id)
    standing = standing_of(actor)
    require(standing, "manage_people", community)
    User.objects.select_for_update(no_key=True).get(pk=membership.user_id)
    held = Membership.objects.select_for_update(of=("self",)).for_view().get(pk=membership.pk)
    return held, standing


def start(membership: Membership, *, decided_by: User | None, automatic: bool = False) -> None:
    """Active from now on: saves it, and the person joins the role's group."""
    membership.status = Status.ACTIVE
    membership.automatic = automatic
    membership.decided_at = timezone.now()
    membership.decided_by = decided_by
    membership.on_duty = True
    membership.save()
    membership.user.groups.add(membership.role.group)
    person = membership.user
    person.display_name = person.display_name or membership.name
    person.phone = membership.phone or person.phone
    person.save(update_fields=["display_name", "phone"])


def end(membership: Membership, *, actor: User | None, reason: str = "") -> None:
    """Active no longer: the group goes with the last membership of the role, direct permissions with the last work.

    Announces `membership_ended`.
    """
    membership.status = Status.REVOKED
    membership.decided_at = timezone.now()
    membership.decided_by = actor
    membership.reason = reason
    membership.save(update_fields=["status", "decided_at", "decided_by", "reason"])
    left = Membership.objects.active().filter(user=membership.user_id, community=membership.community_id)
    if not left.filter(role=membership.role_id).exists():
        membership.user.groups.remove(membership.role.group)
    if not left.exclude(role__kind=Role.Kind.RESIDENT).exists():
        direct_permissions(membership.user, membership.community).delete()
    membership_ended.send(sender=Membership, membership=membership, actor=actor)


def direct_permissions(user: User, community: Community) -> QuerySet[UserObjectPermission]:
    """What a manager gave this person beyond the roles' own."""
    return UserObjectPermission.objects.filter(
        user=user, content_type=ContentType.objects.get_for_model(Community), object_pk=str(community.pk)
    )


def must_take_away(standing: Standing, membership: Membership) -> None:
    """Who manages is taken away by who manages in full, as it is given. Raises Forbidden."""
    if membership.user_id != standing.user.pk and not may_hand_out(standing, membership.role, None):
        raise Forbidden(_("只有管理人员才能移出管理人员"))


def refuse_last_manager(membership: Membership) -> None:
    """No manager's hand takes away a community's last manager: another has to be there first. Raises Conflict."""
    if membership.role.kind != Role.Kind.MANAGER or membership.status != Status.ACTIVE:
        return
    others = Membership.objects.active().filter(community=membership.community_id, role__kind=Role.Kind.MANAGER)
    if not others.exclude(user=membership.user_id).exists():
        raise Conflict(_("这是小区最后一位管理人员，请先添加另一位"))
