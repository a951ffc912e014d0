"""Which memberships a person may know of, and the lists that managers read."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import Q

if TYPE_CHECKING:
    from accounts.models import Membership
    from accounts.policies import Standing

#: How long an automatic binding stands as new for the managers.
NEW_FOR = timedelta(days=7)


class MembershipQuerySet(models.QuerySet["Membership"]):
    def active(self) -> Self:
        return self.filter(status="active")

    def pending(self) -> Self:
        """Waiting for a manager's decision."""
        return self.filter(status="pending")

    def live(self) -> Self:
        """Active or still to be decided."""
        return self.filter(status__in=("active", "pending"))

    def new_automatic(self, now: datetime) -> Self:
        """Bindings that the roster made by itself within the last seven days, and that still stand."""
        return self.active().filter(automatic=True, decided_at__gte=now - NEW_FOR)

    def known_to(self, standing: "Standing") -> Self:
        """One's own, and those of the communities that one belongs to; deciding on them is another question."""
        if standing.user.is_superuser:
            return self
        return self.filter(Q(user=standing.user.pk) | Q(community__in=standing.member_of))

    def managed_by(self, standing: "Standing") -> Self:
        """Those of the communities whose people this person manages."""
        if standing.user.is_superuser:
            return self
        return self.filter(community__in=standing.communities_with("manage_people"))

    def for_view(self) -> Self:
        """With everything that shows it: constant queries."""
        return self.select_related("user", "community", "role", "home__building", "roster_entry")
