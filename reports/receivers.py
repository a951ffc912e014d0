"""What reports do when something happens in accounts, and what is recorded of what happens to them."""

from typing import Any

from django.dispatch import receiver
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Membership, Role, User
from accounts.records import name_actions
from accounts.services.recording import record
from accounts.signals import membership_ended, person_disabled

from .models import Claim, Report, ReportEvent
from .services import ignoring
from .services.engine import Change
from .services.leaving import given_back, held_there
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
    held = held_there(membership).select_for_update(of=("self",)).order_by("pk")
    # Held before it is asked which go back: somebody may be changing their category at this moment.
    back = given_back([membership]).filter(pk__in=[report.pk for report in held])
    for report in back.select_related("community", "category").order_by("pk"):
        _take_back(report)
    ignoring.after_a_removal(membership, timezone.now())


@receiver(person_disabled, dispatch_uid="reports.give_back_all_claims")
def give_back_all_claims(sender: Any, person: User, **_: Any) -> None:
    """Whose account is disabled gives back whatever they hold: their bindings stay, but nobody acts by them."""
    # Memberships before reports, as everywhere: a claim that they are making now is waited for.
    work = Membership.objects.active().filter(user=person, role__kind=Role.Kind.STAFF).order_by("pk")
    left = list(work.select_for_update(of=("self",), no_key=True).select_related("role"))
    held = Report.objects.held_by([person]).select_for_update(of=("self",))
    for report in held.select_related("community", "category").order_by("pk"):
        _take_back(report)
    for membership in left:
        ignoring.after_a_removal(membership, timezone.now())


def _take_back(report: Report) -> None:
    change = Change(report, None, timezone.now(), "removed")
    change.let_go(Claim.Outcome.REMOVED)
    change.move(Status.SUBMITTED)
    change.finish()
