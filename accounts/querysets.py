"""Which memberships a person may know of, and the lists that managers read."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import (
    BooleanField,
    Exists,
    ExpressionWrapper,
    F,
    Func,
    IntegerField,
    OuterRef,
    Q,
    TimeField,
    Value,
)
from django.db.models.functions import Concat

from community_report.core.search import few

if TYPE_CHECKING:
    from accounts.models import Membership, Shift
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

    def with_duty(self, now: datetime) -> Self:
        """Annotates `on_duty_`: the person's switch is on, and so is their rota where they have one for the role."""
        from .models import Shift

        rota = Shift.objects.filter(role=OuterRef("role"), user=OuterRef("user"))
        on = Q(on_duty=True) & (~Q(Exists(rota)) | Q(Exists(rota.at(now))))
        return self.annotate(on_duty_=ExpressionWrapper(on, BooleanField()))

    def on_duty(self, now: datetime) -> Self:
        """Active, switched on, and on by the rota: the one rule of who is on duty at `now`."""
        return self.active().with_duty(now).filter(on_duty_=True)

    def for_view(self) -> Self:
        """With everything that shows it: constant queries."""
        return self.select_related("user", "community", "role", "home__building", "roster_entry")


class ShiftQuerySet(models.QuerySet["Shift"]):
    def at(self, now: datetime) -> Self:
        """Those that `now` falls into, on the clock of the role's community; overnight ones of yesterday too."""
        here = (F("role__community__timezone"), Value(now, output_field=models.DateTimeField()))
        clock = Func(*here, template="timezone(%(expressions)s)::time", output_field=TimeField())
        today = Func(*here, template="EXTRACT(ISODOW FROM timezone(%(expressions)s))::int", output_field=IntegerField())
        over_night = Q(ends__lte=F("starts"))
        return self.annotate(clock_=clock, today_=today, yesterday_=(today + 5) % 7 + 1).filter(
            Q(weekday=F("today_"), starts__lte=F("clock_")) & (over_night | Q(ends__gt=F("clock_")))
            | Q(over_night, weekday=F("yesterday_"), ends__gt=F("clock_"))
        )


def of_person(path: str, word: str, *, communities: frozenset[int] | None) -> Q:
    """Rows of somebody (`path` leads to the person) with `word` in a name or a phone number of theirs.

    What they are called by their bindings counts in `communities` alone (None: in all).
    """
    from .models import Membership, User

    bindings = Membership.objects.filter(Q(name__icontains=word) | Q(phone__contains=word))
    bound = (bindings if communities is None else bindings.filter(community__in=communities)).values("user")
    called = Q(display_name__icontains=word) | Q(phone__contains=word) | Q(pk__in=bound)
    return Q(**{f"{path}__in": few(User.objects.filter(called))})


def of_home(path: str, word: str) -> Q:
    """Rows of a home (`path` leads to it) with `word` in it as it is written; without a digit a word names no home."""
    from .models import Home

    if not any(letter.isdigit() for letter in word):
        return Q(pk__in=())
    written = Concat("building__name", "unit", "room")
    return Q(**{f"{path}__in": few(Home.objects.alias(written=written).filter(written__icontains=word))})
