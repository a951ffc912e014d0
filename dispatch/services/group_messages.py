"""Notices as group messages: who shares the words goes into lists of 2 to 10,000, each sent by one call.

A list, once made, is what its `clientmsgid` stands for: WeChat sends it at most once, however often we ask (45065).
Whoever fits into no list (four a month used up, the only one with these words) is told by the ordinary chain, and so
is everybody of a list that WeChat refuses. Of a finished list WeChat tells numbers, not names: all of them were
reached, or nobody was, or the rows stay `sent`.
https://developers.weixin.qq.com/doc/service/api/notify/mass
"""

import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from math import ceil
from uuid import UUID

import structlog
from django.conf import settings
from django.db import connection, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from community_report.wechat.client import MASS_RECIPIENTS, get_client
from community_report.wechat.errors import ErrorKind, WeChatError
from dispatch.channel_names import MASS
from dispatch.channels.text import linked
from dispatch.models import Delivery, GroupMessage, InboundMessage
from notices.group_messages import PER_MONTH, count_sent, sent_this_month

from . import troubles
from .leasing import LEASE, desk_for, may_go
from .outcomes import GIVE_UP_AFTER, Accepted, Outcome, code_of, only_waiting_helps, pause_after
from .rows import save

log = structlog.get_logger(__name__)

#: People looked at in one statement.
BATCH = 1000
#: WeChat takes sixty a minute; what is left comes with the next pulse.
LISTS_AT_ONCE = 20
#: A list waits no longer than this for its next try: there are few, and one WeChat that is back must be noticed.
LONGEST_PAUSE = 20.0
#: No list is begun after so many seconds: the task's soft limit is 22.
BEGIN_WITHIN = 5.0
#: WeChat's own code for it.
QUOTA_USED = "45028"
_EVENT = "masssendjobfinish"
_SAVED = ["status", "code", "due_at", "leased_until", "channel", "tried"]
#: A list that nobody has asked WeChat for yet is looked through again when it is older than this.
FRESH = timedelta(minutes=1)
_PENDING = Delivery.Status.PENDING


def waiting(now: datetime) -> bool:
    """Is there anything for `work`?"""
    return _unlisted(now).exists() or _due(now).exists() or _finished().exists()


def work(now: datetime) -> None:
    """Make lists of what is due, send those that are due until WeChat is found silent, settle the finished ones."""
    for outbox_id in list(_unlisted(now).order_by("outbox").values_list("outbox", flat=True).distinct()):
        make_lists(outbox_id, now)
    end = time.monotonic() + BEGIN_WITHIN
    for pk in list(_due(timezone.now()).order_by("due_at").values_list("pk", flat=True)[:LISTS_AT_ONCE]):
        if time.monotonic() > end or not send_list(pk):
            break
    for pk in list(_finished().values_list("pk", flat=True)):
        settle_list(pk)


def _unlisted(now: datetime) -> "QuerySet[Delivery]":
    return Delivery.objects.filter(status=_PENDING, channel=MASS, group_message=None, due_at__lte=now)


def _finished() -> "QuerySet[GroupMessage]":
    return GroupMessage.objects.filter(settled_at=None).exclude(result={})


def _due(now: datetime) -> "QuerySet[GroupMessage]":
    free = Q(leased_until=None) | Q(leased_until__lt=now)
    return GroupMessage.objects.filter(free, status=GroupMessage.Status.PENDING, due_at__lte=now)


@transaction.atomic
def make_lists(outbox_id: int, now: datetime) -> None:
    """Put everybody of one notice who is due into a list, or leave them to the ordinary chain."""
    with connection.cursor() as cursor:  # two at once would each count what the other has not written down yet
        cursor.execute("SELECT pg_try_advisory_xact_lock(hashtextextended('dispatch:mass', 0))")
        if cursor.fetchone() != (True,):
            return
    due = _unlisted(now).filter(outbox=outbox_id)
    by_text: dict[str, list[UUID]] = defaultdict(list)
    for keys in batched(list(due.order_by("pk").values_list("pk", flat=True)), BATCH):
        for row in _fit(keys, now):
            by_text[row.text].append(row.pk)
    for text, keys in by_text.items():
        for people in balanced(keys, MASS_RECIPIENTS.stop - 1):
            _make_list(outbox_id, text, people, now)


def _fit(keys: Sequence[UUID], now: datetime, own: GroupMessage | None = None) -> Iterator[Delivery]:
    """Those of `keys` that a group message can be sent to now; the others are skipped, held back, or handed over.

    `own`: the list that they are in already.
    """
    rows = list(
        Delivery.objects.select_for_update(of=("self",))
        .filter(pk__in=keys, status=_PENDING, channel=MASS)
        .select_related("user__contact", "community", "notice", "report__category", "outbox")
    )
    desk = desk_for(rows)
    had = _had([row.user_id for row in rows], now, own)
    for row in rows:
        if may_go(row, desk, now):
            if had.get(row.user_id, 0) < PER_MONTH:
                yield row
            else:
                row.channel, row.code, row.tried = "", QUOTA_USED, [*row.tried, MASS]
        elif row.status == Delivery.Status.SKIPPED:
            row.channel = ""
    save(rows, _SAVED)


def _had(people: list[UUID], now: datetime, own: GroupMessage | None) -> dict[UUID, int]:
    """How many of this month each has had, those on their way included, but for `own`."""
    had = sent_this_month(people, now)
    on_their_way = Delivery.objects.filter(user__in=people, status=_PENDING, group_message__isnull=False)
    if own is not None:
        on_their_way = on_their_way.exclude(group_message=own)
    for person in on_their_way.values_list("user_id", flat=True):
        had[person] = had.get(person, 0) + 1
    return had


def _make_list(outbox_id: int, text: str, keys: Sequence[UUID], now: datetime) -> None:
    rows = Delivery.objects.filter(pk__in=keys)
    if len(keys) not in MASS_RECIPIENTS:
        rows.update(channel="", tried=[MASS])  # WeChat takes no list of one (40130)
        return
    path = rows.values_list("path", flat=True)[0]
    made = GroupMessage.objects.create(outbox_id=outbox_id, text=text, path=path, people=len(keys), due_at=now)
    for batch in batched(keys, BATCH):
        Delivery.objects.filter(pk__in=batch).update(group_message=made)


def balanced(items: Sequence[UUID], most: int) -> Iterator[Sequence[UUID]]:
    """As few pieces of at most `most` as can be, whose sizes differ by one at most."""
    pieces = ceil(len(items) / most)
    size, longer = divmod(len(items), pieces)
    start = 0
    for number in range(pieces):
        end = start + size + (number < longer)
        yield items[start:end]
        start = end


def batched(items: Sequence[UUID], size: int) -> Iterator[Sequence[UUID]]:
    return (items[start : start + size] for start in range(0, len(items), size))


def send_list(pk: UUID) -> bool:
    """Lease one list, call WeChat outside of any transaction, and write down the answer; False when none came."""
    leased = _lease(pk)
    if leased is None:
        return True
    message, openids = leased
    try:
        content = linked(message.text, settings.PUBLIC_BASE_URL + message.path)
        outcome: Outcome = Accepted(get_client().mass_send_text(openids, content, clientmsgid=message.pk.hex))
    except WeChatError as error:
        log.info("group_message_not_sent", group_message=str(pk), error=str(error))
        outcome = error
    record(message, outcome)
    return isinstance(outcome, Accepted) or not only_waiting_helps(outcome)


@transaction.atomic
def _lease(pk: UUID) -> tuple[GroupMessage, list[str]] | None:
    now = timezone.now()
    free = _due(now).select_for_update(skip_locked=True, of=("self",)).select_related("outbox__notice")
    message = free.filter(pk=pk).first()
    if message is None:
        return None
    notice = message.outbox.notice
    if ended := notice.ended(now) if notice else "withdrawn":
        message.deliveries.filter(status=_PENDING).update(status=Delivery.Status.SKIPPED, code=ended)
    elif not message.attempts and now - message.created_at > FRESH:
        _look_again(message, now)
    found = _waiting(message).order_by("pk").values_list("user__openid", flat=True)
    openids = [openid for openid in found if openid]
    if len(openids) not in MASS_RECIPIENTS:
        _give_up(message, "withdrawn" if not openids else "too_few")
        return None
    message.attempts, message.leased_until = message.attempts + 1, now + LEASE
    message.save(update_fields=["attempts", "leased_until"])
    return message, openids


def _look_again(message: GroupMessage, now: datetime) -> None:
    """Who sleeps by now, or does not want it any more, leaves the list; once asked for, a list stays what it is."""
    for keys in batched(list(_waiting(message).order_by("pk").values_list("pk", flat=True)), BATCH):
        stay = {row.pk for row in _fit(keys, now, message)}
        left = message.deliveries.filter(pk__in=set(keys) - stay)
        left.update(group_message=None)
    message.people = _waiting(message).count()
    message.save(update_fields=["people"])


def _waiting(message: GroupMessage) -> "QuerySet[Delivery]":
    return message.deliveries.filter(status=_PENDING)


@transaction.atomic
def record(leased: GroupMessage, outcome: Outcome) -> None:
    """What became of a leased list; nothing when its lease ran out and another has it now."""
    now = timezone.now()
    ours = GroupMessage.objects.select_for_update().filter(pk=leased.pk, leased_until=leased.leased_until)
    message = ours.filter(status=GroupMessage.Status.PENDING).first()
    if message is None:
        return
    message.leased_until = None
    if isinstance(outcome, Accepted):
        _accepted(message, outcome, now)
    elif only_waiting_helps(outcome) and now - (message.first_failed_at or now) < GIVE_UP_AFTER:
        _wait(message, outcome, now)
    else:
        _give_up(message, code_of(outcome))
        _note(outcome, now)
    if isinstance(outcome, Accepted) or not only_waiting_helps(outcome):
        troubles.silence_is_over(now)


def _accepted(message: GroupMessage, outcome: Accepted, now: datetime) -> None:
    people = list(_waiting(message).order_by("user").values_list("user_id", flat=True))
    _waiting(message).update(status=Delivery.Status.SENT, code="", sent_at=now, attempts=message.attempts)
    count_sent(people, now)
    message.status, message.code, message.sent_at = GroupMessage.Status.SENT, "", now
    message.message_id = outcome.message_id
    message.result = _early_result(message)
    message.save()
    troubles.works({f"{MASS}:notice"})


def _wait(message: GroupMessage, error: WeChatError, now: datetime) -> None:
    message.first_failed_at = message.first_failed_at or now
    pause = min(pause_after(now - message.first_failed_at, error.code), LONGEST_PAUSE)
    message.code, message.due_at = code_of(error), now + timedelta(seconds=pause)
    message.save()
    troubles.note_silence(error, now)


def _give_up(message: GroupMessage, code: str) -> None:
    """Everybody of the list by the ordinary chain, now."""
    _hand_over(message, code, _PENDING)
    message.status, message.code, message.leased_until = GroupMessage.Status.FAILED, code, None
    message.save()


def _hand_over(message: GroupMessage, code: str, status: str) -> None:
    """Of the rows with this status. None of them has tried another channel before."""
    message.deliveries.filter(status=status).update(
        status=_PENDING, channel="", tried=[MASS], code=code, sent_at=None, due_at=timezone.now(), group_message=None
    )


def _note(error: WeChatError, now: datetime) -> None:
    if error.kind in (ErrorKind.QUOTA, ErrorKind.ACCOUNT):
        troubles.note(f"{error.code}:{MASS}:notice", str(error), now)


def finish_list(message_id: str, payload: dict[str, object]) -> None:
    """MASSSENDJOBFINISH: kept with its list, which the next pulse settles: a list is long, and WeChat waits."""
    result = _result(payload)
    if not message_id or _keep(message_id, result):
        return
    # Not known yet, perhaps: whoever is writing it down looks for our event, and so do we once it is committed.
    transaction.on_commit(lambda: _keep(message_id, result), robust=True)


def _keep(message_id: str, result: dict[str, object]) -> int:
    return GroupMessage.objects.filter(message_id=message_id, result={}).update(result=result)


def _result(payload: dict[str, object]) -> dict[str, object]:
    names = ("Status", "TotalCount", "FilterCount", "SentCount", "ErrorCount")
    return {name: str(payload[name])[:60] for name in names if name in payload} or {"Status": ""}


def _early_result(message: GroupMessage) -> dict[str, object]:
    """The event that came before we had written down the id."""
    if not message.message_id:
        return {}
    events = InboundMessage.objects.filter(event=_EVENT, received_at__gte=message.created_at)
    payloads: Iterable[dict[str, object]] = events.values_list("payload", flat=True)
    ours = (one for one in payloads if str(one.get("MsgID") or one.get("MsgId") or "") == message.message_id)
    return next((_result(payload) for payload in ours), {})


@transaction.atomic
def settle_list(pk: UUID) -> None:
    """Delivered when everybody was reached, the next channel when nobody was; in between nobody knows who."""
    finished = GroupMessage.objects.select_for_update(skip_locked=True).filter(pk=pk, settled_at=None)
    message = finished.exclude(result={}).first()
    if message is None:
        return
    now = timezone.now()
    reached = _reached(message.result)
    if reached >= message.people:
        sent = message.deliveries.filter(status=Delivery.Status.SENT)
        sent.update(status=Delivery.Status.DELIVERED, delivered_at=now)
    elif reached == 0:
        code = str(message.result.get("Status"))
        message.status, message.code = GroupMessage.Status.FAILED, code[:60]
        _hand_over(message, code[:60], Delivery.Status.SENT)
    log.info("group_message_finished", group_message=str(pk), people=message.people, reached=reached)
    message.settled_at = now
    message.save()


def _reached(result: dict[str, object]) -> int:
    """How many got it. Without numbers the words decide: `send success`, `sendsuccess`, `send fail`, `err(10001)`."""
    told = str(result.get("SentCount", ""))
    if told.isascii() and told.isdigit():
        return int(told)
    return MASS_RECIPIENTS.stop if "success" in str(result.get("Status", "")).lower() else 0
