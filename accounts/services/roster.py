"""The property's list of who lives where: looking up in it."""

from collections.abc import Mapping, Sequence

from accounts.models import Building, Community, Home, RosterEntry
from accounts.text import Home as StatedHome
from accounts.text import clean, clean_home, clean_part, clean_phone, spellings


def find_building(community: Community, name: str) -> Building | None:
    """The building of this name, however its last character is written; the exact name goes first."""
    return pick_building(buildings_of(community), name)


def buildings_of(community: Community) -> dict[str, Building]:
    """By their names."""
    return {building.name: building for building in Building.objects.filter(community=community)}


def pick_building(buildings: Mapping[str, Building], name: str) -> Building | None:
    """As `find_building`, among these."""
    return next((buildings[name] for name in spellings("building", clean_part(name)) if name in buildings), None)


def find_unit(building: Building, name: str) -> str | None:
    """The building's unit of this name, as the building writes it; None where it has no such unit."""
    return next((unit for unit in spellings("unit", clean_part(name)) if unit in building.units), None)


def written_home(*, community: Community, home: Mapping[str, object]) -> StatedHome:
    """A stated home in the community's own words; what the community does not know stays as stated."""
    stated = clean_home(home)
    known = find_home(community=community, home=stated)
    if known is not None:
        return known.as_dict()
    building = find_building(community, stated["building"])
    if building is None:
        return stated
    return stated | {"building": building.name, "unit": find_unit(building, stated["unit"]) or stated["unit"]}


def find_home(*, community: Community, home: Mapping[str, object]) -> Home | None:
    """The home that `{"building", "unit", "room"}` means, or None."""
    return find_homes(community=community, homes=[home])[0]


def find_homes(*, community: Community, homes: Sequence[Mapping[str, object]]) -> list[Home | None]:
    """As `find_home`, for many in two queries."""
    buildings = buildings_of(community)
    stated = [(clean_home(home), pick_building(buildings, clean_home(home)["building"])) for home in homes]
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
