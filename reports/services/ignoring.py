"""When nobody is left to take a report on: all whom its tags lead to have ignored it or are gone. Managers are told."""

from datetime import datetime

from django.db.models import Exists, OuterRef, QuerySet

from accounts.models import Membership
from reports.models import Ignore, Report
from reports.signals import report_alarmed

from .engine import Change


def left_alone(reports: "QuerySet[Report]") -> "QuerySet[Report]":
    """Those of which nobody is left who was asked and has not ignored it."""
    ignored = Ignore.objects.filter(report=OuterRef(OuterRef("pk")), user=OuterRef("user"))
    asked = Membership.objects.filter(
        ~Exists(ignored), role__tags__reports=OuterRef("pk"), status=Membership.Status.ACTIVE, user__is_active=True
    )
    return reports.filter(~Exists(asked))


def tell_of_it(report: Report, now: datetime) -> None:
    """An event of the report, and word to the managers. The caller holds the report."""
    event = Change(report, None, now, "ignored").finish()
    report_alarmed.send(sender=Report, report=report, kind="ignored", event=event)


def after_a_removal(ended: Membership, now: datetime) -> None:
    """The last who had not ignored a report may have been the one who is gone."""
    led = Report.objects.filter(community=ended.community_id, tags__in=ended.role.tags.values("pk"))
    waiting = led.waiting_for_staff().values("pk")
    # Held before it is asked who has ignored what: a colleague may be doing so at this moment.
    held = Report.objects.select_for_update(of=("self",)).filter(pk__in=waiting).order_by("pk")
    by_them = Ignore.objects.filter(report=OuterRef("pk"), user=ended.user_id)
    by_others = Ignore.objects.filter(report=OuterRef("pk"))
    rejected = Report.objects.filter(~Exists(by_them), Exists(by_others), pk__in=[report.pk for report in held])
    for report in left_alone(rejected).select_related("community", "category").order_by("pk"):
        tell_of_it(report, now)
