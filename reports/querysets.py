"""Which reports a person may know of, and the lists that people read."""

from datetime import datetime
from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import Exists, OuterRef, Q

from accounts import policies
from accounts.models import Membership, User

from .states import OPEN, Status

if TYPE_CHECKING:
    from .models import Report


class ReportQuerySet(models.QuerySet["Report"]):
    def open(self) -> Self:
        """Still to be done or confirmed."""
        return self.filter(status__in=OPEN)
