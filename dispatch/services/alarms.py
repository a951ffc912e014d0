"""Telling the managers that a way out is blocked, once, and once more when it works again.

It goes through the outbox like everything else, by whatever way is left, and stands in their inbox in any case. The
kinds of message are a closed list: it is a `notice`, which is what the installation tells its managers.
"""

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from accounts.models import Community
from community_report.wechat.errors import CODES, ErrorKind
from dispatch.kinds import Kind
from dispatch.models import GroupRobot, Outbox, Trouble

ROBOT = "robot"
#: What may pass by itself is told when it has lasted so long; what cannot (an answer with a code), at once.
PATIENCE = timedelta(minutes=2)
_MAY_PASS = ("silent", "quota:")
_NEVER_PASS = frozenset(map(str, CODES[ErrorKind.ACCOUNT]))


def tell_of_troubles(now: datetime) -> None:
    """Every trouble that is due to be told and is not yet."""
    for trouble in Trouble.objects.filter(told_at=None):
        if trouble.since <= now - PATIENCE or not _may_pass(trouble):
            _tell(trouble, now)


def _may_pass(trouble: Trouble) -> bool:
    return trouble.key.startswith(_MAY_PASS) and trouble.code not in _NEVER_PASS


@transaction.atomic
def _tell(trouble: Trouble, now: datetime) -> None:
    """Once an hour at most: of one that comes and goes the next is told in the next hour, if it is still there."""
    rows = _rows(trouble, "channel_stopped", now)
    if Outbox.objects.filter(key__in=[row.key for row in rows]).exists():
        return
    if Trouble.objects.filter(pk=trouble.pk, told_at=None).update(told_at=now):
        Outbox.objects.bulk_create(rows, ignore_conflicts=True)


def tell_of_the_end(trouble: Trouble) -> None:
    """In the transaction that removes it; nobody hears of the end of what they were not told of."""
    if trouble.told_at is not None:
        Outbox.objects.bulk_create(_rows(trouble, "channel_works", trouble.told_at), ignore_conflicts=True)


def _rows(trouble: Trouble, occasion: str, told_at: datetime) -> list[Outbox]:
    """One row a community; the pulse routes them. `told_at`: when the managers were told of the trouble itself."""
    code, _, way = trouble.key.partition(":")
    data: dict[str, Any] = {"occasion": occasion, "way": way, "quota": code == "quota", **_robots_own(way)}
    data["code"] = trouble.code if code in ("silent", "quota") else code
    return [
        Outbox(
            key=f"trouble:{trouble.key}:{trouble.code}:{occasion}:{told_at:%Y%m%d%H}:{community}",
            kind=Kind.NOTICE,
            community_id=community,
            data=data,
        )
        for community in _communities(way)
    ]


def _robot(way: str) -> GroupRobot | None:
    channel, _, number = way.partition(":")
    return GroupRobot.objects.filter(pk=number).first() if channel == ROBOT else None


def _robots_own(way: str) -> dict[str, str]:
    """What its words need of a robot."""
    robot = _robot(way)
    return {"name": robot.name, "vendor": robot.vendor} if robot else {}


def _communities(way: str) -> list[int]:
    robot = _robot(way)
    if robot:
        return [robot.community_id]
    return list(Community.objects.order_by("pk").values_list("pk", flat=True))
