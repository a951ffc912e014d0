"""What would happen to a new report: who would be told of it, by the code that tells them, and without telling them."""

from dataclasses import dataclass
from datetime import datetime

from accounts.models import User
from reports.models import Category

from .audience import Recipient, holders_of, led_to
from .kinds import Kind
from .services.quiet import quiet_until
from .services.routing import reason_to_skip


@dataclass(frozen=True)
class Told:
    """One person. `skip`: why it would be in their inbox only (a code, or ""); `held_until`: their quiet hours' end."""

    user: User
    skip: str
    held_until: datetime | None


@dataclass(frozen=True)
class DryRun:
    """`to_managers`: the tags lead to nobody, so the managers are told instead."""

    told: list[Told]
    to_managers: bool


def dry_run(category: Category, moment: datetime) -> DryRun:
    """Whom a report of this category with all of its tags, filed at `moment`, would be told to by today's rota and
    switches; nobody where the category needs no work."""
    if not category.claimable:
        return DryRun([], to_managers=False)
    community = category.community
    staff = led_to(community.pk, category.tags.all(), moment)
    recipients = staff or [Recipient(pk) for pk in holders_of("manage_reports", community.pk)]
    skips = {recipient.user_id: recipient.skip for recipient in recipients}
    people = User.objects.filter(pk__in=skips, is_active=True, erased_at=None).select_related("contact")
    told = [_told(person, skips[person.pk], category, moment) for person in people.order_by("display_name")]
    return DryRun(sorted(told, key=lambda one: bool(one.skip)), to_managers=not staff)


def _told(person: User, skip: str, category: Category, moment: datetime) -> Told:
    held = None if category.urgent else quiet_until(person.quiet_hours, category.community, moment)
    return Told(person, skip or reason_to_skip(person, Kind.NEW_REPORT), held)
