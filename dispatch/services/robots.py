"""Posting into group chats what routing has written down for them (`group_posts.py`).

What is due for one robot goes out as one post: vendors allow about twenty a minute. The same promises as for people: a
lease, at least once, growing pauses, given up after a day; a robot that is refused as such is stopped until it works.
"""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy

from accounts.models import User
from accounts.records import name_actions
from accounts.services import recording
from community_report.outward.robots import Robot
from community_report.wechat.errors import ErrorKind, WeChatError
from dispatch.models import GroupRobot, RobotPost
from dispatch.reasons import ROBOT_REMOVED

from . import troubles
from .alarms import ROBOT
from .outcomes import GIVE_UP_AFTER, Accepted, Outcome, code_of, lose, may_have_arrived, pause_after

name_actions({"robot_removed": gettext_lazy("删除群机器人")})

log = structlog.get_logger(__name__)

LEASE = timedelta(seconds=30)
MINUTE = timedelta(minutes=1)
#: Robots that post at the same time, and messages that one post gathers at most.
AT_ONCE, GATHERED = 8, 20
_PENDING = RobotPost.Status.PENDING


@dataclass
class Lot:
    """One post on its way: the rows that it stands for."""

    robot: GroupRobot
    connection: Robot
    rows: list[RobotPost]
    text: str
    lease: datetime


def post_again(posts: "QuerySet[RobotPost]") -> int:
    """Make those that were given up due again; gives their number."""
    return posts.filter(status=RobotPost.Status.DEAD).update(
        status=_PENDING, code="", due_at=timezone.now(), leased_until=None, first_failed_at=None
    )


@transaction.atomic
def remove_robot(*, actor: User, robot: GroupRobot) -> None:
    """It posts no more and its keys are forgotten; the ledger keeps what it has posted, and says what it has not.

    A post on its way at this moment counts as not posted. Whoever is second finds nothing to do.
    """
    held = _held(robot)
    if held is None:
        return
    held.active, held.address, held.secret, held.removed_at = False, "", "", timezone.now()
    held.save(update_fields=["active", "address", "secret", "removed_at"])
    recording.record("robot_removed", actor=actor, community=held.community_id, subject=held.name)
    held.posts.filter(status=_PENDING).update(status=RobotPost.Status.DEAD, code=ROBOT_REMOVED, leased_until=None)


def _held(robot: GroupRobot) -> GroupRobot | None:
    """Its row, locked before its posts as everywhere here; None once it is removed."""
    return GroupRobot.objects.select_for_update(no_key=True).filter(pk=robot.pk, removed_at=None).first()


def waiting(now: datetime) -> bool:
    return _due(now).exists()


def _due(now: datetime) -> "QuerySet[RobotPost]":
    free = Q(leased_until=None) | Q(leased_until__lt=now)
    return RobotPost.objects.filter(free, status=_PENDING, due_at__lte=now, robot__active=True)


def work(now: datetime) -> None:
    """One post for each robot that has something due."""
    lots = _take(now)
    if not lots:
        return
    with ThreadPoolExecutor(max_workers=len(lots), thread_name_prefix="robot") as pool:
        outcomes = list(pool.map(_post, lots))  # touches no database
    for lot, outcome in zip(lots, outcomes, strict=True):
        record(lot, outcome)


@transaction.atomic
def _take(now: datetime) -> list[Lot]:
    robots = GroupRobot.objects.select_for_update(skip_locked=True, of=("self",)).select_related("community")
    busy = RobotPost.objects.filter(robot=OuterRef("pk"), status=_PENDING, leased_until__gte=now)
    # `active` of the locked row itself: the subquery knows only what was so before the lock.
    ready = robots.filter(Exists(_due(now).filter(robot=OuterRef("pk"))), ~Exists(busy), active=True).order_by("pk")
    free = [robot for robot in ready if not troubles.closed(f"{ROBOT}:{robot.pk}", now)]
    return [lot for robot in free[:AT_ONCE] if (lot := _lot(robot, now))]


def _lot(robot: GroupRobot, now: datetime) -> Lot | None:
    """Lease what fits into one post; None where the robot has posted as often as it may in a minute."""
    connection = robot.connect()
    recent = robot.posts.filter(sent_at__gt=now - MINUTE).values("sent_at").distinct().count()
    if recent >= connection.per_minute:
        return None
    rows: list[RobotPost] = []
    text = robot.community.name
    for row in _due(now).filter(robot=robot).order_by("alone", "created_at", "pk")[:GATHERED]:
        longer = f"{text}\n{row.text}\n{settings.PUBLIC_BASE_URL}{row.path}"
        if rows and (row.alone or len(longer.encode()) > connection.max_bytes):
            break
        rows, text = [*rows, row], longer
        if row.alone:
            break
    lease = now + LEASE
    for row in rows:
        row.attempts, row.leased_until = row.attempts + 1, lease
    RobotPost.objects.bulk_update(rows, ["attempts", "leased_until"])
    return Lot(robot, connection, rows, text, lease) if rows else None


def _post(lot: Lot) -> Outcome:
    try:
        lot.connection.post(lot.text)
    except WeChatError as error:
        log.info("robot_did_not_post", robot=lot.robot.pk, error=str(error))
        return error
    except Exception as error:
        log.exception("robot_failed", robot=lot.robot.pk)
        return WeChatError(ErrorKind.PERMANENT, type(error).__name__)
    return Accepted()


@transaction.atomic
def record(lot: Lot, outcome: Outcome) -> None:
    """What became of a post; rows whose lease ran out are left to who has them now.

    Of a robot removed meanwhile nothing is written: its posts have their last word, and it is nobody's trouble.
    """
    if _held(lot.robot) is None:
        return
    now = timezone.now()
    keys = [row.pk for row in lot.rows]
    ours = RobotPost.objects.select_for_update().filter(pk__in=keys, status=_PENDING, leased_until=lot.lease)
    rows = list(ours.order_by("pk"))
    for row in rows:
        row.leased_until = None
        _settle(row, lot, outcome, now)
    fields = ["status", "code", "due_at", "leased_until", "first_failed_at", "sent_at", "alone", "lost_answers"]
    RobotPost.objects.bulk_update(rows, fields)
    way = f"{ROBOT}:{lot.robot.pk}"
    if isinstance(outcome, Accepted):
        troubles.works({way})
    elif outcome.kind is ErrorKind.ACCOUNT:
        troubles.note(f"{code_of(outcome)}:{way}", str(outcome), now)
    elif outcome.kind is ErrorKind.PERMANENT:
        troubles.asked({way}, now)


def _settle(row: RobotPost, lot: Lot, outcome: Outcome, now: datetime) -> None:
    if isinstance(outcome, Accepted):
        row.status, row.code, row.sent_at, row.first_failed_at = RobotPost.Status.SENT, "", now, None
        return
    row.code = code_of(outcome)
    row.first_failed_at = row.first_failed_at or now
    if may_have_arrived(outcome):
        row.lost_answers += 1
        lose(row, row.lost_answers, now)
        return
    failing = now - row.first_failed_at
    if failing > GIVE_UP_AFTER or (outcome.kind is ErrorKind.PERMANENT and len(lot.rows) == 1):
        row.status = RobotPost.Status.DEAD
    elif outcome.kind is ErrorKind.PERMANENT:
        row.alone, row.due_at = True, now  # which of them it was shows when each goes by itself
    elif outcome.kind is ErrorKind.QUOTA:
        row.due_at = now + timedelta(seconds=lot.connection.penalty)
    else:
        row.due_at = now + timedelta(seconds=pause_after(failing))
