"""What every page's template is given."""

from dataclasses import dataclass
from functools import cache
from typing import Any

from django.conf import settings
from django.db.models import Count, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.policies import Standing, standing_of
from dispatch.models import Delivery
from notices.models import Notice

LARGE_TYPE_COOKIE = "type"


@dataclass(frozen=True)
class Entry:
    """One entry of the bottom bar; `name` is what a view calls its place there."""

    name: str
    path: str
    icon: str
    label: str


def _entry(name: str) -> Entry:
    path, icon, label = {
        "home": ("/h5/", "home", _("首页")),
        "manage": ("/h5/manage", "manage", _("管理")),
        "work": ("/h5/work", "work", _("工作台")),
        "reports": ("/h5/reports", "list", _("我的报单")),
        "board": ("/h5/board", "board", _("失物招领")),
        "notices": ("/h5/notices", "notice", _("公告")),
        "inbox": ("/h5/inbox", "inbox", _("消息")),
        "me": ("/h5/me", "me", _("我的")),
    }[name]
    return Entry(name, path, icon, label)


def entries_for(standing: Standing) -> list[Entry]:
    """Three to five entries by role; none for a person who is nobody in any community yet."""
    if not standing.member_of:
        return []
    wanted = {
        "manage": bool(standing.communities_with("manage_reports")),
        "work": bool(standing.staff_of),
        "reports": bool(standing.resident_of),
        "notices": True,
        "inbox": not standing.resident_of,
        "board": True,
    }
    middle = [name for name, shown in wanted.items() if shown][:3]
    return [_entry(name) for name in ("home", *middle, "me")]


def unread_counts(standing: Standing) -> dict[str, int]:
    """What the badges of the bottom bar say: `notices`, `inbox`. One query, since every page asks it."""
    unread = {
        "notices": _number(Notice.objects.unread_by(standing)),
        "inbox": _number(Delivery.objects.filter(user=standing.user, read_at__isnull=True)),
    }
    found = User.objects.filter(pk=standing.user.pk).values_list(*unread.values()).get()
    return dict(zip(unread, found, strict=True))


def _number(rows: QuerySet[Any]) -> Coalesce:
    counted = rows.order_by().values(every_=Value(1)).annotate(n=Count("pk")).values("n")
    return Coalesce(Subquery(counted), 0)


def page(request: HttpRequest) -> dict[str, Any]:
    """`jssdk_url`: WeChat's script; `entries`: the bottom bar, and `counts`: its badges, both read when shown;
    `large_type`: the person's choice."""

    @cache
    def standing() -> Standing | None:
        user = getattr(request, "user", None)
        return standing_of(user) if user is not None and user.is_authenticated else None

    return {
        "jssdk_url": settings.WECHAT_JSSDK_URL,
        "entries": SimpleLazyObject(lambda: entries_for(known) if (known := standing()) else []),
        "counts": SimpleLazyObject(lambda: unread_counts(known) if (known := standing()) else {}),
        "large_type": request.COOKIES.get(LARGE_TYPE_COOKIE) == "large",
    }
