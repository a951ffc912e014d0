"""What became of one made-up report, from its filing to now: the events, claims and scores that the services leave."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

from accounts.models import Community, Home, User
from reports.models import Alarm, Category, Claim, Rating, Report, ReportEvent
from reports.services.engine import set_claim_deadline, set_resolve_deadline
from reports.states import Status

from . import words
from .rhythm import Rhythm

#: Minutes from filing to the claim, and from there to the result: the median, by category; else the last.
PACE = {"security": (4, 35), "hygiene": (14, 90), "repair": (22, 260), "": (25, 240)}
#: What is left lying: for so many days until it is found, and the share of what was filed (or disputed) just now, which
#: dwindles to nothing by then. Nobody claims it, or nobody goes on; of what a reporter disputes more is left.
LEFT_DAYS, UNCLAIMED, UNSOLVED, DISPUTED = 30, 0.05, 0.05, 0.4


@dataclass
class Story:
    """One report and its rows. `at` is how far the story has come, `status` what the report is then."""

    report: Report
    role_of: dict[UUID, str]
    at: datetime
    status: str = ""
    events: list[ReportEvent] = field(default_factory=list)
    claims: list[Claim] = field(default_factory=list)
    alarms: list[Alarm] = field(default_factory=list)
    rating: Rating | None = None

    def tell(self, kind: str, actor: User | None, to: str | None = None, note: str = "", **data: Any) -> ReportEvent:
        """One event at `at`; with `to` the report enters that status."""
        report = self.report
        event = ReportEvent(report=report, kind=kind, at=self.at, actor=actor, note=note, data=data)
        event.actor_role = self.role_of.get(actor.pk, "resident") if actor else ""
        if to is not None:
            event.from_status, event.to_status = self.status or None, to
            self._enter(to)
        report.updated_at = self.at
        self.events.append(event)
        return event

    def _enter(self, to: str) -> None:
        self.status, self.report.status_since = to, self.at
        if to == Status.SUBMITTED:
            self.report.claimed_by, self.report.claimed_at = None, None
            set_claim_deadline(self.report, self.at)

    def written(self) -> Report:
        """The report as it is to be inserted: what is stored enters no status but by the services."""
        fields = [field for field in Report._meta.concrete_fields if not field.generated]
        values = {field.attname: getattr(self.report, field.attname) for field in fields}
        return Report(**values | {"status": self.status})

    def end_claim(self, outcome: str) -> None:
        for claim in self.claims:
            if claim.ended_at is None:
                claim.ended_at, claim.outcome = self.at, outcome


class Storyteller:
    """Tells stories of one community, none beyond `now`."""

    def __init__(self, community: Community, rng: Random, rhythm: Rhythm, managers: list[User]) -> None:
        self.community, self.rng, self.rhythm, self.managers = community, rng, rhythm, managers
        self.now = rhythm.now
        self.role_of: dict[UUID, str] = {person.pk: "manager" for person in managers}

    def story(
        self, *, number: str, at: datetime, category: Category, reporter: User, home: Home, team: list[User]
    ) -> Story:
        """One report of `reporter`, filed at `at`, and what the team made of it."""
        report = self._report(number, at, category, reporter, home)
        story = Story(report, self.role_of, at)
        set_resolve_deadline(report, at)
        story.tell("submitted", reporter, Status.SUBMITTED)
        if not category.claimable:
            self._board(story)
        elif not self._turned_away(story):
            self._work(story, team)
        self._alarms(story)
        return story

    def _report(self, number: str, at: datetime, category: Category, reporter: User, home: Home) -> Report:
        title, text = self.rng.choice(words.REPORTS.get(category.slug, words.REPORTS[""]))
        pattern, floor = self.rng.choice(words.PLACES), self.rng.randint(1, 25)
        place = words.fill_place(pattern, building=home.building.name, unit=home.unit, floor=floor)
        return Report(
            id=UUID(int=self.rng.getrandbits(128), version=4),
            hashed_id=UUID(int=self.rng.getrandbits(128), version=4),
            number=number,
            community=self.community,
            category=category,
            title=title,
            description=text.format(place=place),
            address=place,
            building=home.building,
            reporter=reporter,
            reporter_home=home,
            status_since=at,
            created_at=at,
            updated_at=at,
        )

    def _later(self, story: Story, minutes: float) -> bool:
        """Go on by about so much; False where that has not come yet."""
        then = self.rhythm.after(story.at, minutes)
        if then > self.now:
            return False
        story.at = then
        return True

    def _left_lying(self, story: Story, share: float) -> bool:
        fresh = 1 - (self.now - story.at) / timedelta(days=LEFT_DAYS)
        return self.rng.random() < share * fresh

    def _board(self, story: Story) -> None:
        """A post stands until its author takes it off, or a month after they were asked and said nothing."""
        if self.rng.random() < 0.5:
            if self._later(story, 60 * 24 * 3):
                self._close(story, "confirm", story.report.reporter)
            return
        for days, kind in ((30, "still_there"), (30, "close")):
            if story.at + timedelta(days=days) > self.now:
                return
            story.at += timedelta(days=days)
            if kind == "close":
                self._close(story, kind, None)
            else:
                story.report.asked_at = story.at
                story.tell(kind, None)

    def _turned_away(self, story: Story) -> bool:
        """A few are taken back by who filed them, or dismissed by a manager."""
        drawn = self.rng.random()
        if drawn > 0.045 or not self._later(story, 8):
            return False
        if drawn < 0.025:
            story.tell("withdraw", story.report.reporter, Status.WITHDRAWN, self.rng.choice(words.WITHDRAWALS))
        else:
            by, why = self.rng.choice(self.managers), self.rng.choice(words.DISMISSALS)
            story.tell("dismiss", by, Status.DISMISSED, why)
        return True

    def _work(self, story: Story, team: list[User]) -> None:
        to_claim, to_resolve = PACE.get(story.report.category.slug, PACE[""])
        if self._left_lying(story, UNCLAIMED) or not self._later(story, to_claim):
            return
        self._claim(story, self.rng.choice(team))
        if self._left_lying(story, UNSOLVED):
            return
        if self.rng.random() < 0.04 and self._later(story, 25):
            story.end_claim(Claim.Outcome.RELEASED)
            by, why = story.claims[-1].staff, self.rng.choice(words.RELEASES)
            story.tell("release", by, Status.SUBMITTED, why)
            if not self._later(story, to_claim * 2):
                return
            self._claim(story, self.rng.choice(team))
        self._resolve(story, to_resolve)

    def _claim(self, story: Story, staff: User) -> None:
        report = story.report
        report.claimed_by, report.claimed_at = staff, story.at
        report.last_progress_at = story.at
        claim = Claim(report=report, staff=staff, claimed_at=story.at)
        claim.community, claim.filed_at = self.community, report.created_at
        claim.first = claim.held_before = claim.resolved_before = False  # `copies.mend` knows
        story.claims.append(claim)
        story.tell("claim", staff, Status.CLAIMED)

    def _resolve(self, story: Story, minutes: float) -> None:
        staff = story.report.claimed_by
        if self.rng.random() < 0.3 and self._later(story, minutes / 3):
            story.report.last_progress_at = story.at
            story.tell("progress", staff, None, self.rng.choice(words.PROGRESS))
        if not self._later(story, minutes):
            return
        story.report.resolved_at = story.claims[-1].resolved_at = story.at
        story.tell("resolve", staff, Status.RESOLVED, self.rng.choice(words.RESULTS))
        self._answer(story, minutes)

    def _answer(self, story: Story, minutes: float) -> None:
        """The reporter confirms, finds that it is not solved (once), or says nothing."""
        drawn = self.rng.random()
        again = sum(event.kind == "reopen" for event in story.events)
        if drawn < 0.06 and not again:
            if self._later(story, 300):
                story.report.resolved_at = None
                set_resolve_deadline(story.report, story.at)
                story.tell("reopen", story.report.reporter, Status.CLAIMED, self.rng.choice(words.REOPENS))
                if not self._left_lying(story, DISPUTED):
                    self._resolve(story, minutes)
        elif drawn < 0.6:
            if self._later(story, 240):
                self._rate(story, again)
        elif story.at + timedelta(days=self.community.auto_confirm_days) <= self.now:
            story.at += timedelta(days=self.community.auto_confirm_days)
            self._close(story, "close", None)

    def _rate(self, story: Story, again: int) -> None:
        """Who waited long, or twice, gives less."""
        report = story.report
        late = report.due_at is not None and report.resolved_at is not None and report.resolved_at > report.due_at
        weights = (8, 14, 25, 28, 25) if late or again else (1, 2, 8, 29, 60)
        score = self.rng.choices((1, 2, 3, 4, 5), weights)[0]
        comment = self.rng.choice(words.COMMENTS[score])
        story.rating = Rating(
            report=report,
            user=report.reporter,
            staff=report.claimed_by,
            score=score,
            comment=comment,
            created_at=story.at,
        )
        self._close(story, "confirm", report.reporter, note=comment, score=score)

    def _close(self, story: Story, kind: str, actor: User | None, note: str = "", **data: Any) -> None:
        story.report.closed_at = story.at
        story.end_claim(Claim.Outcome.CLOSED)
        story.tell(kind, actor, Status.CLOSED, note, **data)

    def _alarms(self, story: Story) -> None:
        """What the clock would have said: nothing of it is said again when the real one runs."""
        claimed = story.claims[0].claimed_at if story.claims else story.at
        self._alarm(story, "unclaimed", story.report.claim_due_at, claimed, Status.SUBMITTED)
        done = story.report.resolved_at or story.report.closed_at or story.at
        self._alarm(story, "overdue", story.report.due_at, done, story.status)

    def _alarm(self, story: Story, kind: str, due: datetime | None, until: datetime, status: str) -> None:
        report = story.report
        waits = story.status in (Status.SUBMITTED, Status.CLAIMED) and story.status == status
        if due is None or due > self.now or not (waits or until > due):
            return
        story.alarms.append(Alarm(report=report, kind=kind, about=due, fired_at=due))
        event = ReportEvent(report=report, kind=kind, at=due, actor=None)
        at = next((n for n, other in enumerate(story.events) if other.at > due), len(story.events))
        story.events.insert(at, event)
