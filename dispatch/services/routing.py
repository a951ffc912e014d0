"""From an outbox row to one delivery per person: who is told, and who finds it in the inbox only."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from uuid import UUID

import structlog
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone, translation

from accounts.models import User
from dispatch import wording
from dispatch.audience import Recipient
from dispatch.channels.base import MASS
from dispatch.kinds import BROADCASTS
from dispatch.models import Contact, Delivery, Outbox
from dispatch.occasions import audiences_of
from reports.models import Report

from . import group_posts
from .quiet import quiet_until
from .texting import WITHOUT_WECHAT, texting_for

log = structlog.get_logger(__name__)

#: After so many failures a row is left for a person to look at: `Outbox.error` says why.
ATTEMPTS = 100
#: Deliveries inserted in one statement.
INSERT_BATCH = 1000
#: Deliveries handed to one task, and how many such tasks: of a large audience the pulse takes the rest, so that it
#: never stands in the queue before an urgent message.
SEND_BATCH, SEND_BATCHES = 50, 4


def route(outbox_id: int) -> list[list[UUID]]:
    """Insert the deliveries of an outbox row; gives the first of those to send now, in batches (none of a broadcast).

    Does nothing for a row that is routed or that another worker holds. A failure is noted on the row and raised.
    """
    try:
        with transaction.atomic():
            return _route(outbox_id)
    except Exception as error:
        problem = f"{type(error).__name__}: {error}"[:200]
        Outbox.objects.filter(pk=outbox_id).update(attempts=F("attempts") + 1, error=problem)
        raise


def given_up() -> QuerySet[Outbox]:
    """Rows that failed too often and are left to a person: `error` says why."""
    return Outbox.objects.filter(routed_at=None, attempts__gte=ATTEMPTS)


def _route(outbox_id: int) -> list[list[UUID]]:
    box = (
        Outbox.objects.select_for_update(skip_locked=True, of=("self",))
        .select_related("community", "report__category", "notice", "membership__community", "membership__role")
        .filter(pk=outbox_id, routed_at=None)
        .first()
    )
    if box is None:
        return []
    now = timezone.now()
    recipients = _recipients(box)
    for people in _batched(recipients, INSERT_BATCH):
        Delivery.objects.bulk_create(_deliveries(box, people, now), ignore_conflicts=True)
    group_posts.write_posts(box, recipients, now)
    box.routed_at, box.error = now, ""
    box.save(update_fields=["routed_at", "error"])
    log.info("routed", key=box.key, kind=box.kind, people=len(recipients))
    if box.kind in BROADCASTS:
        return []
    due = box.deliveries.filter(status=Delivery.Status.PENDING, due_at__lte=now).exclude(channel=MASS).order_by("pk")
    first = list(due.values_list("pk", flat=True)[: SEND_BATCH * SEND_BATCHES])
    return [list(batch) for batch in _batched(first, SEND_BATCH)]


def is_broadcast(outbox_id: int) -> bool:
    """Is it for the lane to send?"""
    return Outbox.objects.filter(pk=outbox_id, kind__in=BROADCASTS).exists()


def _recipients(box: Outbox) -> list[Recipient]:
    """Everybody once, as the first audience sees them, without the person who did it."""
    people: dict[UUID, Recipient] = {}
    for audience in audiences_of(str(box.data.get("occasion")), box.kind):
        for recipient in audience(box):
            people.setdefault(recipient.user_id, recipient)
    if box.actor_id:
        people.pop(box.actor_id, None)
    return list(people.values())


def _deliveries(box: Outbox, recipients: Iterable[Recipient], now: datetime) -> Iterator[Delivery]:
    by_id = {recipient.user_id: recipient for recipient in recipients}
    people = User.objects.filter(pk__in=by_id, is_active=True, erased_at=None).select_related("contact")
    texting = texting_for(list(by_id))
    sentences: dict[str, str] = {}
    for person in people:
        if person.language not in sentences:
            with translation.override(person.language):
                sentences[person.language] = wording.sentence(box)
        by_sms = bool(texting.phone(person.pk, box.community_id, box.kind))
        yield _delivery(box, person, by_id[person.pk], sentences[person.language], now, by_sms=by_sms)


def _delivery(box: Outbox, person: User, recipient: Recipient, text: str, now: datetime, *, by_sms: bool) -> Delivery:
    code = recipient.skip or reason_to_skip(person, box.kind)
    if by_sms and code in WITHOUT_WECHAT:
        code = ""
    held = None if is_urgent(box.report) else quiet_until(person.quiet_hours, box.community, now)
    return Delivery(
        outbox=box,
        user=person,
        kind=box.kind,
        community_id=box.community_id,
        report_id=box.report_id,
        notice_id=box.notice_id,
        follower=recipient.follower,
        text=text,
        path=wording.page_of(box),
        channel="" if code or not _goes_to_all(box) else MASS,
        status=Delivery.Status.SKIPPED if code else Delivery.Status.PENDING,
        code=code,
        due_at=held or now,
    )


def _goes_to_all(box: Outbox) -> bool:
    """Is it a notice to go out as a group message? A reminder of one is not."""
    first = box.data.get("occasion") == "notice_published"
    return first and box.notice is not None and box.notice.by_group_message


def reason_to_skip(person: User, kind: str) -> str:
    """Why this person is not pushed a message of this kind ("" when they are); it is in their inbox all the same."""
    if person.erased_at or not person.is_active:
        return "erased"
    if kind in (person.muted_kinds or ()):
        return "muted"
    if not person.openid:
        return "no_wechat"
    return "" if is_subscribed(person) else "unfollowed"


def pushable(people: QuerySet[User], kind: str) -> QuerySet[User]:
    """Those of `people` for whom `reason_to_skip` gives none, in SQL."""
    reachable = people.filter(is_active=True, erased_at=None).exclude(Q(openid=None) | Q(openid=""))
    return reachable.exclude(muted_kinds__contains=[kind]).exclude(contact__subscribed=False)


def is_subscribed(person: User) -> bool:
    """Somebody of whom nothing is known may well follow the account: WeChat's answer will tell."""
    try:
        return person.contact.subscribed
    except Contact.DoesNotExist:
        return True


def is_urgent(report: Report | None) -> bool:
    """Breaks through quiet hours."""
    return report is not None and report.category.urgent


def _batched(items: list, size: int) -> Iterator[list]:
    return (items[start : start + size] for start in range(0, len(items), size))
