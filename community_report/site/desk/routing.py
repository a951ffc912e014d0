"""Tag → role → person: which tags lead to whom right now, and what would happen to a report of a category."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from accounts.models import Community, Membership, Role
from community_report.core.admin import communities_of
from dispatch.dry_run import dry_run
from reports.models import Category, Tag


@dataclass(frozen=True)
class Led:
    """One line of the table: a tag, the categories that put it on their reports, and the people behind its roles."""

    tag: Tag
    categories: list[Category]
    roles: list[tuple[Any, list[Membership]]]

    @property
    def nobody(self) -> bool:
        return not any(people for _role, people in self.roles)

    @property
    def none_on_duty(self) -> bool:
        return not any(one.on_duty_ for _role, people in self.roles for one in people)


def routing(request: HttpRequest) -> HttpResponse:
    """`/admin/routing` (`?community=&category=&when=2026-11-26T08:30`)."""
    scope = communities_of(request, "manage_reports")
    offered = list(Community.objects.all() if scope is None else Community.objects.filter(pk__in=scope))
    if not offered:
        raise PermissionDenied
    asked = request.GET.get("community", "")
    community = next((one for one in offered if one.slug == asked), offered[0])
    now = timezone.now()
    moment = _moment(request.GET.get("when", ""), community) or now
    categories = list(Category.objects.filter(community=community, active=True).prefetch_related("tags"))
    chosen = next((one for one in categories if one.slug == request.GET.get("category", "")), None)
    context = {
        **admin.site.each_context(request),
        "title": _("谁会收到"),
        "offered": offered,
        "community": community,
        "led": _led(community, now),
        "untagged": [one for one in categories if one.claimable and not one.tags.all()],
        "categories": categories,
        "chosen": chosen,
        "moment": moment.astimezone(ZoneInfo(community.timezone)),
        "found": dry_run(chosen, moment) if chosen else None,
    }
    return render(request, "admin/desk/routing.html", context)


def _moment(text: str, community: Community) -> datetime | None:
    """An hour on the community's clock; None for none that makes sense."""
    try:
        found = parse_datetime(text)
    except ValueError:
        return None
    if found is None or not 2000 <= found.year <= 2100:
        return None
    return found if found.tzinfo else found.replace(tzinfo=ZoneInfo(community.timezone))


def _led(community: Community, now: datetime) -> list[Led]:
    """Every tag of the community, in three queries; those that lead to nobody first."""
    by_role = defaultdict(list)
    # Roles are many people's, a resident's thousands': of those that a tag leads to.
    led_to = Role.objects.filter(tags__community=community)
    members = (
        Membership.objects.active()
        .with_duty(now)
        .filter(community=community, user__is_active=True, role__in=led_to.values("pk"))
    )
    for one in members.select_related("user").order_by("user__display_name"):
        by_role[one.role_id].append(one)
    tags = Tag.objects.filter(community=community).prefetch_related("roles", "categories")
    led = [
        Led(
            tag,
            [category for category in tag.categories.all() if category.active],
            [(role, by_role[role.pk]) for role in tag.roles.all()],
        )
        for tag in tags
    ]
    return sorted(led, key=lambda line: (not line.nobody, not line.none_on_duty))
