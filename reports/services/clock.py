"""What happens to reports because time passes. Each fires once, survives a stopped clock, and is an event."""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from itertools import islice
from uuid import UUID

import structlog
from django.db import transaction
from django.db.models import DateTimeField, DurationField, Exists, ExpressionWrapper, F, OuterRef, Q

from accounts.calendar import add_minutes, next_working_days
from community_report.core.queue import OutOfTime
from reports.models import Alarm, Claim, Report
from reports.policies import BOARD_FOR
from reports.signals import report_alarmed
from reports.states import Status

from .engine import Change, lock_report

log = structlog.get_logger(__name__)

#: Reports handled in one go; the next sweep takes the rest.
BATCH = 200
#: A sweep has other work, and a task's soft limit is 22 seconds.
SECONDS = 6.0
#: How often the managers are told again of a deadline that has passed: once a working day.
REPEATS = 3


@dataclass(frozen=True)
class Deadline:
    """One of a report's deadlines: the fields of its time and its reminder's, the statuses that it holds in, and the
    alarms before it, at it, and on the working days after it.
    """

    due: str
    remind: str
    statuses: frozenset[Status]
    soon: str
    late: str
    again: str

    def holds(self, report: Report) -> datetime | None:
        """The deadline of a report that has yet to meet it."""
        due: datetime | None = getattr(report, self.due)
        return due if report.status in self.statuses and report.category.claimable else None


CLAIM = Deadline(
    due="claim_due_at",
    remind="claim_remind_at",
    statuses=frozenset({Status.SUBMITTED}),
    soon="claim_soon",
    late="unclaimed",
    again="unclaimed_again",
)
RESOLVE = Deadline(
    due="due_at",
    remind="remind_at",
    statuses=frozenset({Status.SUBMITTED, Status.CLAIMED}),
    soon="due_soon",
    late="overdue",
    again="overdue_again",
)


def fire_deadlines(now: datetime) -> None:
    """Fire what is due at `now`, for `SECONDS` at most. Each report is its own transaction, so one failure stops no
    other. Of the alarms of one deadline that a stopped clock has missed, the last is given.
    """
    each = partial(_each, time.monotonic() + SECONDS)
    each(_soon(CLAIM, now), lambda report: _remind(report, CLAIM, now))
    each(_soon(RESOLVE, now), lambda report: _remind(report, RESOLVE, now))
    each(_late(CLAIM, now), lambda report: _alarm(report, CLAIM, now))
    each(_late(RESOLVE, now), lambda report: _alarm(report, RESOLVE, now))
    each(_to_repeat(CLAIM, now), lambda report: _repeat(report, CLAIM, now))
    each(_to_repeat(RESOLVE, now), lambda report: _repeat(report, RESOLVE, now))
    each(_leased(now), lambda report: _lease(report, now))
    each(_unconfirmed(now), lambda report: _close(report, now))
    each(_old_posts(now), lambda report: _ask(report, now))
    each(_unanswered_posts(now), lambda report: _close(report, now))


def _each(end: float, ids: Iterable[UUID], fire: Callable[[Report], None]) -> None:
    """One report after the other, until `end` (monotonic seconds)."""
    for pk in list(ids):
        if time.monotonic() > end:
            return
        try:
            with transaction.atomic():
                lock_report(pk)
                fire(Report.objects.select_related("community", "category", "claimed_by").get(pk=pk))
        except OutOfTime:
            raise
        except Exception:
            log.exception("deadline_failed", report=str(pk))


def _soon(deadline: Deadline, now: datetime) -> Iterable[UUID]:
    """Whose reminder is due, and the deadline itself not yet."""
    times = {f"{deadline.remind}__lte": now, f"{deadline.due}__gt": now}
    due = Report.objects.filter(status__in=deadline.statuses, category__claimable=True, **times)
    return due.exclude(_fired(deadline.soon, deadline.due)).values_list("pk", flat=True)[:BATCH]


def _late(deadline: Deadline, now: datetime) -> Iterable[UUID]:
    times = {f"{deadline.due}__lte": now}
    due = Report.objects.filter(status__in=deadline.statuses, category__claimable=True, **times)
    return due.exclude(_fired(deadline.late, deadline.due)).values_list("pk", flat=True)[:BATCH]


def _fired(kind: str, deadline: str) -> Exists:
    return Exists(Alarm.objects.filter(report=OuterRef("pk"), kind=kind, about=OuterRef(deadline)))


def _to_repeat(deadline: Deadline, now: datetime) -> Iterable[UUID]:
    due = Alarm.objects.filter(kind=deadline.late, repeat_at__lte=now).order_by("repeat_at")
    return due.values_list("report_id", flat=True)[:BATCH]


def _remind(report: Report, deadline: Deadline, now: datetime) -> None:
    due, remind = deadline.holds(report), getattr(report, deadline.remind)
    if due is not None and remind is not None and remind <= now < due:
        _give(report, deadline.soon, due, now)


def _alarm(report: Report, deadline: Deadline, now: datetime) -> None:
    due = deadline.holds(report)
    if due is None or due > now:
        return
    alarm = _give(report, deadline.late, due, now)
    if alarm is not None:
        _plan(alarm, report, now)


def _repeat(report: Report, deadline: Deadline, now: datetime) -> None:
    """Tell the managers again, where it is the same deadline still and they do not hear worse of it already."""
    for alarm in Alarm.objects.filter(report=report, kind=deadline.late, repeat_at__lte=now):
        if deadline.holds(report) != alarm.about or (deadline is CLAIM and report.is_overdue(now)):
            Alarm.objects.filter(pk=alarm.pk).update(repeat_at=None)
            continue
        _tell(report, deadline.again, now)
        _plan(alarm, report, now)


def _plan(alarm: Alarm, report: Report, now: datetime) -> None:
    """The next of the times to tell the managers again; those that have passed are not made up for."""
    times = islice(next_working_days(report.community, alarm.about), REPEATS)
    alarm.repeat_at = next((time for time in times if time > now), None)
    alarm.save(update_fields=["repeat_at"])


def _give(report: Report, kind: str, about: datetime, now: datetime) -> Alarm | None:
    """Write the alarm and tell; None where another sweep that got here first has told already."""
    alarm, first = Alarm.objects.get_or_create(report=report, kind=kind, about=about)
    if not first:
        return None
    _tell(report, kind, now)
    return alarm


def _tell(report: Report, kind: str, now: datetime) -> None:
    report.told_overdue = report.told_overdue or kind == RESOLVE.late
    event = Change(report, None, now, kind).finish()
    report_alarmed.send(sender=Report, report=report, kind=kind, event=event)


def _leased(now: datetime) -> Iterable[UUID]:
    """Claims that may be too old, the oldest first: for a reminder that was not given, or to be released.

    By plain minutes; working hours can only make it later.
    """
    lease = ExpressionWrapper(F("category__lease_minutes") * timedelta(minutes=1), output_field=DurationField())
    since = F("last_progress_at")
    claimed = Report.objects.filter(status=Status.CLAIMED, category__lease_minutes__gt=0).alias(
        once=ExpressionWrapper(since + lease, output_field=DateTimeField()),
        twice=ExpressionWrapper(since + lease + lease, output_field=DateTimeField()),
        reminded=Exists(
            Alarm.objects.filter(report=OuterRef("pk"), kind="lease", about__gt=OuterRef("last_progress_at"))
        ),
    )
    due = claimed.filter(Q(twice__lte=now) | Q(once__lte=now, reminded=False))
    return due.order_by("last_progress_at").values_list("pk", flat=True)[:BATCH]


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
        _give(report, "lease", due, now)


def _unconfirmed(now: datetime) -> Iterable[UUID]:
    """Resolved, and nobody has answered for the community's `auto_confirm_days`."""
    patience = ExpressionWrapper(F("community__auto_confirm_days") * timedelta(days=1), output_field=DurationField())
    over = ExpressionWrapper(F("status_since") + patience, output_field=DateTimeField())
    due = Report.objects.filter(status=Status.RESOLVED).annotate(over=over)
    return due.filter(over__lte=now).values_list("pk", flat=True)[:BATCH]


def _close(report: Report, now: datetime) -> None:
    unanswered = report.on_show and report.asked_at is not None
    if report.status != Status.RESOLVED and not unanswered:
        return
    change = Change(report, None, now, "close")
    report.closed_at = now
    change.let_go(Claim.Outcome.CLOSED)
    change.move(Status.CLOSED)
    change.finish()


def _old_posts(now: datetime) -> Iterable[UUID]:
    posts = Report.objects.on_show().filter(asked_at=None)
    return posts.filter(status_since__lte=now - BOARD_FOR).values_list("pk", flat=True)[:BATCH]


def _ask(report: Report, now: datetime) -> None:
    """Does this post still stand? A comment of its author says so; silence closes it."""
    if report.status != Status.SUBMITTED or report.asked_at is not None:
        return
    report.asked_at = now
    _tell(report, "still_there", now)


def _unanswered_posts(now: datetime) -> Iterable[UUID]:
    posts = Report.objects.on_show()
    return posts.filter(asked_at__lte=now - BOARD_FOR).values_list("pk", flat=True)[:BATCH]
