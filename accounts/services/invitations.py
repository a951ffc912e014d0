"""Single-use invitations to a role."""

from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Community, Invitation, Role, User
from accounts.policies import may_hand_out, require, standing_of
from accounts.services.recording import record
from community_report.core.errors import Forbidden, Gone, Invalid, NotFound

MAX_HOURS = 720


def create_invitation(*, actor: User | None, community: Community, role: str, expires_hours: int = 72) -> Invitation:
    """An invitation to the role of this slug; `actor` None is the command line. Residents bind by their home instead.

    Raises NotBound, Forbidden (also for the manager role where the actor does not hold all of it), Invalid.
    """
    if actor is not None:
        require(standing_of(actor), "manage_people", community)
    found = Role.objects.filter(community=community, slug=role).exclude(kind=Role.Kind.RESIDENT).first()
    if found is None:
        raise Invalid.field("role", _("请选择工作人员或管理人员的角色"))
    if actor is not None and not may_hand_out(standing_of(actor), found, None):
        raise Forbidden(_("您不能给出自己没有的权限"))
    if not 1 <= expires_hours <= MAX_HOURS:
        raise Invalid.field("expires_hours", _("有效期应为 1 到 720 小时"))
    with transaction.atomic():
        record("invited", actor=actor, community=community, subject=found.name)
        return Invitation.objects.create(
            community=community,
            role=found,
            expires_at=timezone.now() + timedelta(hours=expires_hours),
            created_by=actor,
        )


def withdraw_invitation(*, actor: User, code: str) -> None:
    """What nobody has used yet serves nobody any more; a second time changes nothing.

    Raises NotFound (also where the actor does not manage the people), Gone (`invite_used`).
    """
    with transaction.atomic():
        invitation = Invitation.objects.select_for_update(of=("self",)).filter(code=code, home=None).first()
        if invitation is None or not standing_of(actor).may("manage_people", invitation.community_id):
            raise NotFound(_("没有这个邀请码"))
        if invitation.used_at is not None:
            raise Gone(_("这个邀请码已经用过"), code="invite_used")
        if invitation.expires_at > (now := timezone.now()):
            Invitation.objects.filter(pk=invitation.pk).update(expires_at=now)
            record("invitation_withdrawn", actor=actor, community=invitation.community, subject=invitation.role.name)


def invitation_url(invitation: Invitation) -> str:
    """The page where the invited person binds."""
    return f"{settings.PUBLIC_BASE_URL}/h5/bind?invite={invitation.code}"


def invitation_qr_url(invitation: Invitation) -> str:
    """A picture of the invitation's QR code, for the managers of its community."""
    return f"{settings.PUBLIC_BASE_URL}/h5/invitations/{invitation.code}.svg"
