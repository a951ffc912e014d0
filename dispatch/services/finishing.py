"""The end of a template message as WeChat reports it: delivered, blocked by the person, or failed on WeChat's side.

The event can come before we have written down the message's id. So it is looked for twice on either side: when it
comes and once it is committed, and again after the ids of a wave are committed.
https://developers.weixin.qq.com/doc/service/api/notify/template (TEMPLATESENDJOBFINISH)
"""

from collections.abc import Iterable
from datetime import timedelta

import structlog
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from community_report.wechat.errors import ErrorKind, kind_of_finish_status
from dispatch.models import Delivery, InboundMessage

from .leasing import Shipment
from .outcomes import Accepted, Outcome, hand_over
from .rows import save

log = structlog.get_logger(__name__)

#: The event's name.
FINISHED = "templatesendjobfinish"
USER_BLOCK, SYSTEM_FAILED = "user block", "system failed"
#: How often a message that WeChat took and lost is sent again by the same channel.
MAX_RESENDS = 3
_SAVED = [
    "status", "tried", "code", "due_at", "message_id", "sent_at", "resends", "leader", "first_failed_at", "failed_at",
]  # fmt: skip
#: An event can only have overtaken us while we were waiting for the answer.
_OVERTAKEN_WITHIN = timedelta(minutes=1)


def finish_template(message_id: str, status: str) -> None:
    """What WeChat says of the message that it took as `message_id`; unknown ids and repetitions change nothing."""
    if not message_id or _finish(message_id, status):
        return
    # Not known yet, perhaps: whoever is writing it down looks for our event once it is committed, and so do we.
    transaction.on_commit(lambda: _finish(message_id, status), robust=True)


def is_success(status: str) -> bool:
    return kind_of_finish_status(status) is None


def _finish(message_id: str, status: str) -> bool:
    """Is the message known, and not finished before?"""
    sent = Delivery.objects.filter(message_id=message_id, status=Delivery.Status.SENT)
    kind = kind_of_finish_status(status)
    if kind is None:
        return bool(sent.update(status=Delivery.Status.DELIVERED, delivered_at=timezone.now()))
    return _failed(sent, kind, status)


@transaction.atomic
def _failed(sent: "QuerySet[Delivery]", kind: ErrorKind, status: str) -> bool:
    rows = list(sent.select_for_update().order_by("pk"))
    for row in rows:
        _try_again(row, kind, status)
    save(rows, _SAVED)
    return bool(rows)


def _try_again(row: Delivery, kind: ErrorKind, status: str) -> None:
    """By the same channel where the fault was WeChat's, else by the next one."""
    now = timezone.now()
    log.info("template_not_delivered", delivery=str(row.pk), status=status)
    row.status, row.sent_at, row.leader_id, row.message_id = Delivery.Status.PENDING, None, None, ""
    row.resends += 1
    if kind is ErrorKind.TRANSIENT and row.resends <= MAX_RESENDS:
        row.code, row.due_at = SYSTEM_FAILED, now + timedelta(seconds=5 * row.resends)
        return
    hand_over(row, USER_BLOCK if kind is ErrorKind.NOT_THIS_WAY else status[:60], now, last=False)


def apply_early_finishes(results: Iterable[tuple[Shipment, Outcome]]) -> None:
    """After the ids are committed: the events about them that came first."""
    openids = {
        outcome.message_id: shipment.message.openid
        for shipment, outcome in results
        if isinstance(outcome, Accepted) and outcome.message_id
    }
    if not openids:
        return
    events = InboundMessage.objects.filter(
        openid__in=set(openids.values()),
        event=FINISHED,
        received_at__gt=timezone.now() - _OVERTAKEN_WITHIN,
    )
    for payload in events.values_list("payload", flat=True):
        message_id = str(payload.get("MsgID") or payload.get("MsgId") or "")
        if message_id in openids:
            _finish(message_id, str(payload.get("Status", "")))
