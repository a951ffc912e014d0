"""The property's list of who lives where: looking up, and importing it."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import Building, Community, Home, RosterEntry
from accounts.text import clean, clean_home, clean_part, clean_phone, is_shortened, spellings

MAX_NAME = MAX_ROOM = 40


def find_building(community: Community, name: str) -> Building | None:
    """The building of this name, however its last character is written; the exact name goes first."""
    return _pick_building(list(Building.objects.filter(community=community)), name)


def _pick_building(buildings: Sequence[Building], name: str) -> Building | None:
    found = {building.name: building for building in buildings}
    return next((found[name] for name in spellings("building", clean_part(name)) if name in found), None)


def find_home(*, community: Community, home: Mapping[str, object]) -> Home | None:
    """The home that `{"building", "unit", "room"}` means, or None."""
    return find_homes(community=community, homes=[home])[0]


def find_homes(*, community: Community, homes: Sequence[Mapping[str, object]]) -> list[Home | None]:
    """As `find_home`, for many in two queries."""
    buildings = list(Building.objects.filter(community=community))
    stated = [(clean_home(home), _pick_building(buildings, clean_home(home)["building"])) for home in homes]
    rooms = {room for home, building in stated if building and home["room"] for room in spellings("room", home["room"])}
    there: dict[int, list[Home]] = {}
    for home in Home.objects.filter(building__in=[b for _home, b in stated if b], room__in=rooms).select_related(
        "building"
    ):
        there.setdefault(home.building_id, []).append(home)
    return [_pick_home(there.get(building.pk, []), home) if building else None for home, building in stated]


def _pick_home(there: Sequence[Home], stated: Mapping[str, str]) -> Home | None:
    """Of a building's homes the one that is written so, else the only one that can be meant."""
    if not stated["room"]:
        return None
    units, rooms = spellings("unit", stated["unit"]), spellings("room", stated["room"])
    found = [home for home in there if home.unit in units and home.room in rooms]
    exact = [home for home in found if (home.unit, home.room) == (stated["unit"], stated["room"])]
    return next(iter(exact or found), None) if exact or len(found) == 1 else None


def find_entry(*, community: Community, name: str, phone: str, home: Mapping[str, object]) -> RosterEntry | None:
    """The roster's entry with exactly this name, phone and home (`{"building", "unit", "room"}`), or None."""
    try:
        number = clean_phone(phone)
    except ValueError:
        return None
    found = find_home(community=community, home=home)
    if found is None:
        return None
    return (
        RosterEntry.objects.filter(home=found, phone=number, name=clean(name)).select_related("home__building").first()
    )


#: Begins a cell that the spreadsheet took for a date: "3-1" is 1 March there, and what was written is lost.
AS_A_DATE = "date:"


@dataclass(frozen=True)
class RosterRow:
    """One row of the file: its number there (the heading is 1), and its cells as text."""

    number: int
    building: str
    unit: str
    room: str
    name: str
    phone: str


@dataclass(frozen=True)
class RosterChange:
    """One entry that an import made (`before` None) or changed: (name, phone) before and after, and its key."""

    home: str
    before: tuple[str, str] | None
    after: tuple[str, str]
    entry: int | None  # None in a dry run, where it was not made


@dataclass
class RosterResult:
    """How many entries were made, changed and found as they are; `rejected` holds (row number, why).

    `changes` are what it did, in the file's order; `new_homes` the keys of the homes that it made.
    """

    added: int = 0
    updated: int = 0
    unchanged: int = 0
    rejected: list[tuple[int, str]] = field(default_factory=list)
    changes: list[RosterChange] = field(default_factory=list)
    new_homes: list[int] = field(default_factory=list)


class _Rejected(Exception):
    """This row cannot be taken; the text says why."""


@dataclass(frozen=True)
class _Line:
    """A row that can be taken. `place` is (building's key, unit, room)."""

    number: int
    place: tuple[int, str, str]
    name: str
    phone: str


def import_roster(*, community: Community, rows: Iterable[RosterRow], dry_run: bool = False) -> RosterResult:
    """Bring the community's roster up to `rows`; nobody is removed, and a rejected row stops no other.

    An entry is known by home and phone (another name: updated), or by home and name where the file and the roster
    have that name once in that home (another phone: updated). With `dry_run` nothing is kept.
    """
    with transaction.atomic():
        Community.objects.select_for_update(no_key=True).get(pk=community.pk)  # one import at a time
        result = _Import(community).run(rows)
        if dry_run:
            transaction.set_rollback(True)
    return result


class _Import:
    def __init__(self, community: Community) -> None:
        self.community = community
        self.result = RosterResult()
        self.buildings = {building.name: building for building in community.buildings.all()}

    def run(self, rows: Iterable[RosterRow]) -> RosterResult:
        lines = self._lines(rows)
        homes = self._homes({line.place for line in lines})
        self._write(lines, homes)
        self.result.rejected.sort()
        return self.result

    def _lines(self, rows: Iterable[RosterRow]) -> list[_Line]:
        lines: list[_Line] = []
        seen: dict[tuple[tuple[int, str, str], str], int] = {}
        for row in rows:
            try:
                line = self._line(row)
                first = seen.setdefault((line.place, line.phone), row.number)
                if first != row.number:
                    raise _Rejected(_("与第 %(row)d 行的房屋和手机重复") % {"row": first})
            except _Rejected as rejected:
                self.result.rejected.append((row.number, str(rejected)))
            else:
                lines.append(line)
        return lines

    def _line(self, row: RosterRow) -> _Line:
        for cell in (row.building, row.unit, row.room):
            if cell.startswith(AS_A_DATE):
                said = _("“%(cell)s”被表格软件当成了日期；请把这一列设为文本再导出")
                raise _Rejected(said % {"cell": cell.removeprefix(AS_A_DATE).removesuffix(" 00:00:00")})
        name, room = clean(row.name), clean_part(row.room)
        if not name or len(name) > MAX_NAME:
            raise _Rejected(_("缺少姓名") if not name else _("姓名太长"))
        if not room or len(room) > MAX_ROOM:
            raise _Rejected(_("缺少房号") if not room else _("房号太长"))
        building = self._building(row.building)
        return _Line(row.number, (building.pk, self._unit(building, row.unit), room), name, self._phone(row.phone))

    def _building(self, name: str) -> Building:
        names = spellings("building", clean_part(name))
        found = next((self.buildings[name] for name in names if name in self.buildings), None)
        if found is None:
            given = clean(name)
            raise _Rejected(_("小区没有楼栋“%(name)s”") % {"name": given} if given else _("缺少楼栋"))
        return found

    def _unit(self, building: Building, unit: str) -> str:
        given = clean_part(unit)
        if not building.units and not given:
            return ""
        found = next((u for u in spellings("unit", given) if u in building.units), None)
        if found is None:
            words = {"building": building.name, "unit": given}
            raise _Rejected(_("%(building)s没有单元“%(unit)s”") % words if given else _("缺少单元"))
        return found

    def _phone(self, phone: str) -> str:
        if not clean(phone):
            raise _Rejected(_("缺少手机"))
        try:
            return clean_phone(phone)
        except ValueError:
            given = clean(phone)
            if is_shortened(given):
                said = _("“%(phone)s”被表格软件缩写，末几位已经丢失；请把这一列设为文本再导出")
            else:
                said = _("“%(phone)s”不是手机号码")
            raise _Rejected(said % {"phone": given}) from None

    def _homes(self, places: set[tuple[int, str, str]]) -> dict[tuple[int, str, str], Home]:
        last = Home.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
        Home.objects.bulk_create(
            [Home(building_id=building, unit=unit, room=room) for building, unit, room in sorted(places)],
            ignore_conflicts=True,
            batch_size=1000,
        )
        there = list(Home.objects.filter(building__community=self.community).select_related("building"))
        self.result.new_homes = [home.pk for home in there if home.pk > last]
        return {(home.building_id, home.unit, home.room): home for home in there}

    def _write(self, lines: list[_Line], homes: dict[tuple[int, str, str], Home]) -> None:
        entries = list(RosterEntry.objects.filter(home__building__community=self.community))
        known = _Known(entries, lines, homes)
        touched: list[tuple[RosterEntry, str, tuple[str, str] | None]] = []
        for line in lines:
            home = homes[line.place]
            entry = known.entry(home, line)
            if entry is None:
                touched.append((RosterEntry(home=home, name=line.name, phone=line.phone), str(home), None))
            elif (entry.name, entry.phone) != (line.name, line.phone):
                touched.append((entry, str(home), (entry.name, entry.phone)))
                entry.name, entry.phone = line.name, line.phone
        added = [entry for entry, _home, before in touched if before is None]
        changed = [entry for entry, _home, before in touched if before is not None]
        RosterEntry.objects.bulk_update(changed, ["name", "phone"], batch_size=500)
        RosterEntry.objects.bulk_create(added, batch_size=1000)
        self.result.added, self.result.updated = len(added), len(changed)
        self.result.unchanged = len(lines) - len(touched)
        self.result.changes = [
            RosterChange(home, before, (entry.name, entry.phone), entry.pk) for entry, home, before in touched
        ]


class _Known:
    """Finds the entry that a line is about."""

    def __init__(self, entries: list[RosterEntry], lines: list[_Line], homes: dict[tuple[int, str, str], Home]) -> None:
        self.by_phone = {(entry.home_id, entry.phone): entry for entry in entries}
        self.by_name = {(entry.home_id, entry.name): entry for entry in entries}
        there = Counter((entry.home_id, entry.name) for entry in entries)
        coming = Counter((homes[line.place].pk, line.name) for line in lines)
        self.once = {key for key in there if there[key] == 1 and coming[key] == 1}
        self.numbers = {(homes[line.place].pk, line.phone) for line in lines}

    def entry(self, home: Home, line: _Line) -> RosterEntry | None:
        entry = self.by_phone.get((home.pk, line.phone))
        if entry is not None or (home.pk, line.name) not in self.once:
            return entry
        same_name = self.by_name[home.pk, line.name]
        # The number that the roster has for this name is another row's: that row keeps the entry.
        return None if (home.pk, same_name.phone) in self.numbers else same_name
