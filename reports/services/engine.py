"""How a transition happens: lock, ask the table, ask the policy, write, add the event, announce – one transaction."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Max
from django.utils.translation import gettext as _

from accounts.calendar import add_minutes
from accounts.models import Membership, Role, User
from community_report.core.errors import NotFound
from reports.models import Attachment, Claim, Report, ReportEvent
from reports.policies import Viewer
from reports.signals import report_changed
from reports.states import Action, Party, Status

from .attachments import MediaItem, add_attachments


@dataclass
class Change:
    """One transition on its way: the locked report, who acts, and what will be written."""

    report: Report
    actor: User | None
    now: datetime
    kind: str
    role: str = ""
    note: str = ""
    data: dict[str, Any] = field(default_factory=dict)
    media: Sequence[MediaItem] = ()
    from_status: str | None = None
    to_status: str | None = None

    def move(self, to: Status) -> None:
        """Enter another status (or the same one again, as assigning does)."""
        self.from_status, self.to_status = self.report.status, to.value
        self.report.status = to
        self.report.status_since = self.now
        if to == Status.SUBMITTED:
            self.report.claimed_by, self.report.claimed_at = None, None
            set_claim_deadline(self.report, self.now)

    def hold(self, staff: User) -> None:
        """Give the report to one staff member; the database refuses a second open claim."""
        claims = Claim.objects.filter(report=self.report).values_list("staff_id", "resolved_at")
        before = list(claims) if self.report.last_progress_at else []  # set by the first claim, and for good
        own = [result for holder, result in before if holder == staff.pk]
        Claim.objects.create(
            report=self.report,
            staff=staff,
            claimed_at=self.now,
            community_id=self.report.community_id,
            filed_at=self.report.created_at,
            first=not before,
            held_before=bool(own),
            resolved_before=any(own),
        )
        self.report.claimed_by, self.report.claimed_at = staff, self.now
        self.report.last_progress_at = self.now

    def let_go(self, outcome: Claim.Outcome) -> None:
        """End the open claim, if there is one."""
        Claim.objects.filter(report=self.report, ended_at=None).update(ended_at=self.now, outcome=outcome)

    def finish(self) -> ReportEvent:
        """Write report and event, attach what came with it, and announce it."""
        self.report.updated_at = self.now
        self.report.save()
        event = ReportEvent.objects.create(
            report=self.report,
            kind=self.kind,
            at=self.now,
            actor=self.actor,
            actor_role=self.role,
            from_status=self.from_status,
            to_status=self.to_status,
            note=self.note,
            data=self.data,
        )
        attachments: list[Attachment] = []
        if self.media:
            attachments = add_attachments(uploader=self.actor, items=self.media, report=self.report, event=event)
        report_changed.send(sender=Report, report=self.report, event=event, attachments=attachments)
        return event


def set_claim_deadline(report: Report, start: datetime) -> None:
    """By when somebody should have claimed it, counted from `start`, and when they are reminded of that."""
    minutes = report.category.claim_minutes
    report.claim_due_at = _after(report, start, minutes)
    report.claim_remind_at = _after(report, start, _reminder(minutes))


def set_resolve_deadline(report: Report, start: datetime) -> None:
    """By when it should be resolved, counted from `start`, and when they are reminded of that."""
    minutes = report.category.resolve_minutes
    report.due_at = _after(report, start, minutes)
    report.remind_at = _after(report, start, _reminder(minutes))


def renew_deadlines(report: Report, now: datetime) -> None:
    """After another category: those that have not passed. To solve it counts from filing, or from what began it anew;
    to claim it from now, when other people hear of it.
    """
    if report.due_at is None or report.due_at > now or not report.category.claimable:
        began = report.events.filter(kind__in=_BEGINNINGS).aggregate(last=Max("at"))["last"]
        set_resolve_deadline(report, began or report.created_at)
    if report.claim_due_at is None or report.claim_due_at > now or not report.category.claimable:
        set_claim_deadline(report, now)


#: Events that give the whole time to solve it again.
_BEGINNINGS = (Action.REOPEN, Action.RESTORE)


def _after(report: Report, start: datetime, minutes: int) -> datetime | None:
    """When `minutes` after `start` are over by the category's clock; 0 minutes: never."""
    if not minutes or not report.category.claimable:
        return None
    return add_minutes(report.community, start, minutes, report.category.clock)


def _reminder(minutes: int) -> int:
    """After how many of these minutes to remind: when four fifths are over; 0 where that would leave no minute."""
    left = minutes // 5
    return minutes - left if left else 0


def lock_report(report_id: UUID) -> None:
    """Wait for, and hold, the report's row until the transaction ends."""
    if not Report.objects.select_for_update(of=("self",)).filter(pk=report_id).order_by().values_list("pk").first():
        raise not_found()


def _locked(actor: User, report_id: UUID, action: Action) -> Report:
    """The report as it is once nobody else can change it.

    Of many who claim at once, those who lost find no `submitted` row when they wake, and are refused without holding
    the lock: otherwise each would wait for the refusals of all before it, and time out.
    """
    if action == Action.CLAIM:
        free = Report.objects.select_for_update(of=("self",)).filter(pk=report_id, status=Status.SUBMITTED)
        if not free.order_by().values_list("pk").first():
            report = Report.objects.for_view(actor).get(pk=report_id)
            if report.status != Status.SUBMITTED:
                return report  # nothing is written: a refusal, or the claimant once more
    lock_report(report_id)
    return Report.objects.for_view(actor).get(pk=report_id)


def lock_staff(user_id: UUID, community_id: int) -> bool:
    """Hold a staff member's memberships, so that a removal waits for us or we see it. False: not staff there."""
    rows = Membership.objects.select_for_update(of=("self",), no_key=True).filter(
        user=user_id, community=community_id, status=Membership.Status.ACTIVE, role__kind=Role.Kind.STAFF
    )
    return bool(list(rows))


def not_found() -> NotFound:
    return NotFound(_("没有找到这条报单，或您无权查看"))


def begin(*, actor: User, report_id: UUID, action: Action) -> tuple[Change, Viewer]:
    """Inside a transaction: lock, look again, and refuse what this person cannot do now.

    Raises NotFound (may not know of it), Forbidden, Conflict (`already_claimed`, `wrong_state`), 429 for urging.
    """
    community = Report.objects.filter(pk=report_id).values_list("community_id", flat=True).first()
    if community is None:
        raise not_found()
    if action in (Action.CLAIM, Action.RELEASE, Action.PROGRESS, Action.RESOLVE):
        lock_staff(actor.pk, community)
    if action == Action.CLAIM:  # who is late already need not wait for the lock to hear it
        _judge(Viewer.of(actor), Report.objects.for_view(actor).get(pk=report_id), action)
    report = _locked(actor, report_id, action)
    viewer = Viewer.of(actor)
    _judge(viewer, report, action)
    return Change(report, actor, viewer.now, action.value, role=role_slug(viewer, report, action)), viewer


def _judge(viewer: Viewer, report: Report, action: Action) -> None:
    """Raise why this person cannot do this now, if they cannot."""
    if not knows_of(viewer, report, action):
        raise not_found()
    refusal = viewer.refusal(report, action)
    if refusal is not None:
        raise refusal


def knows_of(viewer: Viewer, report: Report, action: Action) -> bool:
    """Following is how a neighbour comes to know of a private report, so it needs the community only."""
    if viewer.may_read(report) or report.following_:
        return True
    return action == Action.FOLLOW and Party.NEIGHBOUR in viewer.parties(report)


def role_slug(viewer: Viewer, report: Report, action: Action | None = None) -> str:
    """In which role a person acts: the slug that the timeline shows."""
    parties = viewer.parties(report)
    if Party.MANAGER in parties and action in _MANAGERS_OWN:
        return "manager"
    if parties & {Party.STAFF, Party.CLAIMANT} and action in _STAFFS_OWN:
        return _staff_slug(viewer, report)
    return "resident"


_MANAGERS_OWN = {Action.ASSIGN, Action.DISMISS, Action.RECATEGORIZE, Action.MERGE, Action.RESTORE, Action.CONFIRM}
_STAFFS_OWN = {Action.CLAIM, Action.IGNORE, Action.RELEASE, Action.PROGRESS, Action.RESOLVE}


def _staff_slug(viewer: Viewer, report: Report) -> str:
    """The role that the tags lead to, else any staff role of the person in the community."""
    led = [r for tag in report.tags.all() for r in tag.roles.all() if r.pk in viewer.standing.staff_roles]
    if led:
        return led[0].slug
    own = Role.objects.filter(pk__in=viewer.standing.staff_roles, community=report.community_id).first()
    return own.slug if own else "staff"


def still_serves(report: Report, staff: User | None) -> bool:
    """Is this staff member still there, and held (until we commit)?"""
    if staff is None or not lock_staff(staff.pk, report.community_id):
        return False
    return User.objects.filter(pk=staff.pk, is_active=True).exists()  # once held: not what was read before


def give_back_or_keep(change: Change) -> None:
    """Reopening: to the same staff member where they still serve, else to everybody its tags lead to."""
    staff = change.report.claimed_by
    change.report.resolved_at = change.report.closed_at = change.report.score = None
    change.report.reopened = True
    Claim.objects.filter(report=change.report, resolved_at__isnull=False).update(reopened=True)
    set_resolve_deadline(change.report, change.now)
    if change.report.category.claimable and still_serves(change.report, staff):
        assert staff is not None
        if not Claim.objects.filter(report=change.report, ended_at=None).exists():
            change.hold(staff)
        change.report.last_progress_at = change.now
        change.move(Status.CLAIMED)
    else:
        change.let_go(Claim.Outcome.REMOVED)
        change.move(Status.SUBMITTED)


def reread(actor: User, report_id: UUID) -> Report:
    """The report as it now is, for showing."""
    return Report.objects.for_view(actor).with_events().get(pk=report_id)
