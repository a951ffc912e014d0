"""Template tags of the ledger: who was told, for pages of the apps below."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django import template
from django.db.models import Count, Q, QuerySet

from accounts.models import User
from dispatch.kinds import Kind
from dispatch.models import Delivery, RobotPost
from dispatch.reasons import code_words, post_words, reason_words
from dispatch.services.reach import pushable
from dispatch.wording import channel_words
from notices.models import Notice

register = template.Library()
register.filter("skipped_words", code_words)

SHOWN = 100


@register.inclusion_tag("dispatch/told.html")
def told_people(report: UUID) -> dict[str, Any]:
    """`{% told_people report.id %}`: for its managers, which people and groups were told of a report, and what became
    of each message.
    """
    newest = Delivery.objects.filter(report=report).select_related("user").order_by("-created_at")[: SHOWN + 1]
    rows = [(row, channel_words(row.channel), reason_words(row)) for row in newest]
    posts = RobotPost.objects.filter(outbox__report=report).select_related("robot", "outbox").order_by("-created_at")
    return {"rows": rows[:SHOWN], "more": len(rows) > SHOWN, "posts": [(post, post_words(post)) for post in posts]}


@register.simple_tag
def notice_ledger(notice: Notice) -> dict[str, int]:
    """`{% notice_ledger notice as ledger %}`: to how many of the `people` it was `sent`, `delivered`, not
    at all (`lost`), or is still on its way (`waiting`).
    """
    status = Delivery.Status
    got = Q(status__in=(status.SENT, status.DELIVERED))
    counts: dict[str, int] = Delivery.objects.filter(notice=notice).aggregate(
        people=Count("user", distinct=True),
        sent=Count("user", filter=got, distinct=True),
        delivered=Count("user", filter=Q(status=status.DELIVERED), distinct=True),
        alive=Count("user", filter=got | Q(status=status.PENDING), distinct=True),
    )
    return counts | {"lost": counts["people"] - counts["alive"], "waiting": counts["alive"] - counts["sent"]}


@register.simple_tag
def told_of(notice: Notice, people: Iterable[User]) -> dict[UUID, str]:
    """`{% told_of notice people as told %}`: by a person's key, what became of the last message to them about it."""
    rows = Delivery.objects.filter(notice=notice, user__in=list(people)).order_by("created_at")
    return {
        row.user_id: " · ".join(filter(None, (str(row.get_status_display()), code_words(row.code)))) for row in rows
    }


@register.simple_tag
def in_wechat(people: "QuerySet[User]") -> int:
    """`{% in_wechat people as n %}`: to how many of them a notice is pushed; the others find it in their inbox."""
    return pushable(people, Kind.NOTICE).count()
