"""Which notices a person may know of."""

from datetime import datetime
from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from accounts.models import Membership, Role, User
from accounts.policies import Standing

if TYPE_CHECKING:
    from .models import Notice


class NoticeQuerySet(models.QuerySet["Notice"]):
    def alive(self) -> Self:
        """Not withdrawn."""
        return self.filter(withdrawn_at__isnull=True)

    def published(self) -> Self:
        return self.alive().filter(published_at__isnull=False)

    def not_over(self, now: datetime) -> Self:
        return self.filter(Q(expires_at=None) | Q(expires_at__gt=now))

    def over(self, now: datetime) -> Self:
        return self.filter(expires_at__lte=now)

    def in_state(self, state: str, now: datetime) -> Self:
        """Those whose `Notice.state` is this one."""
        if state == "withdrawn":
            return self.filter(withdrawn_at__isnull=False)
        if state == "expired":
            return self.alive().over(now)
        return self.alive().not_over(now).filter(published_at__isnull=state == "scheduled")

    def visible_to(self, standing: Standing) -> Self:
        """Published ones addressed to this person; a publisher sees all of the community's, scheduled ones too.

        What is over is among them, what is withdrawn is not.
        """
        return self.alive().reachable_by(standing)

    def reachable_by(self, standing: Standing) -> Self:
        """`visible_to`, and what was withdrawn since: its link says so, and no more."""
        if standing.user.is_superuser:
            return self.all()
        publishes = standing.communities_with("publish_notices")
        return self.filter(
            Q(community__in=publishes) | Q(published_at__isnull=False) & self._addressed_to(standing.user)
        )

    def addressed_to(self, user: User) -> Self:
        return self.filter(self._addressed_to(user))

    @staticmethod
    def _addressed_to(user: User) -> Q:
        """SQL of `services.audience_of`, from the person's side: some active membership matches roles and buildings."""
        from .models import Notice

        roles, buildings = Notice.roles.through.objects, Notice.buildings.through.objects
        here = {"notice": OuterRef(OuterRef("pk"))}
        membership = Membership.objects.filter(
            Q(~Exists(roles.filter(**here))) | Q(Exists(roles.filter(**here, role=OuterRef("role")))),
            Q(~Exists(buildings.filter(**here)))
            | Q(Exists(buildings.filter(**here, building=OuterRef("home__building"))))
            | ~Q(role__kind=Role.Kind.RESIDENT) & Q(Exists(roles.filter(**here))),
            user=user,
            status=Membership.Status.ACTIVE,
            community=OuterRef("community"),
        )
        return Q(Exists(membership))

    def with_read_mark(self, user: User) -> Self:
        """Annotates `read_`: has this person opened it?"""
        from .models import NoticeRead

        return self.annotate(read_=Exists(NoticeRead.objects.filter(notice=OuterRef("pk"), user=user)))

    def unread_by(self, standing: Standing) -> Self:
        """Published, not over, addressed to this person, and not opened yet."""
        current = self.published().not_over(timezone.now()).addressed_to(standing.user)
        return current.with_read_mark(standing.user).filter(read_=False)

    def unread_count(self, standing: Standing) -> int:
        return self.unread_by(standing).count()
