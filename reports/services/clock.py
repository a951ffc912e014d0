"""What happens to reports because time passes. Each fires once, survives a stopped clock, and is an event."""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from django.db import transaction
from django.db.models import DateTimeField, DurationField, Exists, ExpressionWrapper, F, OuterRef

from accounts.calendar import add_minutes
from reports.models import Alarm, Claim, Report
from reports.signals import report_alarmed
from reports.states import Status

from .engine import Change, lock_report

log = structlog.get_logger(__name__)

#: A board post's author is asked after this long whether it still stands, and it closes as long after that.
BOARD_DAYS = 30
#: Reports handled in one go; the next sweep takes the rest.
BATCH = 200


def fire_deadlines(now: datetime) -> None:
    """Fire everything that is due at `now`. Each report is its own transaction, so one failure stops no other."""
    _each(_unclaimed(now), lambda report: _alarm(report, "unclaimed", report.claim_due_at, now))
    _each(_overdue(now), lambda report: _alarm(report, "overdue", report.due_at, now))
    _each(_leased(), lambda report: _lease(report, now))
    _each(_unconfirmed(now), lambda report: _close(report, now))
    _each(_old_posts(now), lambda report: _ask(report, now))
    _each(_unanswered_posts(now), lambda report: _close(report, now))


def _each(ids: Iterable[UUID], fire: Callable[[Report], None]) -> None:
    for pk in list(ids)[:BATCH]:
        try:
            with transaction.atomic():
                lock_report(pk)
                fire(Report.objects.select_related("community", "category", "claimed_by").get(pk=pk))
        except Exception:
            log.exception("deadline_failed", report=str(pk))


def _unclaimed(now: datetime) -> Iterable[UUID]:
    due = Report.objects.filter(status=Status.SUBMITTED, claim_due_at__lte=now, category__claimable=True)
    return due.exclude(_fired("unclaimed", "claim_due_at")).values_list("pk", flat=True)[:BATCH]


def _overdue(now: datetime) -> Iterable[UUID]:
    due = Report.objects.overdue(now).filter(category__claimable=True)
    return due.exclude(_fired("overdue", "due_at")).values_list("pk", flat=True)[:BATCH]


def _fired(kind: str, deadline: str) -> Exists:
    return Exists(Alarm.objects.filter(report=OuterRef("pk"), kind=kind, about=OuterRef(deadline)))


def _alarm(report: Report, kind: str, about: datetime | None, now: datetime) -> None:
    """Write the alarm and tell; another sweep that got here first has told already."""
    waiting = {Status.SUBMITTED} if kind == "unclaimed" else {Status.SUBMITTED, Status.CLAIMED}
    if about is None or about > now or report.status not in waiting:
        return
    _alarmed, first = Alarm.objects.get_or_create(report=report, kind=kind, about=about)
    if first:
        _tell(report, kind, now)


def _tell(report: Report, kind: str, now: datetime) -> None:
    event = Change(report, None, now, kind).finish()
    report_alarmed.send(sender=Report, report=report, kind=kind, event=event)


def _leased() -> Iterable[UUID]:
    return Report.objects.filter(status=Status.CLAIMED, category__lease_minutes__gt=0).values_list("pk", flat=True)


def _lease(report: Report, now: datetime) -> None:
    """A claim without progress: reminded at the category's age, released at twice it."""
    since, minutes = report.last_progress_at, report.category.lease_minutes
    if report.status != Status.CLAIMED or since is None or not minutes:
        return
    if add_minutes(report.community, since, 2 * minutes, report.category.clock) <= now:
        change = Change(report, None, now, "expire")
        change.let_go(Claim.Outcome.EXPIRED)
        change.move(Status.SUBMITTED)
        change.finish()
    elif (due := add_minutes(report.community, since, minutes, report.category.clock)) <= now:
        _alarm_lease(report, due, now)


def _alarm_lease(report: Report, due: datetime, now: datetime) -> None:
    _alarmed, first = Alarm.objects.get_or_create(report=report, kind="lease", about=due)
    if first:
        _tell(report, "lease", now)


def _unconfirmed(now: datetime) -> Iterable[UUID]:
    """Resolved, and nobody has answered for the community's `auto_confirm_days`."""
    patience = ExpressionWrapper(F("community__auto_confirm_days") * timedelta(days=1), output_field=DurationField())
    over = ExpressionWrapper(F("status_since") + patience, output_field=DateTimeField())
    due = Report.objects.filter(status=Status.RESOLVED).annotate(over=over)
    return due.filter(over__lte=now).values_list("pk", flat=True)[:BATCH]


def _close(report: Report, now: datetime) -> None:
    if report.status not in (Status.RESOLVED, Status.SUBMITTED):
        return
    if report.status == Status.SUBMITTED and (report.category.claimable or report.asked_at is None):
        return
    change = Change(report, None, now, "close")
    report.closed_at = now
    change.let_go(Claim.Outcome.CLOSED)
    change.move(Status.CLOSED)
    change.finish()


def _old_posts(now: datetime) -> Iterable[UUID]:
    posts = Report.objects.filter(status=Status.SUBMITTED, category__claimable=False, asked_at=None)
    return posts.filter(status_since__lte=now - timedelta(days=BOARD_DAYS)).values_list("pk", flat=True)[:BATCH]


def _ask(report: Report, now: datetime) -> None:
    """Does this post still stand? A comment of its author says so; silence closes it."""
    if report.status != Status.SUBMITTED or report.asked_at is not None:
        return
    report.asked_at = now
    _tell(report, "still_there", now)


def _unanswered_posts(now: datetime) -> Iterable[UUID]:
    posts = Report.objects.filter(status=Status.SUBMITTED, category__claimable=False)
    return posts.filter(asked_at__lte=now - timedelta(days=BOARD_DAYS)).values_list("pk", flat=True)[:BATCH]
