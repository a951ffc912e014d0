"""What reports do when something happens in accounts, and what is recorded of what happens to them."""

from typing import Any

from django.dispatch import receiver
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Membership, Role
from accounts.records import name_actions
from accounts.services.recording import record
from accounts.signals import membership_ended

from .models import Claim, Report, ReportEvent
from .services import ignoring
from .services.engine import Change
from .signals import report_changed
from .states import EVENT_KINDS, Status, event_label

name_actions({f"report_{kind}": event_label(kind) for kind in EVENT_KINDS} | {"report_note": _("写内部备注")})


@receiver(report_changed, dispatch_uid="reports.record_change")
def record_change(sender: Any, report: Report, event: ReportEvent, **_: Any) -> None:
    """Who did it. What was said stands in the event, which erasure can blank; a record keeps no words of people."""
    if event.actor is not None:
        record(f"report_{event.kind}", actor=event.actor, community=report.community_id, subject=report.number)


@receiver(membership_ended, dispatch_uid="reports.give_back_claims")
def give_back_claims(sender: Any, membership: Membership, **_: Any) -> None:
    """A staff member who is gone, or whose remaining roles do not reach a report, gives back what they hold of it."""
    if membership.role.kind != Role.Kind.STAFF:
        return
    held = Report.objects.select_for_update(of=("self",)).filter(
        community=membership.community_id, claimed_by=membership.user_id, status=Status.CLAIMED
    )
    for report in held.select_related("community", "category").order_by("pk"):
        if not _still_reached(report, membership):
            change = Change(report, None, timezone.now(), "removed")
            change.let_go(Claim.Outcome.REMOVED)
            change.move(Status.SUBMITTED)
            change.finish()
    ignoring.after_a_removal(membership, timezone.now())


def _still_reached(report: Report, ended: Membership) -> bool:
    """Is the person still staff there, and was this report not theirs by the role that ended alone?"""
    left = Membership.objects.filter(
        user=ended.user_id,
        community=report.community_id,
        status=Membership.Status.ACTIVE,
        role__kind=Role.Kind.STAFF,
    ).exclude(pk=ended.pk)
    if not left.exists():
        return False
    by_ended = ended.role.tags.filter(reports=report).exists()
    return not by_ended or left.filter(role__tags__reports=report).exists()
