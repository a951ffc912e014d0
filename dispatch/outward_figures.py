"""How reliable the ways out of WeChat were: sent, given up, waiting in the last seven days, and the last answer."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import CharField, Count, Exists, IntegerField, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Cast, Coalesce, Concat

from .channel_names import SMS
from .models import Delivery, GroupRobot, RobotPost, Trouble
from .services.alarms import ROBOT

SPAN = timedelta(days=7)


@dataclass(frozen=True)
class Figures:
    """Numbers of messages; `waiting` are those that were tried at least once and go again."""

    sent: int
    failed: int
    waiting: int


def with_figures(robots: "QuerySet[GroupRobot]", now: datetime) -> "QuerySet[Any]":
    """Annotates what `figures_of` and `last_post` read, and `stopped_`: does a trouble stop it?"""
    status = RobotPost.Status
    tried = RobotPost.objects.filter(robot=OuterRef("pk"), attempts__gt=0).order_by("-created_at", "-pk")
    way = Concat(Value(f":{ROBOT}:"), Cast(OuterRef("pk"), CharField()))
    return robots.annotate(
        stopped_=Exists(Trouble.objects.filter(key__endswith=way)),
        sent_=_number(Q(status=status.SENT, sent_at__gte=now - SPAN)),
        failed_=_number(Q(status=status.DEAD, created_at__gte=now - SPAN)),
        waiting_=_number(Q(status=status.PENDING, attempts__gt=0)),
        last_status_=Subquery(tried.values("status")[:1]),
        last_code_=Subquery(tried.values("code")[:1]),
        last_at_=Subquery(tried.values(at=Coalesce("sent_at", "created_at"))[:1]),
    )


def figures_of(robot: Any) -> Figures:
    return Figures(robot.sent_, robot.failed_, robot.waiting_)


def last_post(robot: Any) -> RobotPost | None:
    """What became of the post that was tried last: its status, its code, and when it was sent or made."""
    if robot.last_status_ is None:
        return None
    return RobotPost(robot=robot, status=robot.last_status_, code=robot.last_code_, sent_at=robot.last_at_)


def _number(condition: Q) -> Coalesce:
    """Counted apart: a join with the robot's roles would double it."""
    posts = RobotPost.objects.filter(condition, robot=OuterRef("pk")).order_by().values("robot")
    return Coalesce(Subquery(posts.annotate(n=Count("pk")).values("n"), output_field=IntegerField()), 0)


def sms_figures(now: datetime) -> Figures:
    """Of all short messages; a person's several reports in one are one."""
    texts = Delivery.objects.filter(channel=SMS, leader=None)
    status = Delivery.Status
    return Figures(
        sent=texts.filter(sent_at__gte=now - SPAN).count(),
        failed=texts.filter(status=status.DEAD, created_at__gte=now - SPAN).count(),
        waiting=texts.filter(status=status.PENDING, attempts__gt=0).count(),
    )


def last_text() -> Delivery | None:
    """The short message that was asked for last."""
    return Delivery.objects.filter(channel=SMS, attempts__gt=0).order_by("-created_at").first()
