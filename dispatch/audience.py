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
from reports.models import Category, Claim, Follow, Ignore, Report, Tag

from .kinds import Kind
from .models import Delivery, Outbox
from .services.reach import held_until, reason_to_skip
from .services.texting import texting_for

OFF_DUTY = "off_duty"


@dataclass(frozen=True)
class Recipient:
    """A person to be told. `follower`: knows of the report by following it alone, so sees no notes of a private one.

    `skip`: a code when the message is for the inbox only. `instead`: a manager, since no staff can be reached.
    """

    user_id: UUID
    follower: bool = False
    skip: str = ""
    instead: bool = False


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
    """The staff on duty that the tags lead to (tag → role → membership); see `asked_for`.

    Who has ignored the report is not asked again, nor who has just given it back.
    """
    report = _report(box)
    asked = ~Q(user__in=Ignore.objects.filter(report=box.report_id).values("user")) & ~Q(user=box.actor_id)
    tags = Tag.objects.filter(reports=box.report_id)
    return asked_for(report.category, tags, timezone.now(), asked, kind=box.kind)


def asked_for(
    category: Category, tags: "QuerySet[Tag]", now: datetime, *asked: Q, kind: str = Kind.NEW_REPORT
) -> list[Recipient]:
    """Who is asked to take a report at `now`: the staff of its tags (those of whom `asked` holds) who are on duty.

    Where none of them can be pushed it now (muted, does not follow, asleep), being off duty counts for nothing: all
    are asked. Where nobody at all can ever be pushed it, the managers are asked as well: absence swallows no report.
    """
    duty = Membership.objects.active().with_duty(now).filter(*asked, role__tags__in=tags, community=category.community)
    led = list(duty.select_related("user__contact"))
    texting = texting_for({membership.user_id for membership in led})
    reached, awake, on_duty = set[UUID](), set[UUID](), set[UUID]()
    for membership in led:
        person = membership.user
        if membership.on_duty_:
            on_duty.add(person.pk)
        if not reason_to_skip(person, kind, category.community_id, texting):
            reached.add(person.pk)
            if held_until(person, category.community, now, urgent=category.urgent) is None:
                awake.add(person.pk)
    some = bool(on_duty & awake)
    people = dict.fromkeys(membership.user_id for membership in led)
    staff = [Recipient(person, skip=OFF_DUTY if some and person not in on_duty else "") for person in people]
    return staff if reached else [*staff, *instead_of_staff(category.community_id)]


def instead_of_staff(community_id: int | None) -> list[Recipient]:
    return [Recipient(pk, instead=True) for pk in holders_of("manage_reports", community_id)]


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
