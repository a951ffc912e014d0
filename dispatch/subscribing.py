"""What a person can agree to be sent as subscription messages, by WeChat's own button on a page.

The button is `<wx-open-subscribe>`; what the person answers comes back as `subscribe_msg_popup_event`, which
`services/grants.py` counts. https://developers.weixin.qq.com/doc/service/guide/h5/opentag
"""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Sum

from accounts.models import User
from accounts.policies import standing_of

from .kinds import Kind
from .models import Grant, SubscriptionTemplate

#: WeChat asks for so many templates at once at most.
AT_ONCE = 3
#: Of the kinds that somebody gets, those that are worth asking for, the most wanted first.
OF_A_RESIDENT = (Kind.RESOLVED, Kind.CLAIMED, Kind.PROGRESS, Kind.RELEASED, Kind.DISMISSED, Kind.CLOSED)
OF_STAFF = (Kind.NEW_REPORT, Kind.ASSIGNED, Kind.URGED, Kind.REOPENED)
OF_MANAGERS = (Kind.UNCLAIMED, Kind.OVERDUE, Kind.BINDING_PENDING)


@dataclass(frozen=True)
class Offer:
    """`templates`: ids for the button; `left`: how many messages the person has agreed to already."""

    templates: Sequence[str]
    left: int


def offer_to(person: User) -> Offer | None:
    """None where nothing that this person gets has a subscription template, or WeChat does not know them."""
    chosen = dict(SubscriptionTemplate.objects.values_list("kind", "template_id"))
    if not chosen or not person.openid:
        return None
    standing = standing_of(person)
    kinds: list[Kind] = []
    for of_them, who in (
        (OF_A_RESIDENT, standing.resident_of),
        (OF_STAFF, standing.staff_of),
        (OF_MANAGERS, standing.communities_with("manage_reports")),
    ):
        kinds += of_them if who else ()
    templates = list(dict.fromkeys(chosen[kind] for kind in kinds if kind in chosen))[:AT_ONCE]
    if not templates:
        return None
    held = Grant.objects.filter(user=person, template_id__in=templates).aggregate(left=Sum("left"))
    return Offer(templates, held["left"] or 0)
