"""Telling the managers that a way out is blocked, once, and once more when it works again.

It goes through the outbox like everything else, by whatever way is left, and stands in their inbox in any case. The
kinds of message are a closed list: it is a `notice`, which is what the installation tells its managers.
"""

from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from accounts.models import Community
from dispatch.kinds import Kind
from dispatch.models import GroupRobot, Outbox, Trouble

ROBOT = "robot"
#: What may pass by itself is told when it has lasted so long; what cannot (an answer with a code), at once.
PATIENCE = timedelta(minutes=2)
_MAY_PASS = ("silent", "quota:")


def tell_of_troubles(now: datetime) -> None:
    """Every trouble that is due to be told and is not yet."""
    for trouble in Trouble.objects.filter(told_at=None):
        if trouble.since <= now - PATIENCE or not trouble.key.startswith(_MAY_PASS):
            _tell(trouble, now)


@transaction.atomic
def _tell(trouble: Trouble, now: datetime) -> None:
    if Trouble.objects.filter(pk=trouble.pk, told_at=None).update(told_at=now):
        _write(trouble, "channel_stopped", now)


def tell_of_the_end(trouble: Trouble, now: datetime) -> None:
    """In the transaction that removes it; nobody hears of the end of what they were not told of."""
    if trouble.told_at is not None:
        _write(trouble, "channel_works", now)


def _write(trouble: Trouble, occasion: str, now: datetime) -> None:
    """One row a community. The key lets a trouble that comes and goes be told once an hour; the pulse routes them."""
    code, _, way = trouble.key.partition(":")
    data: dict[str, Any] = {"occasion": occasion, "way": way, "name": _name(way), "quota": code == "quota"}
    data["code"] = "" if code in ("silent", "quota") else code
    rows = [
        Outbox(
            key=f"trouble:{trouble.key}:{occasion}:{now:%Y%m%d%H}:{community}",
            kind=Kind.NOTICE,
            community_id=community,
            data=data,
        )
        for community in _communities(way)
    ]
    Outbox.objects.bulk_create(rows, ignore_conflicts=True)


def _robot(way: str) -> GroupRobot | None:
    channel, _, number = way.partition(":")
    return GroupRobot.objects.filter(pk=number).first() if channel == ROBOT else None


def _name(way: str) -> str:
    robot = _robot(way)
    return robot.name if robot else ""


def _communities(way: str) -> list[int]:
    robot = _robot(way)
    if robot:
        return [robot.community_id]
    return list(Community.objects.order_by("pk").values_list("pk", flat=True))
