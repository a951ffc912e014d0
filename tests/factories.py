"""The one named cast of all tests, and the few builders they share."""

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from accounts.models import Building, Community, Home, Membership, Role, RosterEntry, User
from accounts.services.communities import ensure_community_roles, ensure_role
from reports.models import Category, Claim, Report, Tag
from reports.services.submit import SubmitData, submit_report


def make_person(name: str, phone: str = "", openid: str | None = None) -> User:
    return User.objects.create_user(openid=openid or f"o{uuid.uuid4().hex}", display_name=name, phone=phone)


def make_home(community: Community, building: str = "6幢", unit: str = "1单元", room: str = "401") -> Home:
    found, _ = Building.objects.get_or_create(community=community, name=building, defaults={"units": [unit]})
    return Home.objects.get_or_create(building=found, unit=unit, room=room)[0]


def bind(user: User, role: Role, home: Home | None = None, **fields: Any) -> Membership:
    """An active membership, with the role's group: as an accepted invitation or an approved binding leaves it."""
    user.groups.add(role.group)
    entry = None
    if home is not None:
        entry, _ = RosterEntry.objects.get_or_create(home=home, phone=user.phone, defaults={"name": user.display_name})
    return Membership.objects.create(
        user=user,
        community=role.community,
        role=role,
        home=home,
        roster_entry=entry,
        status=Membership.Status.ACTIVE,
        name=user.display_name,
        phone=user.phone,
        **fields,
    )


def make_community(slug: str = "fuchen", name: str = "府琛花园") -> Community:
    """Two staff roles, a tag for each, and three categories: hygiene, repair, and the public lost-and-found."""
    community = Community.objects.create(slug=slug, name=name)
    ensure_community_roles(community)
    for role, role_name, tag, tag_name in (
        ("cleaner", "保洁员", "cleaning", "卫生清理"),
        ("plumber", "水电工", "leak", "漏水"),
    ):
        made = ensure_role(community, slug=role, name=role_name, kind=Role.Kind.STAFF)
        Tag.objects.create(community=community, slug=tag, name=tag_name).roles.add(made)
    _category(community, "hygiene", "卫生保洁", "cleaning")
    _category(community, "repair", "水电报修", "leak")
    Category.objects.create(community=community, slug="lost", name="失物招领", public=True, claimable=False, position=3)
    return community


def _category(community: Community, slug: str, name: str, tag: str) -> None:
    category = Category.objects.create(community=community, slug=slug, name=name)
    category.tags.add(Tag.objects.get(community=community, slug=tag))


def role_of(community: Community, slug: str) -> Role:
    return Role.objects.get(community=community, slug=slug)


def refile(report: Report, at: datetime, **fields: Any) -> None:
    """As if it had been filed at another time, which its claims keep too."""
    Report.objects.filter(pk=report.pk).update(created_at=at, **fields)
    Claim.objects.filter(report=report).update(filed_at=at)


@dataclass
class Cast:
    """Everybody that a test needs. `stranger` has logged in and is nobody; `other_manager` manages elsewhere."""

    community: Community
    other_community: Community
    resident: User
    neighbour: User
    cleaner: User
    cleaner2: User
    plumber: User
    manager: User
    stranger: User
    other_manager: User

    def report(self, category: str = "hygiene", by: User | None = None, **fields: Any) -> Report:
        """A submitted report of the resident (or of `by`)."""
        words = {"title": "垃圾未及时清理", "description": "昨晚开始就没有清理", "address": "6幢4层"}
        values: dict[str, Any] = words | fields
        data = SubmitData(
            hashed_id=values.pop("hashed_id", None) or uuid.uuid4(),
            community=self.community.slug,
            category=category,
            **values,
        )
        return submit_report(actor=by or self.resident, data=data)[0]


def make_cast() -> Cast:
    community, other = make_community(), make_community("other", "留香苑")
    cast = Cast(
        community=community,
        other_community=other,
        resident=make_person("李阿姨", "13900000001"),
        neighbour=make_person("王先生", "13900000002"),
        cleaner=make_person("张师傅", "13800000001"),
        cleaner2=make_person("赵师傅", "13800000002"),
        plumber=make_person("孙师傅", "13800000003"),
        manager=make_person("陈经理", "13800000004"),
        stranger=make_person("", ""),
        other_manager=make_person("周经理", "13800000005"),
    )
    bind(cast.resident, role_of(community, "resident"), make_home(community, room="401"))
    bind(cast.neighbour, role_of(community, "resident"), make_home(community, room="402"))
    bind(cast.cleaner, role_of(community, "cleaner"))
    bind(cast.cleaner2, role_of(community, "cleaner"))
    bind(cast.plumber, role_of(community, "plumber"))
    bind(cast.manager, role_of(community, "manager"))
    bind(cast.other_manager, role_of(other, "manager"))
    return cast
