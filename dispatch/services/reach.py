"""Whether a person can be pushed a message at all, before any channel is chosen: by WeChat, by a short message, now."""

from datetime import datetime

from django.db.models import Q, QuerySet

from accounts.models import Community, User
from dispatch.models import Contact
from reports.models import Report

from .quiet import quiet_until
from .texting import WITHOUT_WECHAT, Texting


def reason_to_skip(person: User, kind: str, community_id: int | None, texting: Texting) -> str:
    """Why this person is not pushed a message of this kind ("" when they are); it is in their inbox all the same."""
    code = _reason(person, kind)
    return "" if code in WITHOUT_WECHAT and texting.phone(person.pk, community_id, kind) else code


def _reason(person: User, kind: str) -> str:
    if person.erased_at or not person.is_active:
        return "erased"
    if kind in (person.muted_kinds or ()):
        return "muted"
    if not person.openid:
        return "no_wechat"
    return "" if is_subscribed(person) else "unfollowed"


def pushable(people: "QuerySet[User]", kind: str) -> "QuerySet[User]":
    """Those of `people` whom WeChat can be asked to push a message of this kind to: `reason_to_skip` in SQL."""
    reachable = people.filter(is_active=True, erased_at=None).exclude(Q(openid=None) | Q(openid=""))
    return reachable.exclude(muted_kinds__contains=[kind]).exclude(contact__subscribed=False)


def is_subscribed(person: User) -> bool:
    """Somebody of whom nothing is known may well follow the account: WeChat's answer will tell."""
    try:
        return person.contact.subscribed
    except Contact.DoesNotExist:
        return True


def held_until(person: User, community: Community | None, now: datetime, *, urgent: bool) -> datetime | None:
    """The end of this person's quiet hours, where `now` is in them; what is urgent breaks through."""
    return None if urgent else quiet_until(person.quiet_hours, community, now)


def is_urgent(report: Report | None) -> bool:
    """Breaks through quiet hours."""
    return report is not None and report.category.urgent
