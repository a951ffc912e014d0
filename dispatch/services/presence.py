"""Keeping a person's `Contact` by what WeChat tells, in the order in which it happened (events arrive in any order)."""

from datetime import datetime, timedelta

from django.db.models import F, Q
from django.db.models.functions import Greatest
from django.utils import timezone

from accounts.models import User
from community_report.wechat.callback import Inbound
from dispatch.models import Contact

#: What the person did with the account, by `wechat.md` section 6: opens one minute for three messages.
_ACTIONS = frozenset({"subscribe", "scan", "click", "scancode_push", "scancode_waitmsg"})
#: A CreateTime further ahead of our clock than this is taken for now: it would rule out everything after it.
_AHEAD = timedelta(minutes=15)


def note(person: User, message: Inbound) -> Contact:
    """Take from a message or event of this person what it says of the bond with the account."""
    at = _plausible(message.created_at)
    contact, _ = Contact.objects.get_or_create(user=person)
    row = Contact.objects.filter(pk=contact.pk)
    if message.event in ("subscribe", "unsubscribe"):
        unless_newer = Q(subscription_changed_at__isnull=True) | Q(subscription_changed_at__lte=at)
        row.filter(unless_newer).update(subscribed=message.event == "subscribe", subscription_changed_at=at)
    if message.kind != "event":
        row.update(last_message_at=Greatest(F("last_message_at"), at))
        # Who has unfollowed cannot write: the follow between the two was lost on the way.
        older = Q(subscription_changed_at=None) | Q(subscription_changed_at__lt=at)
        row.filter(older, subscribed=False).update(subscribed=True, subscription_changed_at=at)
    elif message.event in _ACTIONS:
        row.update(last_action_at=Greatest(F("last_action_at"), at))
    contact.refresh_from_db()
    return contact


def _plausible(at: datetime) -> datetime:
    now = timezone.now()
    return at if at <= now + _AHEAD else now
