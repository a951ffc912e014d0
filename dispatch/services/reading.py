"""What a person has read of their inbox."""

from collections.abc import Collection
from uuid import UUID

from django.db.models import QuerySet
from django.utils import timezone

from accounts.models import User
from dispatch.models import Delivery
from notices.models import Notice
from reports.models import Report


def with_words(messages: QuerySet[Delivery]) -> QuerySet[Delivery]:
    """With whatever `wording.retold` looks at, in a constant number of queries."""
    return messages.select_related(
        "outbox__report__category",
        "outbox__notice",
        "outbox__membership__community",
        "outbox__membership__role",
        "outbox__membership__home__building",
    ).prefetch_related("outbox__report__tags")


def mark_read(*, actor: User, ids: Collection[UUID]) -> int:
    """Mark those of the person's own messages as read; the first time counts. How many were unread."""
    return Delivery.objects.filter(user=actor, pk__in=ids, read_at=None).update(read_at=timezone.now())


def mark_read_with(thing: Report | Notice, *, actor: User) -> None:
    """Who has the thing itself before their eyes need not open the messages that lead to it."""
    about = {"report": thing} if isinstance(thing, Report) else {"notice": thing}
    Delivery.objects.filter(user=actor, read_at=None, **about).update(read_at=timezone.now())
