"""WeChat's group messages: nobody gets more than four in a calendar month, and only we keep count of it beforehand.

https://developers.weixin.qq.com/doc/service/api/notify/mass
"""

from collections import Counter
from collections.abc import Collection
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from django.db import connection
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from accounts.models import User

from .models import GroupMessageCount

PER_MONTH = 4
#: WeChat's months begin there, wherever the community is.
CHINA = ZoneInfo("Asia/Shanghai")

_COUNT = """
INSERT INTO notices_groupmessagecount (user_id, month, sent)
SELECT person, %s, 1 FROM unnest(%s::uuid[]) AS person ORDER BY person
ON CONFLICT (user_id, month) DO UPDATE SET sent = notices_groupmessagecount.sent + 1
"""


def month_of(now: datetime) -> date:
    """The first day of WeChat's month that `now` is in."""
    return now.astimezone(CHINA).date().replace(day=1)


def count_sent(people: Collection[UUID], now: datetime) -> None:
    """WeChat took one group message to these; inside the transaction that writes that down."""
    with connection.cursor() as cursor:
        cursor.execute(_COUNT, [month_of(now), [str(person) for person in people]])


def sent_this_month(people: Collection[UUID], now: datetime) -> dict[UUID, int]:
    """How many each of these has had; who has had none is left out."""
    rows = GroupMessageCount.objects.filter(user__in=people, month=month_of(now))
    return dict(rows.values_list("user_id", "sent"))


def left_over(people: QuerySet[User], now: datetime) -> dict[int, int]:
    """How many messages are left (0 to 4) → how many of these people, those without WeChat aside."""
    people = people.exclude(openid=None)
    total = people.count()
    counts = GroupMessageCount.objects.filter(user__in=people.values("pk"), month=month_of(now))
    left = Counter(max(0, PER_MONTH - sent) for sent in counts.values_list("sent", flat=True))
    left[PER_MONTH] += total - left.total()
    return {number: left[number] for number in sorted(left, reverse=True) if left[number]}


def words(left: dict[int, int]) -> str:
    """ "12 人还剩 4 次；1 人已用完"."""
    parts = [
        (_("%(people)d 人还剩 %(left)d 次") if number else _("%(people)d 人已用完"))
        % {"left": number, "people": people}
        for number, people in left.items()
    ]
    return _("；").join(parts)
