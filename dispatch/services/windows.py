"""How much WeChat lets us write to a person now, as far as we know: it orders the channels and drops nothing.

A message of the person opens 48 hours for five, a menu tap, follow or scan one minute for three:
https://developers.weixin.qq.com/doc/service/api/customer/message
"""

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from uuid import UUID

from dispatch.models import Contact, Delivery

MESSAGE_WINDOW, PER_MESSAGE = timedelta(hours=48), 5
ACTION_WINDOW, PER_ACTION = timedelta(minutes=1), 3
#: What message/custom/send carries.
CUSTOM = ("text", "news")


def open_for(people: Collection[UUID], now: datetime) -> set[UUID]:
    """Those of `people` to whom a customer-service message can go, by what we have sent since."""
    contacts = Contact.objects.filter(user__in=people, last_message_at__gt=now - MESSAGE_WINDOW) | (
        Contact.objects.filter(user__in=people, last_action_at__gt=now - ACTION_WINDOW)
    )
    found = {contact.user_id: contact for contact in contacts}
    sent = _sent_to(found, now - MESSAGE_WINDOW)
    return {person for person, contact in found.items() if is_open(contact, sent[person], now)}


def is_open(contact: Contact, sent: Iterable[datetime], now: datetime) -> bool:
    """`sent`: when each customer-service message of the last 48 hours went."""
    sent = list(sent)
    return _room(contact.last_message_at, MESSAGE_WINDOW, PER_MESSAGE, sent, now) or _room(
        contact.last_action_at, ACTION_WINDOW, PER_ACTION, sent, now
    )


def _room(since: datetime | None, window: timedelta, most: int, sent: list[datetime], now: datetime) -> bool:
    return since is not None and since > now - window and sum(at >= since for at in sent) < most


def _sent_to(people: Collection[UUID], since: datetime) -> dict[UUID, list[datetime]]:
    times: dict[UUID, list[datetime]] = defaultdict(list)
    messages = Delivery.objects.filter(user__in=people, channel__in=CUSTOM, sent_at__gte=since, leader=None)
    for person, at in messages.values_list("user_id", "sent_at"):
        if at is not None:
            times[person].append(at)
    return times
