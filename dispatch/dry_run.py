"""What would happen to a new report: who would be told of it, by the code that tells them, and without telling them."""

from dataclasses import dataclass
from datetime import datetime

from accounts.models import User
from reports.models import Category

from .audience import asked_for
from .kinds import Kind
from .services.reach import held_until, reason_to_skip
from .services.texting import Texting, texting_for


@dataclass(frozen=True)
class Told:
    """One person. `skip`: why it would be in their inbox only (a code, or ""); `held_until`: their quiet hours' end."""

    user: User
    skip: str
    held_until: datetime | None


@dataclass(frozen=True)
class DryRun:
    """`to_managers`: the tags lead to nobody who can be reached, so the managers are told as well."""

    told: list[Told]
    to_managers: bool


def dry_run(category: Category, moment: datetime) -> DryRun:
    """Whom a report of this category with all of its tags, filed at `moment`, would be told to by today's rota and
    switches; nobody where the category needs no work."""
    if not category.claimable:
        return DryRun([], to_managers=False)
    recipients = asked_for(category, category.tags.all(), moment)
    skips = {recipient.user_id: recipient.skip for recipient in recipients}
    people = User.objects.filter(pk__in=skips, is_active=True, erased_at=None).select_related("contact")
    texting = texting_for(list(skips))
    told = [_told(person, skips[person.pk], category, moment, texting) for person in people.order_by("display_name")]
    to_managers = any(recipient.instead for recipient in recipients)
    return DryRun(sorted(told, key=lambda one: bool(one.skip)), to_managers)


def _told(person: User, skip: str, category: Category, moment: datetime, texting: Texting) -> Told:
    held = held_until(person, category.community, moment, urgent=category.urgent)
    return Told(person, skip or reason_to_skip(person, Kind.NEW_REPORT, category.community_id, texting), held)
