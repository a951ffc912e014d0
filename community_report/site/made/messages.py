"""What WeChat was asked to deliver of the made-up reports."""

from collections.abc import Iterator
from datetime import timedelta
from random import Random
from uuid import UUID

from accounts.models import Community, User
from dispatch.kinds import Kind
from dispatch.models import Delivery, Outbox
from dispatch.wording import SENTENCES
from reports.models import ReportEvent

from .bulk import copy_in, numbered
from .stories import Story

#: Which events told whom: the staff of the report's tags (one of them here, and who claimed it), or who reported it.
TO_STAFF = {"submitted": Kind.NEW_REPORT}
TO_REPORTER = {"claim": Kind.CLAIMED, "resolve": Kind.RESOLVED, "dismiss": Kind.DISMISSED}
#: Of a hundred messages: delivered, sent and nothing more heard, not pushed, given up.
OUTCOMES = {
    Delivery.Status.DELIVERED: 90,
    Delivery.Status.SENT: 4,
    Delivery.Status.SKIPPED: 3,
    Delivery.Status.DEAD: 3,
}
CODES = {Delivery.Status.SKIPPED: "43004", Delivery.Status.DEAD: "user block"}


class Messages:
    def __init__(self, rng: Random, community: Community) -> None:
        self.rng, self.community = rng, community

    def keep(self, stories: list[Story]) -> None:
        """The outbox and the ledger of these stories' messages."""
        told = [(event, kind, user) for story in stories for event, kind, user in self._told(story)]
        outbox = {event.pk: self._outbox(event, kind) for event, kind, _user in told}
        copy_in(Outbox, numbered(outbox.values()))
        copy_in(Delivery, [self._delivery(outbox[event.pk], event, kind, user) for event, kind, user in told])

    def _told(self, story: Story) -> Iterator[tuple[ReportEvent, Kind, User]]:
        staff = {claim.staff.pk: claim.staff for claim in story.claims}
        for event in story.events:
            if event.kind in TO_STAFF:
                yield from ((event, TO_STAFF[event.kind], user) for user in staff.values())
            elif event.kind in TO_REPORTER and story.report.reporter:
                yield event, TO_REPORTER[event.kind], story.report.reporter

    def _outbox(self, event: ReportEvent, kind: Kind) -> Outbox:
        return Outbox(
            key=f"event:{event.pk}:{kind.value}",
            kind=kind,
            community=self.community,
            report=event.report,
            actor=event.actor,
            data={"occasion": event.kind, "event": event.pk},
            created_at=event.at,
            routed_at=event.at,
            attempts=1,
        )

    def _delivery(self, outbox: Outbox, event: ReportEvent, kind: Kind, user: User) -> Delivery:
        report = event.report
        status = self.rng.choices(list(OUTCOMES), list(OUTCOMES.values()))[0]
        reached = status in (Delivery.Status.DELIVERED, Delivery.Status.SENT)
        sent = event.at + timedelta(seconds=self.rng.uniform(0.3, 4)) if reached else None
        read = sent + timedelta(minutes=self.rng.expovariate(1 / 40)) if sent and self.rng.random() < 0.7 else None
        tag = next((tag.name for tag in report.category.tags.all()), report.category.name)
        return Delivery(
            id=UUID(int=self.rng.getrandbits(128), version=4),
            outbox=outbox,
            user=user,
            kind=kind,
            community=self.community,
            report=report,
            text=str(SENTENCES[kind]) % {"title": report.title, "tag": tag},
            path=f"/h5/reports/{report.pk}",
            status=status,
            channel="" if status == Delivery.Status.SKIPPED else "template",
            code=CODES.get(status, ""),
            attempts=0 if status == Delivery.Status.SKIPPED else 1,
            due_at=event.at,
            created_at=event.at,
            sent_at=sent,
            delivered_at=sent + timedelta(seconds=1) if sent and status == Delivery.Status.DELIVERED else None,
            read_at=read,
        )
