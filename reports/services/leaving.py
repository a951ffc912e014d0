"""What a person gives back when roles of theirs end: the receivers do it, the back office says it beforehand."""

from collections.abc import Sequence
from typing import Any

from django.db.models import Exists, OuterRef

from accounts.models import Membership, Role
from reports.models import Report
from reports.querysets import ReportQuerySet


def held_there(membership: Membership) -> ReportQuerySet:
    """What this person is working on in this community."""
    return Report.objects.held_by([membership.user_id]).filter(community=membership.community_id)


def given_back(ended: Sequence[Membership]) -> ReportQuerySet:
    """Of what they hold, what goes back when these staff roles of one person in one community have ended: all of it
    where no other staff role is left, else what these roles reached and none that is left does.
    """
    first = ended[0]
    staff = Membership.objects.active().filter(role__kind=Role.Kind.STAFF)
    left = staff.filter(user=first.user_id, community=first.community_id).exclude(pk__in=[row.pk for row in ended])
    held = held_there(first)
    if not left.exists():
        return held
    return held.filter(_reached_by([row.role_id for row in ended]), ~_reached_by(left.values("role")))


def _reached_by(roles: Any) -> Exists:
    return Exists(Report.tags.through.objects.filter(report=OuterRef("pk"), tag__roles__in=roles))
