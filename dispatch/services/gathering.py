"""Too many new reports for one person in a minute: the first go out one by one, what comes on top in one message.

Every report keeps its delivery row. Those on top wait a moment as `gathered`, go out together as one message that leads
to the list of work, and are `sent` with it: `leader` names the row that it went out as.
"""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import connection
from django.db.models import Q, QuerySet

from dispatch.kinds import Kind
from dispatch.models import Delivery

MINUTE = timedelta(minutes=1)
#: How long the first on top waits for others.
COLLECT = timedelta(seconds=3)


def groups_of(rows: Iterable[Delivery], now: datetime) -> list[list[Delivery]]:
    """The rows (locked by this transaction) that go out now, by message, the leader first.

    The others have got a later `due_at` and are marked; the caller saves them.
    """
    rows = list(rows)
    limit = settings.PUSH_GATHER_PER_MINUTE
    groups = [[row] for row in rows if row.kind != Kind.NEW_REPORT or not limit]
    by_person: dict[UUID, list[Delivery]] = defaultdict(list)
    if limit:
        for row in rows:
            if row.kind == Kind.NEW_REPORT:
                by_person[row.user_id].append(row)
    for person in sorted(by_person):  # one order for everybody: no deadlock
        groups += _groups_of_person(person, by_person[person], limit, now)
    return groups


def _groups_of_person(person: UUID, rows: list[Delivery], limit: int, now: datetime) -> list[list[Delivery]]:
    _one_at_a_time(person)
    recent = _recent_messages(person, now)
    gathered_at = max((at or now for gathered, at in recent if gathered), default=None)
    groups = []
    if any(row.gathered for row in rows):
        groups.append(_everything_waiting(person, rows, now))
        gathered_at = now
    room = max(0, limit - len(recent) - len(groups))
    fresh = [row for row in rows if not row.gathered]
    for row in fresh[room:]:
        row.gathered = True
        row.due_at = gathered_at + MINUTE if gathered_at else now + COLLECT
    return groups + [[row] for row in fresh[:room]]


def _one_at_a_time(person: UUID) -> None:
    """Two workers counting at once would each find room. Held until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"push:{person}"])


def _recent_messages(person: UUID, now: datetime) -> list[tuple[bool, datetime | None]]:
    """(was it a gathered one, when it was sent) for every message of the last minute, those under way included."""
    under_way = Q(status=Delivery.Status.PENDING, leased_until__gt=now)
    return list(
        Delivery.objects.filter(
            under_way | Q(sent_at__gt=now - MINUTE), user=person, kind=Kind.NEW_REPORT, leader=None
        ).values_list("gathered", "sent_at")
    )


def _everything_waiting(person: UUID, rows: list[Delivery], now: datetime) -> list[Delivery]:
    """The rows at hand that wait, and those of this person that are not due yet."""
    mine = sorted((row for row in rows if row.gathered), key=lambda row: (row.created_at, row.pk))
    others = _free(person, now).exclude(pk__in=[row.pk for row in rows])
    return mine + list(others.order_by("created_at", "pk"))


def _free(person: UUID, now: datetime) -> "QuerySet[Delivery]":
    return Delivery.objects.select_for_update(skip_locked=True, of=("self",)).filter(
        Q(leased_until=None) | Q(leased_until__lt=now),
        user=person,
        kind=Kind.NEW_REPORT,
        status=Delivery.Status.PENDING,
        gathered=True,
    )
