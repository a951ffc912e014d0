"""Homes, the roster, residents, staff and managers of a made-up community."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from uuid import UUID

from django.contrib.auth.hashers import make_password

from accounts.models import Building, Community, Home, Membership, Role, RosterEntry, User

from .bulk import copy_in, numbered
from .words import GIVEN, SURNAMES

HOMES_OF_A_BUILDING = 200
UNITS = ["1单元", "2单元"]
#: Of a hundred homes, how many have somebody who uses the system.
BOUND = 60


@dataclass
class People:
    """Who there is. `homes` of those who report, by resident; `staff` by role's key."""

    residents: list[tuple[User, Home]] = field(default_factory=list)
    staff: dict[int, list[User]] = field(default_factory=dict)
    managers: list[User] = field(default_factory=list)
    buildings: list[Building] = field(default_factory=list)


class Populace:
    """Makes them, a year and a bit before `now`."""

    def __init__(self, community: Community, rng: Random, now: datetime) -> None:
        self.community, self.rng = community, rng
        self.since = now - timedelta(days=400)
        self.password = make_password(None)
        self.people = People()
        self._through: list[tuple[User, Role]] = []

    def make(self, homes: int) -> People:
        """So many homes, with 60 % of them on the system, and staff and managers to match."""
        houses = self._houses(homes)
        entries = numbered(entry for home in houses for entry in self._entries(home))
        copy_in(RosterEntry, entries)
        self._residents(entries)
        self._workers(homes)
        return self.people

    def _houses(self, number: int) -> list[Home]:
        wanted = -(-number // HOMES_OF_A_BUILDING)
        for n in range(1, wanted + 1):
            Building.objects.get_or_create(
                community=self.community, name=f"{n}幢", defaults={"units": UNITS, "position": n}
            )
        self.people.buildings = list(self.community.buildings.order_by("position", "pk")[:wanted])
        Home.objects.bulk_create(self._rooms(number), ignore_conflicts=True, batch_size=2000)
        there = Home.objects.filter(building__in=self.people.buildings).select_related("building")
        return list(there.order_by("building__position", "unit", "room")[:number])

    def _rooms(self, number: int) -> Iterator[Home]:
        for n in range(number):
            building, inside = self.people.buildings[n // HOMES_OF_A_BUILDING], n % HOMES_OF_A_BUILDING
            units = building.units or [""]
            unit, at = units[inside % len(units)], inside // len(units)
            yield Home(building=building, unit=unit, room=f"{at // 4 + 1}0{at % 4 + 1}")

    def _entries(self, home: Home) -> Iterator[RosterEntry]:
        for _ in range(1 if self.rng.random() < 0.7 else 2):
            yield RosterEntry(home=home, name=self._name(), phone=self._phone(), created_at=self.since)

    def _name(self) -> str:
        given = "".join(self.rng.choices(GIVEN, k=self.rng.choice((1, 2, 2))))
        return self.rng.choice(SURNAMES) + given

    def _phone(self) -> str:
        return self.rng.choice(("136", "137", "138", "139", "158", "188")) + f"{self.rng.randrange(10**8):08d}"

    def _person(self, name: str, phone: str) -> User:
        pk = UUID(int=self.rng.getrandbits(128), version=4)
        return User(
            id=pk, openid=f"made{pk.hex}", display_name=name, phone=phone, password=self.password, created_at=self.since
        )

    def _member(self, user: User, role: Role, entry: RosterEntry | None = None) -> Membership:
        self._through.append((user, role))
        return Membership(
            id=UUID(int=self.rng.getrandbits(128), version=4),
            user=user,
            community=self.community,
            role=role,
            home=entry.home if entry else None,
            roster_entry=entry,
            status=Membership.Status.ACTIVE,
            name=user.display_name,
            phone=user.phone,
            automatic=entry is not None,
            created_at=self.since,
            decided_at=self.since,
        )

    def _residents(self, entries: list[RosterEntry]) -> None:
        role = Role.objects.get(community=self.community, slug="resident")
        chosen = [entry for entry in entries if self.rng.randrange(100) < BOUND]
        users = [self._person(entry.name, entry.phone) for entry in chosen]
        members = [self._member(user, role, entry) for user, entry in zip(users, chosen, strict=True)]
        self.people.residents = [(user, entry.home) for user, entry in zip(users, chosen, strict=True)]
        self._keep(users, members)

    def _workers(self, homes: int) -> None:
        """One of the staff for 120 homes, in each role at least two; three managers."""
        users: list[User] = []
        members: list[Membership] = []
        roles = list(Role.objects.filter(community=self.community).exclude(kind=Role.Kind.RESIDENT))
        staff_roles = max(1, sum(role.kind == Role.Kind.STAFF for role in roles))
        for role in roles:
            manages = role.kind == Role.Kind.MANAGER
            team = [self._person(self._name(), self._phone())
                    for _ in range(3 if manages else max(2, homes // 120 // staff_roles))]  # fmt: skip
            users += team
            members += [self._member(user, role) for user in team]
            if manages:
                self.people.managers += team
            else:
                self.people.staff[role.pk] = team
        self._keep(users, members)

    def _keep(self, users: list[User], members: list[Membership]) -> None:
        copy_in(User, users)
        copy_in(Membership, members)
        through = User.groups.through
        through._default_manager.bulk_create(
            [through(user_id=user.pk, group_id=role.group_id) for user, role in self._through], batch_size=2000
        )
        self._through = []
