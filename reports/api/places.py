"""Who calls, and which community the call is about."""

from django.utils.translation import gettext as _

from accounts.models import Community
from accounts.policies import Standing
from community_report.core.errors import Forbidden, Invalid, NotBound


def not_bound() -> NotBound:
    return NotBound(_("您还没有绑定这个小区"))


def member_community(standing: Standing, slug: str | None, *, permission: str | None = None) -> Community:
    """The community named, or the only one there is; who belongs to none of that name is not bound to it.

    Raises NotBound (also for a community that does not exist), Forbidden without `permission` there, Invalid where
    several are possible and none is named.
    """
    if not standing.user.is_superuser and not standing.member_of:
        raise not_bound()
    found = _candidates(standing, slug, permission)
    if not found:
        raise not_bound() if slug else Forbidden(_("您没有权限这样做"))
    if len(found) > 1:
        raise Invalid.field("community", _("请选择小区"))
    if permission and not standing.may(permission, found[0].pk):
        raise Forbidden(_("您没有权限这样做"))
    return found[0]


def member_communities(standing: Standing, slug: str | None) -> list[Community]:
    """All communities that a person belongs to, or the one named; NotBound for none, or for one that is not theirs."""
    if slug:
        return [member_community(standing, slug)]
    found = Community.objects.filter(pk__in=standing.member_of)
    if not found:
        raise not_bound()
    return list(found)


def _candidates(standing: Standing, slug: str | None, permission: str | None) -> list[Community]:
    known = (
        Community.objects.all() if standing.user.is_superuser else Community.objects.filter(pk__in=standing.member_of)
    )
    if slug:
        return list(known.filter(slug=slug))
    if permission and not standing.user.is_superuser:
        known = known.filter(pk__in=standing.communities_with(permission))
    return list(known[:2])
