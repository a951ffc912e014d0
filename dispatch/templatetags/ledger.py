"""Template tags of the ledger: who was told, for pages of the apps below."""

from typing import Any
from uuid import UUID

from django import template
from django.db.models import Count, Q

from dispatch.models import Delivery, RobotPost
from dispatch.reasons import code_words, post_words, reason_words
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
    """`{% notice_ledger notice as ledger %}`: to how many it was `sent`, `delivered`, not at all (`lost`)."""
    status = Delivery.Status
    got = Q(status__in=(status.SENT, status.DELIVERED))
    counts: dict[str, int] = Delivery.objects.filter(notice=notice).aggregate(
        people=Count("user", distinct=True),
        sent=Count("user", filter=got, distinct=True),
        delivered=Count("user", filter=Q(status=status.DELIVERED), distinct=True),
        alive=Count("user", filter=got | Q(status=status.PENDING), distinct=True),
    )
    return counts | {"lost": counts["people"] - counts["alive"]}
