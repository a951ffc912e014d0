"""A home's family: who is bound by the roster or by a manager adds the others, without asking the property."""

from datetime import timedelta

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Invitation, Membership, Role, User
from accounts.services import memberships
from accounts.signals import binding_decided, binding_made
from community_report.core import throttle
from community_report.core.errors import Conflict, Forbidden, Gone

#: Of one home, family members and open invitations together.
MAX_FAMILY = 10
LIFE = timedelta(hours=72)


def may_add_family(actor: User, membership: Membership) -> bool:
    """Is it the actor's own active binding to a home, and not itself one that family added?"""
    own = membership.user_id == actor.pk and membership.status == Membership.Status.ACTIVE
    return own and membership.home_id is not None and not membership.family


def invite_family(*, actor: User, membership: Membership) -> Invitation:
    """A single-use invitation to the home of the actor's own `membership`, for three days.

    Raises Forbidden (family does not add family), Conflict (enough people), Throttled.
    """
    throttle.check("invite-family", str(actor.pk), limit=10, seconds=3600)
    with transaction.atomic():
        memberships.hold_person(actor)
        membership.refresh_from_db()
        if not may_add_family(actor, membership):
            raise Forbidden(_("只有户主能添加家人，请让户主来加"))
        if family_of(membership).count() + open_invitations(membership).count() >= MAX_FAMILY:
            raise Conflict(_("这套房屋已经有 %(max)d 位家人，再多请联系物业") % {"max": MAX_FAMILY})
        return Invitation.objects.create(
            community=membership.community,
            role=Role.objects.get(community=membership.community, kind=Role.Kind.RESIDENT),
            home=membership.home,
            expires_at=timezone.now() + LIFE,
            created_by=actor,
        )


def family_of(membership: Membership) -> QuerySet[Membership]:
    """Whom family added to this binding's home."""
    return Membership.objects.active().filter(home=membership.home_id, family=True).select_related("user")


def open_invitations(membership: Membership) -> QuerySet[Invitation]:
    """Of this home, not used and not over; the newest first."""
    waiting = Invitation.objects.filter(home=membership.home_id, used_at=None, expires_at__gt=timezone.now())
    return waiting.order_by("-created_at")


def join(membership: Membership, invitation: Invitation) -> None:
    """The invited person lives there from now on: told to the home's others, and new to the managers for a week.

    Raises Gone when who invited is bound to the home no longer.
    """
    home, host = invitation.home, invitation.created_by
    inviters = Membership.objects.active().filter(user=host, home=home, family=False)
    if host is None or not inviters.exists():
        raise Gone(_("邀请您的人已经不住在这里，请联系物业"), code="invite_expired")
    membership.home, membership.family = home, True
    memberships.start(membership, decided_by=host, automatic=True)
    others = User.objects.filter(memberships__in=Membership.objects.active().filter(home=home))
    housemates = list(others.exclude(pk=membership.user_id).distinct())
    binding_made.send(sender=Membership, membership=membership, housemates=housemates)


def remove_family(*, actor: User, membership: Membership, member: Membership) -> None:
    """Who may add family takes a member of it away again; they are told. Raises Forbidden."""
    with transaction.atomic():
        memberships.hold_person(actor)
        held = family_of(membership).select_for_update(of=("self",)).filter(pk=member.pk).first()
        if not may_add_family(actor, membership) or held is None:
            raise Forbidden(_("您不能移除这位家人"))
        memberships.end(held, actor=actor)
        binding_decided.send(sender=Membership, membership=held, actor=actor)


def cancel_invitation(*, actor: User, membership: Membership, code: str) -> None:
    """An invitation of this home that nobody has used is taken back."""
    if may_add_family(actor, membership):
        open_invitations(membership).filter(code=code).update(expires_at=timezone.now())
