"""Publishing, changing, reading and counting notices. Every write, one transaction each."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import Building, Community, Membership, Role, User
from accounts.records import name_actions
from accounts.services.recording import record
from community_report.core.errors import Conflict, Invalid

from .models import Notice, NoticeRead
from .pictures import Picture, set_pictures
from .policies import must_publish
from .signals import notice_published, notice_read, notice_reminded, notice_withdrawn

log = structlog.get_logger(__name__)
TITLE_MAX, BODY_MAX = 80, 10_000
#: Who has not read a notice is reminded at most so often.
REMIND_EVERY = timedelta(days=1)

name_actions(
    {
        "notice_written": gettext_lazy("发布公告"),
        "notice_changed": gettext_lazy("修改公告"),
        "notice_withdrawn": gettext_lazy("撤回公告"),
        "notice_reminded": gettext_lazy("提醒看公告"),
    }
)


@dataclass(frozen=True)
class Audience:
    """`roles` are slugs, `buildings` names; both empty: everybody.

    Roles choose, and buildings narrow the residents among them; buildings alone mean the residents of these.
    """

    roles: Sequence[str] = ()
    buildings: Sequence[str] = ()


def publish_notice(
    *, actor: User, community: Community, title: str, body: str, hashed_id: UUID | None = None, **more: Any
) -> Notice:
    """Write a notice, of what `_write` takes; the same `hashed_id` again gives the same notice, and tells nobody twice.

    Raises Forbidden, Invalid, and Conflict `duplicate_id` for the `hashed_id` of another person or of other words.
    """
    must_publish(actor, community)
    if (written := _written(actor, hashed_id, title, body)) is not None:
        return written
    try:
        with transaction.atomic():
            return _write(actor=actor, community=community, hashed_id=hashed_id, title=title, body=body, **more)
    except IntegrityError:  # the same request, twice at once: the other one won
        if (written := _written(actor, hashed_id, title, body)) is None:
            raise
        return written


def _written(actor: User, hashed_id: UUID | None, title: str, body: str) -> Notice | None:
    found = Notice.objects.filter(hashed_id=hashed_id).first() if hashed_id else None
    if found is None:
        return None
    if (found.author_id, found.title, found.body) != (actor.pk, title.strip(), body.strip()):
        raise Conflict(_("这个编号已被使用"), code="duplicate_id")
    return found


def _write(
    *,
    actor: User,
    community: Community,
    hashed_id: UUID | None,
    title: str,
    body: str,
    audience: Audience = Audience(),
    pinned: bool = False,
    publish_at: datetime | None = None,
    expires_at: datetime | None = None,
    by_group_message: bool = False,
    pictures: Sequence[Picture] = (),
) -> Notice:
    """It goes out at once, or when `publish_at` comes (a past time means at once).

    `expires_at` has to lie after that.
    """
    notice = Notice(community=community, author=actor, pinned=pinned, publish_at=publish_at, expires_at=expires_at)
    notice.hashed_id = hashed_id
    notice.title, notice.body = check_words(title, body)
    notice.by_group_message = by_group_message
    check_expiry(notice, timezone.now())
    roles, buildings = _resolve(community, audience)
    notice.save()
    notice.roles.set(roles)
    notice.buildings.set(buildings)
    set_pictures(notice, actor=actor, pictures=pictures)
    record("notice_written", actor=actor, community=community, subject=notice.title)
    _publish_if_due(notice, timezone.now())
    return notice


def check_words(title: str, body: str) -> tuple[str, str]:
    """Without what stands around them; raises Invalid where one is empty or too long."""
    for field, text, most in (("title", title, TITLE_MAX), ("body", body, BODY_MAX)):
        if not text.strip():
            raise Invalid.field(field, _("请填写"))
        if len(text.strip()) > most:
            raise Invalid.field(field, _("最多 %(max)d 个字") % {"max": most})
    return title.strip(), body.strip()


def check_expiry(notice: Notice, now: datetime) -> None:
    """Raises Invalid where the notice would be over before it is out."""
    starts = notice.published_at or max(notice.publish_at or now, now)
    if notice.expires_at is not None and notice.expires_at <= starts:
        raise Invalid.field("expires_at", _("到期时间要晚于发布时间"))


def _resolve(community: Community, audience: Audience) -> tuple[list[Role], list[Building]]:
    roles = list(Role.objects.filter(community=community, slug__in=audience.roles))
    buildings = list(Building.objects.filter(community=community, name__in=audience.buildings))
    if len(roles) != len(set(audience.roles)) or len(buildings) != len(set(audience.buildings)):
        raise Invalid.field("audience", _("没有这个角色或楼栋"))
    return roles, buildings


def _publish_if_due(notice: Notice, now: datetime) -> bool:
    """Not once it is over: a stopped clock makes nothing out of date go out."""
    early = notice.publish_at is not None and notice.publish_at > now
    if notice.published_at is not None or early or notice.ended(now):
        return False
    notice.published_at = now
    notice.save(update_fields=["published_at", "updated_at"])
    notice_published.send(sender=Notice, notice=notice)
    return True


@transaction.atomic
def edit_notice(*, actor: User, notice_id: UUID, changes: dict[str, Any]) -> Notice:
    """Change any of what `publish_notice` takes; nobody is told twice.

    The time, the way and the audience of one that is out already cannot change any more: Conflict.
    """
    notice = _locked(notice_id)
    must_publish(actor, notice.community)
    if notice.published_at is not None and _changed(notice, changes):
        raise Conflict(_("公告已经发布，不能再改对象和时间"))
    notice.title, notice.body = check_words(changes.get("title", notice.title), changes.get("body", notice.body))
    notice.pinned = changes.get("pinned", notice.pinned)
    notice.publish_at = changes.get("publish_at", notice.publish_at)
    notice.by_group_message = changes.get("by_group_message", notice.by_group_message)
    if changes.get("expires_at", notice.expires_at) != notice.expires_at or "publish_at" in changes:
        notice.expires_at = changes.get("expires_at", notice.expires_at)
        check_expiry(notice, timezone.now())
    notice.save()
    if "audience" in changes:
        roles, buildings = _resolve(notice.community, changes["audience"])
        notice.roles.set(roles)
        notice.buildings.set(buildings)
    if "pictures" in changes:
        set_pictures(notice, actor=actor, pictures=changes["pictures"])
    record("notice_changed", actor=actor, community=notice.community_id, subject=notice.title)
    _publish_if_due(notice, timezone.now())
    return notice


def _locked(notice_id: UUID) -> Notice:
    """The notice, until the end of the transaction. Raises Conflict for one that was withdrawn meanwhile."""
    notice = Notice.objects.select_for_update(of=("self",)).get(pk=notice_id)
    if notice.withdrawn_at is not None:
        raise Conflict(_("公告已经撤回"))
    return notice


def _changed(notice: Notice, changes: dict[str, Any]) -> set[str]:
    """Which of those that are fixed once it is out would change: the same value again is no change."""
    changed = set()
    if "audience" in changes and _as_sets(changes["audience"]) != _as_sets(stated_audience(notice)):
        changed.add("audience")
    for name in ("publish_at", "by_group_message"):
        if name in changes and changes[name] != getattr(notice, name):
            changed.add(name)
    return changed


def _as_sets(audience: Audience) -> tuple[set[str], set[str]]:
    return set(audience.roles), set(audience.buildings)


def stated_audience(notice: Notice) -> Audience:
    return Audience([r.slug for r in notice.roles.all()], [b.name for b in notice.buildings.all()])


@transaction.atomic
def withdraw_notice(*, actor: User, notice_id: UUID) -> None:
    """Nobody reads it any more (its link says that it was withdrawn), and what has not been sent is not sent."""
    notice = _locked(notice_id)
    must_publish(actor, notice.community)
    notice.withdrawn_at, notice.withdrawn_by = timezone.now(), actor
    notice.save(update_fields=["withdrawn_at", "withdrawn_by", "updated_at"])
    record("notice_withdrawn", actor=actor, community=notice.community_id, subject=notice.title)
    notice_withdrawn.send(sender=Notice, notice=notice)


def publish_due(now: datetime) -> int:
    """Publish what was scheduled for `now` or before; how many there were. Two at once publish each once."""
    waiting = Notice.objects.alive().not_over(now).filter(published_at=None, publish_at__lte=now)
    published = 0
    for pk in list(waiting.values_list("pk", flat=True)[:100]):
        with transaction.atomic():
            locked = Notice.objects.alive().select_for_update(of=("self",), skip_locked=True)
            notice = locked.filter(pk=pk, published_at=None).select_related("community").first()
            published += bool(notice and _publish_if_due(notice, now))
    return published


def mark_read(*, actor: User, notice: Notice) -> None:
    """The first time counts."""
    NoticeRead.objects.bulk_create([NoticeRead(notice=notice, user=actor)], ignore_conflicts=True)
    notice_read.send(sender=Notice, notice=notice, user=actor)


@transaction.atomic
def remind_unread(*, actor: User, notice_id: UUID) -> int:
    """Tell once more those who have not read it; gives their number.

    Raises Conflict where it is not out yet or is over, or within a day of its publication or of the last reminder.
    """
    notice = _locked(notice_id)
    must_publish(actor, notice.community)
    now = timezone.now()
    if notice.published_at is None:
        raise Conflict(_("公告还没有发布"))
    if notice.ended(now):
        raise Conflict(_("公告已经过期"))
    if not may_remind(notice, now):
        raise Conflict(_("一天只能提醒一次"))
    number = unread_of(notice).count()
    if number:
        notice.reminded_at, notice.reminders = now, notice.reminders + 1
        notice.save(update_fields=["reminded_at", "reminders", "updated_at"])
        record("notice_reminded", actor=actor, community=notice.community_id, subject=notice.title)
        notice_reminded.send(sender=Notice, notice=notice)
    return number


def may_remind(notice: Notice, now: datetime) -> bool:
    """Does it still stand, and is the last time that its audience was told a day ago?"""
    last = notice.reminded_at or notice.published_at
    return last is not None and now - last >= REMIND_EVERY and not notice.ended(now)


def unread_of(notice: Notice) -> QuerySet[User]:
    """Those of its audience who have not opened it."""
    return audience_of(notice).exclude(Exists(NoticeRead.objects.filter(notice=notice, user=OuterRef("pk"))))


def audience_of(notice: Notice) -> QuerySet[User]:
    """The people a notice is for, as `Audience` says; `NoticeQuerySet._addressed_to` is that from a person's side."""
    return people_among(notice.community_id, list(notice.roles.all()), list(notice.buildings.all()))


def people_of(*, community: Community, audience: Audience) -> QuerySet[User]:
    """Whom a notice to this audience would be for. Raises Invalid for a role or building that is none."""
    return people_among(community.pk, *_resolve(community, audience))


def people_among(community_id: int, roles: Sequence[Role], buildings: Sequence[Building]) -> QuerySet[User]:
    """The rule of `Audience`, for roles and buildings of the community that are known already."""
    members = Membership.objects.filter(community=community_id, status=Membership.Status.ACTIVE)
    if roles:
        members = members.filter(role__in=roles)
    if buildings:
        staff_too = ~Q(role__kind=Role.Kind.RESIDENT) if roles else Q(pk__in=[])
        members = members.filter(Q(home__building__in=buildings) | staff_too)
    return User.objects.filter(pk__in=members.values("user"), is_active=True)
