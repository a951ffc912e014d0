"""Writing records, in the transaction of what they tell of; where from is taken from the request under way.

Refusals are bounded: the same one once in ten minutes, so many from one address and so many in all in an hour. Nobody
can fill the table with them.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime, timedelta
from ipaddress import ip_address
from typing import Any

import structlog
from django.conf import settings
from django.db import DatabaseError, InterfaceError, transaction
from django.http import HttpRequest
from django.utils import timezone

from accounts.models import Community, Membership, Record, User
from accounts.records import REFUSALS
from community_report.core.network import address_of

log = structlog.get_logger(__name__)

SAME_REFUSAL = timedelta(minutes=10)
REFUSALS_OF_AN_ADDRESS, REFUSALS_OF_ALL = 60, 3000  # an hour
PRUNE_AT_ONCE = 5000

_PHONE = re.compile(
    r"(?<![\w-])(\+?\d{1,4}[ -]?)?(1[3-9]\d)[ -]?\d{4}[ -]?(\d{4})(?!\d)|(?<!\w)(\+\d{4})\d{2,8}(\d{2})"
)


class Visit:
    """A request while it is answered: where it comes from, whether something was recorded of it, and for what it was
    refused where its answer does not say so (codes of `records.REFUSED_FOR`).
    """

    def __init__(self, request: HttpRequest) -> None:
        self.request = request
        self.recorded = False
        self.refused: list[str] = []


_visit: ContextVar[Visit | None] = ContextVar("visit", default=None)


@contextmanager
def visiting(request: HttpRequest) -> Iterator[Visit]:
    """What is recorded meanwhile comes from this request."""
    visit = Visit(request)
    token = _visit.set(visit)
    try:
        yield visit
    finally:
        _visit.reset(token)


def note_refusal(code: str) -> None:
    """The request under way is refused something; it is recorded once, when it has been answered."""
    visit = _visit.get()
    if visit is not None and code not in visit.refused:
        visit.refused.append(code)


def record(
    action: str,
    *,
    actor: User | None,
    community: Community | int | None = None,
    person: User | None = None,
    subject: str = "",
    detail: str = "",
) -> None:
    """Write one record. `action` is a word of `records.ACTIONS`; phone numbers in the words are masked here.

    `person` is whom it was done to. What people wrote themselves does not belong here: erasure could not reach it.

    Where no community is given it is the person's only one, if they have only one.
    """
    visit = _visit.get()
    row = Record(
        actor=actor,
        person=person,
        community_id=_community(community, actor),
        action=action,
        subject=masked(subject)[:200],
        detail=masked(detail)[:300],
        **(_whence(visit.request) if visit else {}),
    )
    if action in REFUSALS and _enough(row):
        return
    row.save()
    if visit:
        visit.recorded = True


def record_apart(action: str, *, actor: User | None, detail: str = "") -> None:
    """As `record`, in a transaction of its own; the answer to the person is never worse for it."""
    try:
        with transaction.atomic():
            record(action, actor=actor, detail=detail)
    except (DatabaseError, InterfaceError) as error:
        log.warning("not_recorded", action=action, error=type(error).__name__)


def masked(words: str) -> str:
    """The words with the middle of each phone number hidden: "139****0001"."""
    return _PHONE.sub(lambda m: f"{m[2]}****{m[3]}" if m[2] else f"{m[4]}****{m[5]}", words)


def _community(community: Community | int | None, actor: User | None) -> int | None:
    if community is not None:
        return community if isinstance(community, int) else community.pk
    if actor is None:
        return None
    own = Membership.objects.active().filter(user=actor).order_by().values_list("community", flat=True)
    only = list(own.distinct()[:2])
    return only[0] if len(only) == 1 else None


def _whence(request: HttpRequest) -> dict[str, Any]:
    return {"address": _address(request), "path": masked(f"{request.method} {request.path}")[:200]}


def _address(request: HttpRequest) -> str | None:
    try:
        return str(ip_address(address_of(request)))
    except ValueError:  # a Unix socket has none
        return None


def _enough(row: Record) -> bool:
    """Has this refusal been written already, or so many that more would tell nothing?"""
    refused = Record.objects.filter(action__in=REFUSALS).order_by()
    same = refused.filter(
        action=row.action, actor=row.actor, address=row.address, path=row.path, at__gte=row.at - SAME_REFUSAL
    )
    recent = refused.filter(at__gte=row.at - timedelta(hours=1))
    return (
        same.exists()
        or recent.filter(address=row.address)[:REFUSALS_OF_AN_ADDRESS].count() >= REFUSALS_OF_AN_ADDRESS
        or recent[:REFUSALS_OF_ALL].count() >= REFUSALS_OF_ALL
    )


def prune(now: datetime | None = None) -> int:
    """Remove what is older than RECORD_DAYS, a few thousand at a time; gives their number."""
    old = Record.objects.filter(at__lt=(now or timezone.now()) - timedelta(days=settings.RECORD_DAYS)).order_by("at")
    return Record.objects.filter(pk__in=list(old.values_list("pk", flat=True)[:PRUNE_AT_ONCE])).delete()[0]
