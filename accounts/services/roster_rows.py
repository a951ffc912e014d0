"""What a row of a roster's file means in a community, and why a row cannot be taken."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from accounts.models import Building, Community, Home
from accounts.services.roster import buildings_of, find_unit, pick_building
from accounts.text import clean, clean_part, clean_phone, is_shortened, spellings

MAX_NAME = MAX_ROOM = 40
#: Begins a cell that the spreadsheet took for a date: "3-1" is 1 March there, and what was written is lost.
AS_A_DATE = "date:"

#: (building's key, unit, room)
Place = tuple[int, str, str]


@dataclass(frozen=True)
class Line:
    """A row that can be taken."""

    place: Place
    name: str
    phone: str


class RowReader:
    """Makes a line of each row of one file. Raises ValidationError, which says why not."""

    def __init__(self, community: Community) -> None:
        self._rooms = _Rooms(community)
        self._buildings = buildings_of(community)
        self._seen: dict[tuple[Place, str], int] = {}

    def line(self, row: Mapping[str, str], number: int) -> Line:
        """`row` has building, unit, room, name and phone as text; `number` is its place in the file."""
        _refuse_dates(row)
        name, room = _name(row["name"]), _room(row["room"])
        building = self._building(row["building"])
        unit, phone = _unit(building, row["unit"]), _phone(row["phone"])
        line = Line((building.pk, unit, self._rooms.written(building, unit, room)), name, phone)
        first = self._seen.setdefault((line.place, line.phone), number)
        if first != number:
            raise ValidationError(_("与第 %(row)d 行的房屋和手机重复") % {"row": first})
        return line

    def _building(self, name: str) -> Building:
        found = pick_building(self._buildings, name)
        if found is None:
            given = clean(name)
            raise ValidationError(_("小区没有楼栋“%(name)s”") % {"name": given} if given else _("缺少楼栋"))
        return found


class _Rooms:
    """How each room is written: as the roster has it, else as the first row of the file that names it."""

    def __init__(self, community: Community) -> None:
        self._there: dict[tuple[int, str], set[str]] = {}
        homes = Home.objects.filter(building__community=community)
        for building, unit, room in homes.values_list("building", "unit", "room"):
            self._there.setdefault((building, unit), set()).add(room)

    def written(self, building: Building, unit: str, given: str) -> str:
        there = self._there.setdefault((building.pk, unit), set())
        meant = [room for room in spellings("room", given) if room in there]
        if given not in there and len(meant) == 1:
            return meant[0]
        there.add(given)
        return given


def _refuse_dates(row: Mapping[str, str]) -> None:
    for cell in (row["building"], row["unit"], row["room"]):
        if cell.startswith(AS_A_DATE):
            said = _("“%(cell)s”被表格软件当成了日期；请把这一列设为文本再导出")
            raise ValidationError(said % {"cell": cell.removeprefix(AS_A_DATE).removesuffix(" 00:00:00")})


def _name(cell: str) -> str:
    name = clean(cell)
    if not name or len(name) > MAX_NAME:
        raise ValidationError(_("缺少姓名") if not name else _("姓名太长"))
    return name


def _room(cell: str) -> str:
    room = clean_part(cell)
    if not room or len(room) > MAX_ROOM:
        raise ValidationError(_("缺少房号") if not room else _("房号太长"))
    return room


def _unit(building: Building, cell: str) -> str:
    given = clean_part(cell)
    if not building.units and not given:
        return ""
    found = find_unit(building, given)
    if found is None:
        words = {"building": building.name, "unit": given}
        raise ValidationError(_("%(building)s没有单元“%(unit)s”") % words if given else _("缺少单元"))
    return found


def _phone(cell: str) -> str:
    given = clean(cell)
    if not given:
        raise ValidationError(_("缺少手机"))
    try:
        return clean_phone(cell)
    except ValueError:
        if is_shortened(given):
            said = _("“%(phone)s”被表格软件缩写，末几位已经丢失；请把这一列设为文本再导出")
        else:
            said = _("“%(phone)s”不是手机号码")
        raise ValidationError(said % {"phone": given}) from None
