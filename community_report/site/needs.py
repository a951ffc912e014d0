"""What needs the managers of a community first, from all apps."""

from collections.abc import Collection
from dataclasses import dataclass

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Community, Membership, User
from accounts.policies import Standing
from dispatch.unreached import unreached_in
from reports.attention import ATTENTION
from reports.models import Report


@dataclass(frozen=True)
class Need:
    """`count` things that wait, and where they are. `icon`: of static/img/icons.svg."""

    name: str
    label: str
    count: int
    href: str
    icon: str


def needs_of(standing: Standing, community: Community) -> list[Need]:
    """What this person can see to, most pressing first; what is in order is not listed."""
    return [need for need in _all(standing, community) if need.count]


def bindings_waiting(communities: Collection[int]) -> int:
    """How many bindings wait for a decision."""
    return Membership.objects.pending().filter(community__in=communities).count()


def people_unreached(communities: Collection[int], reader: User) -> int:
    """How many people could not be told something, whom `reader` may have to telephone."""
    lost = unreached_in(communities, timezone.now()).exclude(user=reader.pk)
    return lost.order_by().values("user").distinct().count()


def _all(standing: Standing, community: Community) -> list[Need]:
    needs: list[Need] = []
    now, where = timezone.now(), f"community={community.slug}"
    if standing.may("manage_reports", community.pk):
        here = Report.objects.filter(community=community)
        counts = {name: narrow(here, now).count() for name, narrow in ATTENTION.items()}
        needs += [
            Need(name, label, counts[name], f"/h5/manage?need={name}&{where}#list", icon)
            for name, label, icon in (
                ("unclaimed", _("超时没人接单"), "alert"),
                ("overdue", _("已超过期限"), "clock"),
                ("reopened", _("业主说没解决"), "refresh"),
            )
        ]
    if standing.may("manage_people", community.pk):
        pending = bindings_waiting([community.pk])
        needs.append(Need("bindings", _("待审核的绑定"), pending, f"/h5/manage/people?tab=pending&{where}", "people"))
    if standing.may("manage_reports", community.pk):
        lost = people_unreached([community.pk], standing.user)
        needs.append(Need("unreached", _("消息没有送达"), lost, f"/h5/manage/unreached?{where}", "send"))
    return needs
