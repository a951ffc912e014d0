"""Audiences: whom something is told. Each takes the outbox row and reads people in one query (or falls back once)."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib.contenttypes.models import ContentType
from django.db.models import Q, QuerySet
from django.utils import timezone
from guardian.models import GroupObjectPermission, UserObjectPermission

from accounts.models import Community, Membership, User
from notices.services import audience_of, unread_of
from reports.models import Claim, Follow, Ignore, Report, Tag

from .models import Delivery, Outbox

OFF_DUTY = "off_duty"


@dataclass(frozen=True)
class Recipient:
    """A person to be told. `follower`: knows of the report by following it alone, so sees no notes of a private one.

    `skip`: a code when the message is for the inbox only.
    """

    user_id: UUID
    follower: bool = False
    skip: str = ""


Audience = Callable[[Outbox], list[Recipient]]


def _people(ids: Iterable[Any], *, follower: bool = False) -> list[Recipient]:
    return [Recipient(UUID(str(pk)), follower=follower) for pk in ids if pk]


def _report(box: Outbox) -> Report:
    assert box.report is not None
    return box.report


def reporter(box: Outbox) -> list[Recipient]:
    return _people([_report(box).reporter_id])


def followers(box: Outbox) -> list[Recipient]:
    return _people(Follow.objects.filter(report=box.report_id).values_list("user_id", flat=True), follower=True)


def claimant(box: Outbox) -> list[Recipient]:
    """Who held it when it happened."""
    return _people([box.data.get("claimant")])


def unrated_claimant(box: Outbox) -> list[Recipient]:
    """The claimant, who otherwise hears of the rating."""
    return [] if box.data.get("score") else claimant(box)


def former_claimant(box: Outbox) -> list[Recipient]:
    """Who held it last."""
    last = Claim.objects.filter(report=box.report_id, ended_at__isnull=False).order_by("-ended_at", "-pk")
    return _people(last.values_list("staff_id", flat=True)[:1])


def assignee(box: Outbox) -> list[Recipient]:
    return _people([box.data.get("assignee")])


def previous_claimant(box: Outbox) -> list[Recipient]:
    return _people([box.data.get("previous")])


def staff(box: Outbox) -> list[Recipient]:
    """The staff on duty that the tags lead to (tag → role → membership); none on duty: all of them; none: the managers.

    Who has ignored the report is not asked again, nor who has just given it back. Who is off duty while others are on
    it finds it in the inbox.
    """
    asked = ~Q(user__in=Ignore.objects.filter(report=box.report_id).values("user")) & ~Q(user=box.actor_id)
    tags = Tag.objects.filter(reports=box.report_id)
    return led_to(box.community_id, tags, timezone.now(), asked) or managers(box)


def led_to(community_id: int | None, tags: "QuerySet[Tag]", now: datetime, *asked: Q) -> list[Recipient]:
    """The staff that the tags lead to at `now`, of whom `asked` holds; empty where there is nobody."""
    duty: dict[UUID, bool] = {}
    for membership in (
        Membership.objects.active().with_duty(now).filter(*asked, role__tags__in=tags, community=community_id)
    ):
        duty[membership.user_id] = duty.get(membership.user_id, False) or membership.on_duty_
    some = any(duty.values())
    return [Recipient(person, skip=OFF_DUTY if some and not on_duty else "") for person, on_duty in duty.items()]


def claimant_or_staff(box: Outbox) -> list[Recipient]:
    return claimant(box) or staff(box)


def managers(box: Outbox) -> list[Recipient]:
    return _people(holders_of("manage_reports", box.community_id))


def people_managers(box: Outbox) -> list[Recipient]:
    return _people(holders_of("manage_people", box.community_id))


def holders_of(permission: str, community_id: int | None) -> Iterable[UUID]:
    """Active members of the community who hold a permission on it, by their role's group or in person."""
    held: dict[str, Any] = {
        "content_type": ContentType.objects.get_for_model(Community),
        "object_pk": str(community_id),
        "permission__codename": permission,
    }
    return (
        User.objects.filter(
            Q(groups__in=GroupObjectPermission.objects.filter(**held).values("group"))
            | Q(pk__in=UserObjectPermission.objects.filter(**held).values("user")),
            memberships__community=community_id,
            memberships__status=Membership.Status.ACTIVE,
        )
        .distinct()
        .values_list("pk", flat=True)
    )


def board_readers(box: Outbox) -> list[Recipient]:
    """Residents who switched the board on; nobody is told of the same post twice."""
    told = Delivery.objects.filter(report=box.report_id, kind=box.kind).values("user")
    residents = Membership.objects.filter(
        community=box.community_id, status=Membership.Status.ACTIVE, role__slug="resident"
    )
    readers = residents.exclude(user__muted_kinds__contains=[box.kind]).exclude(user__in=told)
    return _people(readers.values_list("user_id", flat=True).distinct())


def notice_readers(box: Outbox) -> list[Recipient]:
    if box.notice is None or box.notice.ended(timezone.now()):
        return []
    return _people(audience_of(box.notice).values_list("pk", flat=True))


def notice_unread(box: Outbox) -> list[Recipient]:
    if box.notice is None or box.notice.ended(timezone.now()):
        return []
    return _people(unread_of(box.notice).values_list("pk", flat=True))


def bound_person(box: Outbox) -> list[Recipient]:
    return _people([box.membership.user_id] if box.membership else [])


def named_person(box: Outbox) -> list[Recipient]:
    return _people([box.data.get("person")])


def named_people(box: Outbox) -> list[Recipient]:
    return _people(box.data.get("people", ()))
