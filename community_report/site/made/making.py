"""Putting a made-up community together, a few thousand reports at a time."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from random import Random
from uuid import UUID
from zoneinfo import ZoneInfo

from django.core.exceptions import ObjectDoesNotExist
from django.db import connection, transaction
from django.utils import timezone

from accounts.calendar import remember_special_days
from accounts.models import Community, Home, Record, User
from notices.models import Notice, NoticeRead
from reports.models import Alarm, Category, Claim, Rating, Report, ReportEvent, Tag
from reports.statistics.copies import mend

from . import words
from .bulk import analyze, copy_in, numbered, waiting_plainly
from .messages import Messages
from .people import People, Populace
from .rhythm import Rhythm
from .stories import Story, Storyteller

AT_ONCE = 2000
NOTICES_A_YEAR = 60
#: How often each of the demonstration's categories is used; another one counts as 10.
WEIGHTS = {"security": 16, "hygiene": 34, "repair": 42, "lost": 8}

Say = Callable[[str], object]


class Making:
    """One run: the same seed, community and moment give the same people and reports."""

    def __init__(
        self, community: Community, *, seed: int, now: datetime | None = None, say: Say = lambda _: None
    ) -> None:
        self.community, self.say = community, say
        self.now = now or timezone.now()
        self.before = Report.objects.filter(community=community).count()
        self.rng = Random(f"{seed}:{community.slug}:{self.before}")
        self.rhythm = Rhythm(self.rng, self.now, ZoneInfo(community.timezone))

    def make(self, *, homes: int, reports: int) -> None:
        """Everything or nothing."""
        with waiting_plainly(), transaction.atomic():
            self._make(homes, reports)

    def _make(self, homes: int, number: int) -> None:
        with connection.cursor() as cursor:  # one long transaction of one's own, not a person's request
            cursor.execute("SET LOCAL statement_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 0")
        people = Populace(self.community, self.rng, self.now).make(homes)
        self.say(f"{homes} homes, {len(people.residents)} residents, {sum(map(len, people.staff.values()))} staff")
        self._notices(people)
        done = 0
        for batch in self._batches(people, number):
            self._keep(batch)
            done += len(batch)
            self.say(f"{done} reports")
        mend()  # and days that were counted before
        analyze("accounts", "reports", "notices", "dispatch")

    def _batches(self, people: People, number: int) -> Iterator[list[Story]]:
        teller = Storyteller(self.community, self.rng, self.rhythm, people.managers)
        categories = list(
            Category.objects.filter(community=self.community, active=True).prefetch_related("tags__roles")
        )
        if not categories or not people.residents:
            raise ObjectDoesNotExist("the community needs categories and residents")
        remember_special_days(self.community)
        for category in categories:
            category.community = self.community
        teams = {category.pk: self._team(category, people, teller) for category in categories}
        weights = [WEIGHTS.get(category.slug, 10) for category in categories]
        moments = self.rhythm.moments(number)
        for start in range(0, number, AT_ONCE):
            yield [
                self._story(teller, at, name, self.rng.choices(categories, weights)[0], people.residents, teams)
                for at, name in zip(moments[start : start + AT_ONCE], self._numbers(moments, start), strict=True)
            ]

    def _team(self, category: Category, people: People, teller: Storyteller) -> list[User]:
        """Who works on it: whom its tags lead to, else everybody on the staff. The first of a team do the most."""
        roles = {role.pk: role.slug for tag in category.tags.all() for role in tag.roles.all()}
        for pk, slug in roles.items():
            teller.role_of |= {user.pk: slug for user in people.staff.get(pk, ())}
        team = [user for pk in roles for user in people.staff.get(pk, ())]
        team = team or [user for users in people.staff.values() for user in users] or people.managers
        return [user for n, user in enumerate(team) for _ in range(1 + 12 // (n + 2))]

    def _story(
        self,
        teller: Storyteller,
        at: datetime,
        number: str,
        category: Category,
        residents: list[tuple[User, Home]],
        teams: dict[int, list[User]],
    ) -> Story:
        # Some report a lot, most hardly ever.
        reporter, home = residents[int(len(residents) * self.rng.random() ** 2)]
        return teller.story(
            number=number, at=at, category=category, reporter=reporter, home=home, team=teams[category.pk]
        )

    def _numbers(self, moments: list[datetime], start: int) -> list[str]:
        days = [timezone.localdate(moment) for moment in moments[start : start + AT_ONCE]]
        with connection.cursor() as cursor:
            cursor.execute("SELECT nextval('report_numbers') FROM generate_series(1, %s)", [len(days)])
            return [f"{day:%y%m%d}-{row[0]:04d}" for day, row in zip(days, cursor.fetchall(), strict=True)]

    def _keep(self, stories: list[Story]) -> None:
        events = numbered(event for story in stories for event in story.events)
        copy_in(Report, [story.written() for story in stories])
        copy_in(ReportEvent, events)
        copy_in(Claim, numbered(claim for story in stories for claim in story.claims))
        copy_in(Rating, numbered(story.rating for story in stories if story.rating))
        copy_in(Alarm, numbered(alarm for story in stories for alarm in story.alarms))
        tags = Report.tags.through
        copy_in(tags, numbered(
            tags(report_id=story.report.pk, tag_id=tag.pk) for story in stories for tag in _tags(story.report)
        ))  # fmt: skip
        Messages(self.rng, self.community).keep(stories)
        copy_in(Record, numbered(self._record(event) for event in events if event.actor_id))

    def _record(self, event: ReportEvent) -> Record:
        return Record(
            at=event.at,
            community=self.community,
            actor=event.actor,
            action=f"report_{event.kind}",
            subject=event.report.number,
            path=f"POST /api/v1/reports/{event.report_id}/{event.kind}",
            address=f"10.{self.rng.randrange(256)}.{self.rng.randrange(256)}.{self.rng.randrange(1, 255)}",
        )

    def _notices(self, people: People) -> None:
        """A notice every six days, each read by a third of the residents."""
        reads: list[NoticeRead] = []
        notices: list[Notice] = []
        for n in range(NOTICES_A_YEAR):
            at = self.now - timedelta(days=365 - n * 6, hours=self.rng.uniform(0, 8))
            title, body = self.rng.choice(words.NOTICES)
            day = timezone.localtime(at + timedelta(days=2))
            notice = Notice(
                id=UUID(int=self.rng.getrandbits(128), version=4),
                community=self.community,
                title=title,
                body=body.format(day=f"{day.month}月{day.day}日"),
                author=self.rng.choice(people.managers) if people.managers else None,
                published_at=at,
                created_at=at,
                updated_at=at,
            )
            notices.append(notice)
            readers = self.rng.sample(people.residents, len(people.residents) // 3)
            reads += [
                NoticeRead(notice=notice, user=user, read_at=min(self.now, self.rhythm.after(at, 300)))
                for user, _home in readers
            ]
        copy_in(Notice, notices)
        copy_in(NoticeRead, numbered(reads))


def _tags(report: Report) -> list[Tag]:
    return list(report.category.tags.all())
