"""Made-up histories of reports, lived through the services: by a seed, at random, whatever the state machine allows."""

import heapq
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from random import Random

import time_machine

from accounts.models import Community, Membership, User
from accounts.services.bindings import revoke_membership
from accounts.services.erasure import erase_identity
from community_report.core.errors import DomainError
from reports.models import Category, Report
from reports.services import clock, transitions
from reports.similar import mergeable
from tests.factories import Cast, bind, make_home, make_person, role_of

#: What may come next, by status; a verb stands as often as it is likely.
NEXT = {
    "submitted": "claim claim claim claim assign recategorize dismiss withdraw merge pass_by",
    "claimed": "resolve resolve resolve resolve release assign recategorize dismiss merge leave stop",
    "resolved": "confirm confirm confirm reopen stop",
    "closed": "reopen rate",
    "dismissed": "restore stop",
}
#: How often the clock looks at the deadlines.
SWEEP = timedelta(hours=16)


@dataclass
class History:
    """Lives from `start` on. Afterwards the clock stands at `now`."""

    cast: Cast
    chance: Random
    now: datetime

    def live(self, reports: int, days: int) -> None:
        """So many reports filed over so many days, in both communities, and the deadlines that pass meanwhile."""
        places = [self.cast, replace(self.cast, community=self.cast.other_community)]
        moments = [self.now + timedelta(days=days * self.chance.random()) for _ in range(reports)]
        due: list[tuple[datetime, int, Report | None]] = [(at, n, None) for n, at in enumerate(moments)]
        heapq.heapify(due)
        end = self.now + timedelta(days=days)
        with time_machine.travel(self.now, tick=False) as traveller:
            swept = self.now
            while due and due[0][0] < end:
                self.now, order, report = heapq.heappop(due)
                traveller.move_to(self.now)
                if self.now - swept > SWEEP:
                    clock.fire_deadlines(swept := self.now)
                report = self._go_on(report) if report else self._file(places[order % 4 == 0])
                if report is not None:
                    heapq.heappush(due, (self._later(), order, report))

    def _later(self) -> datetime:
        return self.now + timedelta(minutes=self.chance.choice([3, 20, 200, 1500]) * (0.5 + self.chance.random()))

    def _file(self, place: Cast) -> Report:
        address = self.chance.choice(["6幢大厅", "9幢3层", "门口"])
        return place.report(self.chance.choice(["hygiene", "hygiene", "repair", "lost"]), address=address)

    def _go_on(self, report: Report) -> Report | None:
        """One more step, where the policy allows it; None where nothing follows but what the clock does."""
        report.refresh_from_db()
        words = NEXT.get(report.status, "stop").split()
        word = self.chance.choice(words)
        if word == "stop":
            return None
        try:
            getattr(self, f"_{word}")(report)
        except DomainError:  # not this person, not now: something else may follow
            return report if self.chance.random() < 0.7 else None
        return report

    @property
    def _somebody(self) -> User:
        return self.chance.choice([self.cast.cleaner, self.cast.cleaner2, self.cast.plumber])

    def _claim(self, report: Report) -> None:
        transitions.claim_report(actor=self._somebody, report_id=report.pk)

    def _assign(self, report: Report) -> None:
        transitions.assign_report(actor=self.cast.manager, report_id=report.pk, user_id=self._somebody.pk)

    def _recategorize(self, report: Report) -> None:
        category = self.chance.choice(["hygiene", "repair"])
        transitions.recategorize_report(actor=self.cast.manager, report_id=report.pk, category=category, reason="错了")

    def _dismiss(self, report: Report) -> None:
        transitions.dismiss_report(actor=self.cast.manager, report_id=report.pk, reason="不属实")

    def _restore(self, report: Report) -> None:
        transitions.restore_report(actor=self.cast.manager, report_id=report.pk, reason="属实")

    def _withdraw(self, report: Report) -> None:
        transitions.withdraw_report(actor=self.cast.resident, report_id=report.pk)

    def _merge(self, report: Report) -> None:
        others = mergeable(report)
        into = others.order_by("created_at").first()
        if into is not None:
            transitions.merge_report(actor=self.cast.manager, report_id=report.pk, into_id=into.pk)

    def _release(self, report: Report) -> None:
        transitions.release_report(actor=_holder(report), report_id=report.pk, reason="太忙")

    def _leave(self, report: Report) -> None:
        """Who holds it loses every staff role in its community, and is given them again the same day."""
        staff = {"community": report.community_id, "role__kind": "staff", "status": "active"}
        for membership in Membership.objects.filter(user=_holder(report), **staff):
            revoke_membership(actor=self.cast.manager, membership=membership)
            bind(_holder(report), membership.role)

    def _pass_by(self, report: Report) -> None:
        """Somebody new holds it, may give a result, and erases who they were."""
        new = make_person("路过", f"137{self.chance.randrange(10**8):08}")
        bind(new, role_of(report.community, "cleaner"))
        transitions.assign_report(actor=self.cast.manager, report_id=report.pk, user_id=new.pk)
        if self.chance.random() < 0.5:
            transitions.resolve_report(actor=new, report_id=report.pk, note="好了")
        erase_identity(actor=new)

    def _resolve(self, report: Report) -> None:
        transitions.resolve_report(actor=_holder(report), report_id=report.pk, note="好了")

    def _confirm(self, report: Report) -> None:
        score = self.chance.randint(1, 5)
        transitions.confirm_report(actor=self.cast.resident, report_id=report.pk, score=score)

    def _reopen(self, report: Report) -> None:
        transitions.reopen_report(actor=self.cast.resident, report_id=report.pk, reason="没好")

    def _rate(self, report: Report) -> None:
        transitions.rate_report(actor=self.cast.resident, report_id=report.pk, score=self.chance.randint(1, 5))


def _holder(report: Report) -> User:
    assert report.claimed_by is not None
    return report.claimed_by


def settle(cast: Cast) -> None:
    """The whole cast works and lives in the other community too, which is on another clock; claims expire."""
    other = cast.other_community
    Community.objects.filter(pk=other.pk).update(timezone="Europe/Berlin")
    for building in ("6幢", "9幢"):
        make_home(cast.community, building)
    bind(cast.resident, role_of(other, "resident"), make_home(other, "12幢"))
    for person, role in ((cast.cleaner, "cleaner"), (cast.cleaner2, "cleaner"), (cast.plumber, "plumber")):
        bind(person, role_of(other, role))
    bind(cast.manager, role_of(other, "manager"))
    Category.objects.filter(claimable=True).update(lease_minutes=900)
