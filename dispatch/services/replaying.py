"""Messages to the callback that failed by a fault of ours: done again by the sweep, a few times, then left to a person.

They were stored and answered, so WeChat does not send them again.
"""

from datetime import datetime, timedelta

import structlog
from django.db import InterfaceError, OperationalError, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from accounts.models import User
from community_report.wechat.inbound import from_raw
from dispatch.models import InboundMessage
from reports.models import Draft

from . import outbox
from .inbound import MALFORMED, handle, problem_of

log = structlog.get_logger(__name__)

#: How old a message is at least when it is tried again, attempt by attempt.
AGES = [timedelta(0), timedelta(minutes=2), timedelta(minutes=10), timedelta(hours=1), timedelta(hours=6)]
LIMIT = 100


def failed() -> QuerySet[InboundMessage]:
    """What could be read and was not dealt with. Of who was erased meanwhile nothing is left to do."""
    return InboundMessage.objects.filter(handled_at=None).exclude(error="").exclude(payload={})


def quarantined() -> QuerySet[InboundMessage]:
    """What nobody tries again by itself: too many attempts, or not to be read at all."""
    return failed().filter(Q(attempts__gte=len(AGES)) | Q(kind=MALFORMED))


def replay_due(now: datetime) -> None:
    """Try again whatever it is time for, the oldest first."""
    waiting = Q()
    for attempts, age in enumerate(AGES):
        waiting |= Q(attempts=attempts, received_at__lte=now - age)
    rows = failed().filter(waiting).exclude(kind=MALFORMED).order_by("id")
    for pk in list(rows.values_list("pk", flat=True)[:LIMIT]):
        replay(pk)


def replay(pk: int) -> bool:
    """One more attempt; was it dealt with? Whoever wrote is told of the outcome: the passive reply is long gone."""
    with transaction.atomic():
        row = failed().exclude(kind=MALFORMED).select_for_update(skip_locked=True).filter(pk=pk).first()
        if row is None:
            return False
        row.error = _problem(row)
        row.attempts += 1
        row.handled_at = None if row.error else timezone.now()
        row.save(update_fields=["error", "attempts", "handled_at"])
        if row.handled_at or row.attempts == len(AGES):
            _tell(row)
        return row.handled_at is not None


def release(rows: QuerySet[InboundMessage]) -> int:
    """An operator's wish: try these again now, whatever they have been through; gives how many were dealt with."""
    return sum(replay(pk) for pk in list(rows.values_list("pk", flat=True)))


def set_aside(rows: QuerySet[InboundMessage]) -> int:
    """Dealt with by hand, or not worth it: nobody is reminded of them any more; gives how many."""
    return rows.filter(pk__in=failed()).update(handled_at=timezone.now())


def _problem(row: InboundMessage) -> str:
    """Do what the message asks for; what went wrong this time, "" for nothing."""
    try:
        with transaction.atomic():
            handle(from_raw(row.payload))
    except (OperationalError, InterfaceError):
        raise  # the database's fault, not the message's: the next sweep tries again
    except Exception as error:
        log.exception("inbound_failed_again", inbound=row.pk, attempts=row.attempts + 1)
        return problem_of(error)
    return ""


def _tell(row: InboundMessage) -> None:
    """Events are nobody's words; and who has no draft had nothing to be made into one."""
    if row.kind == "event":
        return
    person = User.objects.filter(openid=row.openid).first()
    draft = Draft.objects.filter(owner=person, ended_at=None).order_by("-touched_at").first() if person else None
    if person and row.error:
        outbox.tell_message("message_failed", row, person, None)
    elif person and draft:
        outbox.tell_message("message_drafted", row, person, draft)
