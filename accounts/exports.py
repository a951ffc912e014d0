"""What the back office gives out of accounts as a table."""

from typing import Any

from django.contrib.postgres.aggregates import StringAgg
from django.db.models import OuterRef, QuerySet, Subquery, TextField, Value
from django.db.models.fields.json import KT
from django.db.models.functions import Coalesce, Concat, NullIf
from django.utils.translation import gettext_lazy as _

from community_report.core.admin_export import EXPORTED
from community_report.core.tables import Column

from .models import Membership, User
from .records import ACTIONS

STATUSES = dict(Membership.Status.choices)


def _status(word: Any) -> str:
    return str(STATUSES.get(word, word))


def _yes(value: Any) -> str:
    return str(_("是") if value else _("否"))


def with_what_was_stated(bindings: "QuerySet[Membership]") -> "QuerySet[Membership]":
    """Annotates `name_`, `phone_`, `building_`, `unit_` and `room_`: of the binding, else what is known otherwise.

    Who came by an invitation stated no name; a home that is not in the list is only stated.
    """
    place = {
        f"{name}_": Coalesce(path, KT(f"stated_home__{name}"), output_field=TextField())
        for name, path in (("building", "home__building__name"), ("unit", "home__unit"), ("room", "home__room"))
    }
    return bindings.annotate(
        name_=Coalesce(NullIf("name", Value("")), "user__display_name"),
        phone_=Coalesce(NullIf("phone", Value("")), "user__phone"),
        **place,
    )


def with_bindings(people: "QuerySet[User]", communities: frozenset[int] | None) -> "QuerySet[User]":
    """Annotates `roles_`, `homes_` and `communities_` (words) and `status_`, of the bindings in `communities` alone.

    The status is the best that the person has; of bindings that ended, roles and homes are not named.
    """
    own = Membership.objects.filter(user=OuterRef("pk")).order_by()
    own = own if communities is None else own.filter(community__in=communities)
    live = own.live().values("user")
    home = Concat("home__building__name", "home__unit", "home__room")

    def words(what: Any) -> Subquery:
        return Subquery(live.annotate(words=StringAgg(what, "、", distinct=True)).values("words"))

    return people.annotate(
        roles_=words("role__name"),
        homes_=words(NullIf(home, Value(""))),
        communities_=words("community__name"),
        # "active", "pending", "rejected", "revoked": as the letters go
        status_=Subquery(own.order_by("status").values("status")[:1]),
    )


EXPORTED["accounts.User"] = (
    Column(_("姓名"), "display_name"),
    Column(_("手机"), "phone"),
    Column(_("小区"), "communities_"),
    Column(_("角色"), "roles_"),
    Column(_("房屋"), "homes_"),
    Column(_("状态"), "status_", _status),
    Column(_("创建时间"), "created_at"),
)
EXPORTED["accounts.Membership"] = (
    Column(_("姓名"), "name_"),
    Column(_("手机"), "phone_"),
    Column(_("角色"), "role__name"),
    Column(_("小区"), "community__name"),
    Column(_("楼栋"), "building_"),
    Column(_("单元"), "unit_"),
    Column(_("房号"), "room_"),
    Column(_("状态"), "status", _status),
    Column(_("自动绑定"), "automatic", _yes),
    Column(_("在岗"), "on_duty", _yes),
    Column(_("申请时间"), "created_at"),
    Column(_("审核时间"), "decided_at"),
)
#: With the headings of an import, so that it can come back.
EXPORTED["accounts.RosterEntry"] = (
    Column(_("楼栋"), "home__building__name"),
    Column(_("单元"), "home__unit"),
    Column(_("房号"), "home__room"),
    Column(_("姓名"), "name"),
    Column(_("手机"), "phone"),
)
EXPORTED["accounts.Record"] = (
    Column(_("时间"), "at"),
    Column(_("小区"), "community__name"),
    Column(_("谁"), "actor__display_name"),
    Column(_("做了什么"), "action", lambda word: str(ACTIONS.get(word, word))),
    Column(_("对象"), "subject"),
    Column(_("对谁"), "person__display_name"),
    Column(_("说明"), "detail"),
    Column(_("网络地址"), "address"),
    Column(_("页面"), "path"),
)
