"""Which reports a person may know of, and the lists that people read."""

from collections.abc import Iterable
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Self
from uuid import UUID

from django.db import models
from django.db.models import Count, Exists, IntegerField, OuterRef, Prefetch, Q, Subquery, Value
from django.db.models.fields.json import KT
from django.db.models.functions import Coalesce, Concat, Upper

from accounts.policies import Standing
from accounts.querysets import of_home, of_person
from community_report.core.search import MOST_WORDS, few, holding, searched

from .states import OPEN, Status

if TYPE_CHECKING:
    from accounts.models import User

    from .models import Report

#: What a search looks through, and what the index of pairs is made of: the two must stay the same.
WORDS = Upper(
    Concat(
        "number", Value(" "), "title", Value(" "), "description", Value(" "), "address", output_field=models.TextField()
    )
)
#: Without the address, which other residents may not see.
PUBLIC_WORDS = Upper(Concat("number", Value(" "), "title", Value(" "), "description", output_field=models.TextField()))

SCOPES = ("mine", "open", "claimed", "done", "board", "all")


class ReportQuerySet(models.QuerySet["Report"]):
    def open(self) -> Self:
        """Still to be done or confirmed."""
        return self.filter(status__in=OPEN)

    def waiting_for_staff(self) -> Self:
        """`Report.waits_for_staff`."""
        return self.filter(status=Status.SUBMITTED, category__claimable=True)

    def on_show(self) -> Self:
        """`Report.on_show`."""
        return self.filter(status=Status.SUBMITTED, category__claimable=False)

    def not_on_show(self) -> Self:
        return self.exclude(status=Status.SUBMITTED, category__claimable=False)

    def overdue(self, now: datetime) -> Self:
        """Being worked on, or waiting for it, past `due_at`."""
        return self.filter(status__in=(Status.SUBMITTED, Status.CLAIMED), due_at__lte=now)

    def readable_by(self, standing: Standing) -> Self:
        """Reports that this person may read in full: contract section 6, "Who may read it"."""
        user = standing.user
        if user.is_superuser:
            return self
        return self.filter(
            Q(reporter=user)
            | Q(filed_by=user, community__in=standing.member_of)
            | Q(claimed_by=user, community__in=standing.staff_of)
            | Q(community__in=standing.communities_with("manage_reports"))
            | Q(self._led_to(standing))
            | Q(category__public=True, community__in=standing.resident_of)
        )

    def visible_to(self, standing: Standing) -> Self:
        """Readable, or followed: then only a glimpse of it is shown."""
        from .models import Follow

        if standing.user.is_superuser:
            return self
        followed = Exists(Follow.objects.filter(report=OuterRef("pk"), user=standing.user))
        readable: models.QuerySet[Report] = self.model.objects.readable_by(standing)
        return self.filter(Q(pk__in=readable.values("pk")) | Q(followed))

    @staticmethod
    def _led_to(standing: Standing) -> Exists:
        """Its tags lead to a role that this person holds (and the role lets them handle reports)."""
        from .models import Report

        return Exists(
            Report.tags.through.objects.filter(
                report=OuterRef("pk"),
                tag__roles__in=standing.staff_roles,
                tag__community=OuterRef("community"),  # a tag of another community leads nowhere
                tag__community__in=standing.communities_with("handle_reports"),
            )
        )

    def for_scope(self, standing: Standing, scope: str) -> Self:
        """The lists of `GET reports`: one of `SCOPES`."""
        user = standing.user
        if scope == "mine":
            return self.filter(reporter=user)
        if scope == "board":
            return (
                self.readable_by(standing)
                .filter(category__public=True)
                .exclude(status__in=(Status.WITHDRAWN, Status.DISMISSED, Status.MERGED))
            )
        if scope == "all":
            return self if user.is_superuser else self.filter(community__in=standing.communities_with("manage_reports"))
        if scope == "open":
            from .models import Ignore

            ignored = Exists(Ignore.objects.filter(report=OuterRef("pk"), user=user))
            return self.filter(self._led_to(standing), ~ignored).waiting_for_staff()
        held = self.filter(claimed_by=user, community__in=standing.staff_of)
        if scope == "claimed":
            return held.filter(status=Status.CLAIMED)
        return held.filter(status__in=(Status.RESOLVED, Status.CLOSED))

    def held_by(self, people: "Iterable[User | UUID]") -> Self:
        """What these people are working on."""
        return self.filter(status=Status.CLAIMED, claimed_by__in=list(people))

    def search(self, text: str, *, address: bool = True) -> Self:
        """Those with every word of `text` in number, title, description or (with `address`) address."""
        found = self
        for word in text.split()[:MOST_WORDS]:
            found = holding(found, WORDS, word) if address else holding(found, PUBLIC_WORDS, word, among=WORDS)
        return found

    def numbered(self, word: str) -> Self:
        """Those with `word` in their number."""
        return self.search(word).filter(number__icontains=word)

    def search_people_too(self, text: str, communities: frozenset[int] | None = None) -> Self:
        """Those with every word of `text` in their own words, or in the name, phone or home of who reported it.

        `communities`: as in `of_person`.

        People are looked up first, so that the search itself stays within what the indexes of reports know.
        """
        by_person = partial(self._by_person, communities=communities)
        return searched(self, text, self._by_words, by_person, self._by_home)

    def _by_words(self, word: str) -> Q:
        return Q(pk__in=few(self.model.objects.search(word)))

    def _by_person(self, word: str, communities: frozenset[int] | None) -> Q:
        callers = Q(caller__name__icontains=word) | Q(caller__phone__icontains=word)
        telephoned = self.model.objects.filter(callers, caller__isnull=False)
        return of_person("reporter", word, communities=communities) | Q(pk__in=few(telephoned))

    def _by_home(self, word: str) -> Q:
        stated = Concat(*(KT(f"caller__home__{part}") for part in ("building", "unit", "room")))
        telephoned = self.model.objects.filter(caller__isnull=False).alias(stated=stated)
        return of_home("reporter_home", word) | Q(pk__in=few(telephoned.filter(stated__icontains=word)))

    def for_view(self, user: "User") -> Self:
        """With everything that showing a report to `user` needs, in a constant number of queries.

        Annotates `following_`, `ignored_`, `held_before_` (booleans for `user`) and `followers_` (a count).
        """
        from .models import Attachment, Claim, Follow, Ignore

        mine = {"report": OuterRef("pk")}
        followers = Follow.objects.filter(**mine).order_by().values("report").annotate(n=Count("pk")).values("n")
        return (
            self.select_related(
                "community", "category", "reporter", "reporter_home__building", "building", "claimed_by", "rating"
            )
            .annotate(
                following_=Exists(Follow.objects.filter(**mine, user=user)),
                ignored_=Exists(Ignore.objects.filter(**mine, user=user)),
                held_before_=Exists(Claim.objects.filter(**mine, staff=user)),
                followers_=Coalesce(Subquery(followers, output_field=IntegerField()), Value(0)),
            )
            .prefetch_related(
                "tags__roles",
                Prefetch("attachments", Attachment.objects.filter(event=None), to_attr="own_media"),
            )
        )

    def with_events(self) -> Self:
        """For the single report: its events with actors and media."""
        return self.prefetch_related("events__actor", "events__attachments")


def of_report(word: str) -> Q:
    """Rows that belong to a report (as `report`) with `word` in its number."""
    from .models import Report

    return Q(report__in=few(Report.objects.numbered(word)))
