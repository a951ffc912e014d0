"""Who can be sent a short message, and how many more: the last way, and one that costs money."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from django.db import connection
from django.db.models import Case, F, Q, Sum, When
from django.utils import timezone

from accounts.models import Membership, User
from community_report.outward.sms import Gateway, mobile
from dispatch.channel_names import SMS
from dispatch.channels.base import SmsChoice
from dispatch.models import Delivery, SmsGateway

#: Not pushed by WeChat for these, and all the same by a short message.
WITHOUT_WECHAT = frozenset({"no_wechat", "unfollowed"})
#: Given up since the day's or the person's allowance is used up.
CAPPED = "sms_cap"
#: Sent, and no answer came: it may have arrived.
LOST = "answer_lost"


@dataclass
class Texting:
    """The gateway and the numbers of the people of one wave; without a gateway nobody can be reached."""

    gateway: SmsGateway | None = None
    phones: Mapping[tuple[UUID, int | None], str] = field(default_factory=dict)
    _left: dict[UUID | None, int] | None = None

    def serves(self, kind: str) -> bool:
        return self.gateway is not None and kind in self.gateway.kinds

    def phone(self, user: UUID, community: int | None, kind: str) -> str:
        """The number for a message of this kind, as the person left it in this community, or else with us; or ""."""
        if not self.serves(kind):
            return ""
        return self.phones.get((user, community)) or self.phones.get((user, None), "")

    def choice(self, user: UUID, community: int | None, kind: str) -> SmsChoice | None:
        phone = self.phone(user, community, kind)
        if self.gateway is None or not phone:
            return None
        return SmsChoice(as_gateway(self.gateway), phone, self.gateway.params)

    def spend(self, user: UUID, now: datetime) -> bool:
        """Take one of this person's and of the day's; False where none is left. Counted one worker at a time."""
        assert self.gateway is not None
        if self._left is None:
            self._left = _left(self.gateway, now)
        mine = self._left.setdefault(user, self.gateway.per_person)
        if mine < 1 or self._left[None] < 1:
            return False
        self._left[user] = mine - 1
        self._left[None] -= 1
        return True


def active_gateway() -> SmsGateway | None:
    return SmsGateway.objects.filter(active=True).order_by("pk").first()


def texting_for(people: Collection[UUID]) -> Texting:
    """One query where no gateway is active."""
    gateway = active_gateway()
    if gateway is None:
        return Texting()
    members = Membership.objects.active().filter(user__in=people).exclude(phone="")
    found: dict[tuple[UUID, int | None], str] = {
        (user, None): number
        for user, phone in User.objects.filter(pk__in=people).values_list("pk", "phone")
        if (number := mobile(phone))
    }
    for user, community, phone in members.values_list("user_id", "community_id", "phone"):
        if number := mobile(phone):
            found[user, community] = number
    return Texting(gateway, found)


def sent_today(now: datetime) -> int:
    return sum(_of_today(now).values())


def _left(gateway: SmsGateway, now: datetime) -> dict[UUID | None, int]:
    """What each person may still be sent today; None: what everybody may. Locked until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended('sms', 0))")
    counts = _of_today(now)
    left: dict[UUID | None, int] = {user: gateway.per_person - n for user, n in counts.items()}
    return {**left, None: gateway.per_day - sum(counts.values())}


def _of_today(now: datetime) -> dict[UUID, int]:
    """How many each person was sent since midnight; what is on its way and what may have arrived counts."""
    midnight = timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)
    one = Q(status=Delivery.Status.PENDING, leased_until__gt=now) | Q(sent_at__gte=midnight)
    asked = Delivery.objects.filter(one | Q(failed_at__gte=midnight, lost_answers__gt=0), channel=SMS, leader=None)
    number = Sum(Case(When(one, then=1), default=0) + F("lost_answers"))
    return dict(asked.values_list("user_id").annotate(n=number))


def as_gateway(row: SmsGateway) -> Gateway:
    names = ("address", "method", "content_type", "headers", "body", "sign", "template", "secret")
    return Gateway(
        **{name: getattr(row, name) for name in names},
        success_field=row.success_field,
        success_value=row.success_value,
    )
