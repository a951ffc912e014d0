"""From an outbox row to one delivery per person: who is told, and who finds it in the inbox only."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from django.db import transaction
from django.db.models import Exists, F, OuterRef, QuerySet
from django.utils import timezone, translation

from accounts.models import User
from dispatch import wording
from dispatch.audience import OFF_DUTY, Recipient, instead_of_staff
from dispatch.channel_names import MASS
from dispatch.kinds import BROADCASTS, Kind
from dispatch.models import Delivery, Outbox
from dispatch.occasions import audiences_of
from reports.states import Status

from . import group_posts
from .reach import held_until, is_urgent, reason_to_skip
from .texting import Texting, texting_for

log = structlog.get_logger(__name__)

#: After so many failures a row is left for a person to look at: `Outbox.error` says why.
ATTEMPTS = 100
#: Deliveries inserted in one statement.
INSERT_BATCH = 1000
#: Deliveries handed to one task, and how many such tasks: of a large audience the pulse takes the rest, so that it
#: never stands in the queue before an urgent message.
SEND_BATCH, SEND_BATCHES = 50, 4
_RELATED = (
    "community", "report__category__community", "notice", "membership__community", "membership__role"
)  # fmt: skip
ONE_DAY = timedelta(days=1)


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
        .select_related(
            "community", "report__category__community", "notice", "membership__community", "membership__role"
        )
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


def ask_others(now: datetime) -> None:
    """A new report that reached nobody, as it turned out: those off duty are pushed it, or else the managers."""
    still = {"report__status": Status.SUBMITTED, "report__category__claimable": True, "routed_at__gt": now - ONE_DAY}
    answered = (Delivery.Status.PENDING, Delivery.Status.SENT, Delivery.Status.DELIVERED)
    reached = Exists(Delivery.objects.filter(outbox=OuterRef("pk"), status__in=answered))
    unheard = Outbox.objects.filter(~reached, kind=Kind.NEW_REPORT, **still)
    for box in unheard.select_related("community", "report__category__community"):
        off_duty = box.deliveries.filter(status=Delivery.Status.SKIPPED, code=OFF_DUTY)
        if not off_duty.update(status=Delivery.Status.PENDING, code="", due_at=now):
            people = [one for one in instead_of_staff(box.community_id) if one.user_id != box.actor_id]
            Delivery.objects.bulk_create(_deliveries(box, people, now), ignore_conflicts=True)


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
        yield _delivery(box, person, by_id[person.pk], sentences[person.language], now, texting)


def _delivery(box: Outbox, person: User, recipient: Recipient, text: str, now: datetime, texting: Texting) -> Delivery:
    code = recipient.skip or reason_to_skip(person, box.kind, box.community_id, texting)
    held = held_until(person, box.community, now, urgent=is_urgent(box.report))
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


def _batched(items: list, size: int) -> Iterator[list]:
    return (items[start : start + size] for start in range(0, len(items), size))
