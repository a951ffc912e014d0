"""What reports have to say before somebody's binding ends, or their account is disabled."""

from collections import defaultdict
from collections.abc import Sequence

from django.utils.translation import ngettext

from accounts.models import Membership, Role, User
from community_report.core.admin_bulk import CONSEQUENCES
from reports.models import Report
from reports.services.leaving import given_back


def handed_over(decision: str, bindings: Sequence[Membership]) -> str:
    """How many of their reports the staff among them give back."""
    if decision != "revoke":
        return ""
    staff = defaultdict(list)
    for row in bindings:
        if row.role.kind == Role.Kind.STAFF and row.status == Membership.Status.ACTIVE:
            staff[row.community_id, row.user_id].append(row)
    held = Report.objects.held_by(user for _community, user in staff)
    holders = set(held.values_list("community", "claimed_by"))
    n = sum(given_back(rows).count() for person, rows in staff.items() if person in holders)
    said = ngettext(
        "他们手上有 %(n)d 条处理中的报单，解除后退回，重新通知别人",
        "他们手上有 %(n)d 条处理中的报单，解除后退回，重新通知别人",
        n,
    )
    return said % {"n": n} if n else ""


def all_given_back(deed: str, people: Sequence[User]) -> str:
    """How many reports they hold, all of which go back when they are disabled."""
    n = Report.objects.held_by(people).count() if deed == "disable" else 0
    said = ngettext(
        "他们手上有 %(n)d 条处理中的报单，停用后退回，重新通知别人",
        "他们手上有 %(n)d 条处理中的报单，停用后退回，重新通知别人",
        n,
    )
    return said % {"n": n} if n else ""


CONSEQUENCES["accounts.Membership"].append(handed_over)
CONSEQUENCES["accounts.User"].append(all_given_back)
