"""What reports have to say before somebody's binding ends."""

from collections.abc import Sequence

from django.utils.translation import ngettext

from accounts.admin_bindings import CONSEQUENCES
from accounts.models import Membership, Role
from reports.models import Report
from reports.states import Status


def handed_over(decision: str, bindings: Sequence[Membership]) -> str:
    """How many reports the staff among them hold: who is not staff for them any more gives them back."""
    if decision != "revoke":
        return ""
    staff = {(row.community_id, row.user_id) for row in bindings if row.role.kind == Role.Kind.STAFF}
    held = Report.objects.filter(status=Status.CLAIMED, claimed_by__in={user for _community, user in staff})
    n = sum(pair in staff for pair in held.values_list("community", "claimed_by"))
    said = ngettext(
        "他们手上有 %(n)d 条处理中的报单，解除后退回，重新通知别人",
        "他们手上有 %(n)d 条处理中的报单，解除后退回，重新通知别人",
        n,
    )
    return said % {"n": n} if n else ""


CONSEQUENCES.append(handed_over)
