"""What the sheets of a report's page offer: colleagues, categories, reports that may be the same."""

from typing import Any

from django.utils import timezone

from accounts.models import Membership, Role

from .answers import answers_by_use
from .buttons import Buttons
from .models import Category, PreparedAnswer, Report
from .people import person_name
from .policies import Viewer
from .similar import likely_duplicates
from .states import Action

#: How many open reports a manager who merges is offered besides the likely ones, and colleagues whoever gives back.
MERGE_CHOICES, SUCCESSORS = 20, 8


def choices_for(report: Report, viewer: Viewer, buttons: Buttons) -> dict[str, Any]:
    """What the managers' sheets offer; read only where their button is shown."""
    shown = {button.name for button in (buttons.green, buttons.plain, *buttons.more) if button}
    choices: dict[str, Any] = {"sheets": shown}
    if shown & set(PreparedAnswer.Use.values):
        choices["answers"] = answers_by_use(report)
    if Action.ASSIGN in shown:
        choices["colleagues"] = _colleagues(report)
    if Action.RECATEGORIZE in shown:
        categories = Category.objects.filter(community=report.community_id, active=True)
        choices["categories"] = categories.exclude(pk=report.category_id)
    if Action.RELEASE in shown:
        choices["successors"] = _successors(report, viewer)
    if Action.MERGE in shown:
        choices["likely"] = likely_duplicates(report)
        others = Report.objects.filter(community=report.community_id).open()
        others = others.exclude(pk__in=[report.pk, *(found.pk for found in choices["likely"])])
        choices["candidates"] = others.select_related("category").order_by("-created_at")[:MERGE_CHOICES]
    return choices


def _successors(report: Report, viewer: Viewer) -> list[str]:
    """Names of the colleagues on duty who could take it over: those that its tags lead to."""
    led = Membership.objects.on_duty(viewer.now).filter(role__tags__reports=report, user__is_active=True)
    others = led.exclude(user=viewer.user).select_related("user").order_by("name", "pk")
    return list(dict.fromkeys(person_name(membership.user) for membership in others))[:SUCCESSORS]


def _colleagues(report: Report) -> list[Membership]:
    """Staff of the community, those that its tags lead to first, on duty before off duty; each person once."""
    here = Membership.objects.active().with_duty(timezone.now())
    staff = here.filter(community=report.community_id, role__kind=Role.Kind.STAFF).exclude(user=report.claimed_by_id)
    led = {role.pk for tag in report.tags.all() for role in tag.roles.all()}
    rows = sorted(staff.select_related("user", "role"), key=lambda m: (m.role_id not in led, not m.on_duty_, m.name))
    return list({membership.user_id: membership for membership in reversed(rows)}.values())[::-1]
