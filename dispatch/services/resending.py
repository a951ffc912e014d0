"""What may be sent again by hand, to people and to groups: the one rule of the back office and of
`manage.py deliveries retry`.

Of many at once nobody looks at each. So what is not true any more stays out, and so does who was off duty: a report's
news is not for somebody who comes to work a month later. Chosen one by one, everything that was given up can go again.
Whoever has muted it, left or is gone is skipped again when their turn comes.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Case, CharField, Count, IntegerField, Q, QuerySet, Value, When
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from accounts.models import User
from accounts.records import name_actions
from accounts.services.recording import record
from dispatch.audience import OFF_DUTY
from dispatch.models import Delivery, RobotPost

from .news import no_longer_true
from .retrying import RETRIED, retry_deliveries
from .robots import post_again

#: What is older stays out unless somebody asks for more.
DEFAULT_AGE = timedelta(days=7)
#: So many at most are taken to have been chosen one by one.
ONE_BY_ONE = 20
#: The limits of the columns in which what is to be sent again is counted by its age.
AGES = (timedelta(days=1), DEFAULT_AGE)

GIVEN_UP, GONE, OVER, READ, SWITCHED_OFF = "given_up", "gone", "over", "read", "switched_off"
#: Why a message stays out, for people.
REASONS: Mapping[str, Promise] = {
    GIVEN_UP: _("已经发出，或还在等待发送"),
    GONE: _("本人已注销或停用"),
    OVER: _("内容已经过时"),
    OFF_DUTY: _("当时不在岗"),
    READ: _("本人已经看过"),
    SWITCHED_OFF: _("群机器人已停用或删除"),
}
#: Not even one by one.
NEVER = (GIVEN_UP, GONE, SWITCHED_OFF)
#: What may be chosen to go again: deliveries, or posts of group robots.
Ledger = QuerySet[Delivery] | QuerySet[RobotPost]
name_actions({"sent_again": _("重新发送消息")})


@dataclass
class Survey:
    """What would be sent again: numbers by kind, one for each age (up to each of `AGES`, and older), what stays out by
    its reason, and how many of those could go if they are chosen one by one.
    """

    kinds: dict[str, list[int]] = field(default_factory=dict)
    left_out: dict[str, int] = field(default_factory=dict)

    def number(self, within: timedelta | None) -> int:
        """Of those not older than `within`, which is one of `AGES` or None."""
        ages = len(AGES) + 1 if within is None else AGES.index(within) + 1
        return sum(sum(numbers[:ages]) for numbers in self.kinds.values())

    @property
    def one_by_one(self) -> int:
        return sum(number for reason, number in self.left_out.items() if reason not in NEVER)


def survey(chosen: Ledger) -> Survey:
    """In one query; changes nothing."""
    now = timezone.now()
    found = Survey()
    judged: QuerySet[Any] = _judged(chosen)
    kind = _told(chosen) + "kind"
    counted = judged.annotate(column=_age(now)).order_by().values_list("stays_out", kind, "column")
    for why, kind, age, number in counted.annotate(number=Count("pk")):
        if why:
            found.left_out[why] = found.left_out.get(why, 0) + number
        else:
            found.kinds.setdefault(kind, [0] * (len(AGES) + 1))[age] += number
    return found


def sendable(chosen: Ledger, *, since: datetime | None, one_by_one: bool = False) -> QuerySet[Any]:
    """Those of `chosen` that may go again and were made at `since` or later (None: whenever)."""
    judged: QuerySet[Any] = _judged(chosen)
    judged = judged.exclude(stays_out__in=NEVER) if one_by_one else judged.filter(stays_out="")
    return judged.filter(created_at__gte=since) if since else judged


def send_again(chosen: Ledger, *, actor: User | None, since: datetime | None, one_by_one: bool = False) -> int:
    """Make what may go again pending, from the first channel on; gives the number. `actor` None: from the shell."""
    keys = list(sendable(chosen, since=since, one_by_one=one_by_one).order_by().values_list("pk", flat=True))
    with transaction.atomic():
        if chosen.model is RobotPost:
            number = post_again(RobotPost.objects.filter(pk__in=keys))
        else:
            again = Delivery.objects.filter(pk__in=keys)
            number = sum(retry_deliveries(again, status=status) for status in RETRIED)
        if number:
            record("sent_again", actor=actor, subject=ngettext("%(n)d 条消息", "%(n)d 条消息", number) % {"n": number})
    return number


def _told(chosen: Ledger) -> str:
    return "outbox__" if chosen.model is RobotPost else ""


def _judged(chosen: Ledger) -> QuerySet[Any]:
    """With `stays_out`: the reason for which each stays out, "" for none."""
    why = _of_a_robot if chosen.model is RobotPost else _of_a_person
    over = When(no_longer_true(timezone.now(), _told(chosen)), then=Value(OVER))
    never, later = why()
    return chosen.annotate(stays_out=Case(*never, over, *later, default=Value(""), output_field=CharField()))


def _of_a_person() -> tuple[list[When], list[When]]:
    gone = Q(user__is_active=False) | Q(user__erased_at__isnull=False)
    never = [When(~Q(status__in=RETRIED), then=Value(GIVEN_UP)), When(gone, then=Value(GONE))]
    return never, [
        When(code=OFF_DUTY, then=Value(OFF_DUTY)),
        When(read_at__isnull=False, then=Value(READ)),
    ]


def _of_a_robot() -> tuple[list[When], list[When]]:
    given_up = When(~Q(status=RobotPost.Status.DEAD), then=Value(GIVEN_UP))
    return [given_up, When(robot__active=False, then=Value(SWITCHED_OFF))], []


def _age(now: datetime) -> Case:
    """The column of `AGES` that a row is counted in."""
    young = [When(created_at__gte=now - age, then=Value(column)) for column, age in enumerate(AGES)]
    return Case(*young, default=Value(len(AGES)), output_field=IntegerField())
