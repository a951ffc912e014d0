"""What a person has read of their inbox."""

from collections.abc import Collection
from uuid import UUID

from django.utils import timezone

from accounts.models import User
from dispatch.models import Delivery


def mark_read(*, actor: User, ids: Collection[UUID]) -> int:
    """Mark those of the person's own messages as read; the first time counts. How many were unread."""
    return Delivery.objects.filter(user=actor, pk__in=ids, read_at=None).update(read_at=timezone.now())
