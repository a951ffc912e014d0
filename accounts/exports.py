"""What the back office gives out of accounts as a table."""

from typing import Any

from django.contrib.postgres.aggregates import StringAgg
from django.db.models import OuterRef, QuerySet, Subquery, TextField, Value
from django.db.models.fields.json import KT
from django.db.models.functions import Coalesce, Concat, NullIf
from django.utils.translation import gettext_lazy as _

from community_report.core.admin_export import EXPORTED, Column, Table, in_words

from .models import Membership, User
from .records import ACTIONS, explained

_status = in_words(dict(Membership.Status.choices))


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


class PeopleTable(Table):
    name = Column(_("姓名"), "display_name")
    phone = Column(_("手机"), "phone")
    communities = Column(_("小区"), "communities_")
    roles = Column(_("角色"), "roles_")
    homes = Column(_("房屋"), "homes_")
    status = Column(_("状态"), "status_", _status)
    created_at = Column(_("创建时间"), "created_at")


class BindingTable(Table):
    name = Column(_("姓名"), "name_")
    phone = Column(_("手机"), "phone_")
    role = Column(_("角色"), "role__name")
    community = Column(_("小区"), "community__name")
    building = Column(_("楼栋"), "building_")
    unit = Column(_("单元"), "unit_")
    room = Column(_("房号"), "room_")
    status = Column(_("状态"), "status", _status)
    automatic = Column(_("自动绑定"), "automatic", _yes)
    on_duty = Column(_("在岗"), "on_duty", _yes)
    created_at = Column(_("申请时间"), "created_at")
    decided_at = Column(_("审核时间"), "decided_at")


class RosterTable(Table):
    """With the headings of an import, so that it can come back."""

    building = Column(_("楼栋"), "home__building__name")
    unit = Column(_("单元"), "home__unit")
    room = Column(_("房号"), "home__room")
    name = Column(_("姓名"), "name")
    phone = Column(_("手机"), "phone")


class RecordTable(Table):
    at = Column(_("时间"), "at")
    community = Column(_("小区"), "community__name")
    actor = Column(_("谁"), "actor__display_name")
    action = Column(_("做了什么"), "action", in_words(ACTIONS))
    subject = Column(_("对象"), "subject")
    person = Column(_("对谁"), "person__display_name")
    detail = Column(_("说明"), "detail", explained)
    address = Column(_("网络地址"), "address")
    path = Column(_("页面"), "path")


EXPORTED["accounts.User"] = PeopleTable
EXPORTED["accounts.Membership"] = BindingTable
EXPORTED["accounts.RosterEntry"] = RosterTable
EXPORTED["accounts.Record"] = RecordTable
