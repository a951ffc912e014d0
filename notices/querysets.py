"""Which notices a person may know of, and who a notice is for."""

from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import Exists, F, OuterRef, Q

from accounts.models import Membership, User

if TYPE_CHECKING:
    from .models import Notice


class NoticeQuerySet(models.QuerySet["Notice"]):
    def alive(self) -> Self:
        return self.filter(deleted_at__isnull=True)

    def published(self) -> Self:
        return self.alive().filter(published_at__isnull=False)
