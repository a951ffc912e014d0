"""Whether what a message says is still so: the one rule for everything that is sent again, by hand or by itself."""

from collections.abc import Mapping
from datetime import datetime

from django.db.models import Q

from accounts.models import Membership
from dispatch.kinds import Kind
from reports.states import OPEN, Status

_WORKED_ON = frozenset({Status.SUBMITTED, Status.CLAIMED})
#: In which states of its report a message of a kind is still true.
TRUE_IN: Mapping[str, frozenset[Status]] = {
    Kind.NEW_REPORT: frozenset({Status.SUBMITTED}),
    Kind.BOARD_POST: frozenset({Status.SUBMITTED}),
    Kind.UNCLAIMED: frozenset({Status.SUBMITTED}),
    Kind.IGNORED: frozenset({Status.SUBMITTED}),
    Kind.URGED: _WORKED_ON,
    Kind.OVERDUE: _WORKED_ON,
    Kind.REOPENED: _WORKED_ON,
    Kind.RELEASED: _WORKED_ON,
    Kind.CLAIMED: frozenset({Status.CLAIMED}),
    Kind.ASSIGNED: frozenset({Status.CLAIMED}),
    Kind.PROGRESS: OPEN,
    Kind.RESOLVED: frozenset({Status.RESOLVED}),
    Kind.CLOSED: frozenset({Status.CLOSED, Status.WITHDRAWN}),
    Kind.RATED: frozenset({Status.CLOSED}),
    Kind.DISMISSED: frozenset({Status.DISMISSED}),
    Kind.MERGED: frozenset({Status.MERGED}),
}


def no_longer_true(now: datetime, told: str = "") -> Q:
    """Of deliveries: a notice that is over, a binding that was decided, a report that has gone on.

    `told` leads to what was told, where a row does not hold it itself: "outbox__" of robots' posts.
    """
    over = Q((f"{told}notice__withdrawn_at__isnull", False)) | Q((f"{told}notice__expires_at__lte", now))
    over |= Q((f"{told}kind", Kind.BINDING_PENDING)) & ~Q(outbox__membership__status=Membership.Status.PENDING)
    for kind, states in TRUE_IN.items():
        over |= Q((f"{told}kind", kind), (f"{told}report__isnull", False)) & ~Q((f"{told}report__status__in", states))
    return over
