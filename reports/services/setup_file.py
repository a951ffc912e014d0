"""The community file (TOML): read and checked whole, before anything is changed."""

import re
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from accounts.hours import time_zone, working_hours
from accounts.text import clean, clean_part

SLUG = re.compile(r"[a-z0-9-]+")
MAX_SLUG = 40
MAX_NAME = 40
MAX_DAYS = 3650
MAX_MINUTES = 525_600  # a year
BUILT_IN_ROLES = ("resident", "manager")


class SetupError(Exception):
    """The file cannot be taken; the text names the line, or the key."""


@dataclass(frozen=True)
class CommunityPlan:
    slug: str
    name: str
    timezone: str = "Asia/Shanghai"
    auto_confirm_days: int = 7
    reopen_days: int = 15
    working_hours: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class BuildingPlan:
    name: str
    units: list[str]


@dataclass(frozen=True)
class RolePlan:
    slug: str
    name: str


@dataclass(frozen=True)
class TagPlan:
    slug: str
    name: str
    roles: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class CategoryPlan:
    slug: str
    name: str
    tags: list[str] = field(default_factory=list)
    claim_minutes: int = 30
    resolve_minutes: int = 1440
    lease_minutes: int = 0
    clock: str = "always"
    public: bool = False
    claimable: bool = True
    urgent: bool = False


@dataclass(frozen=True)
class Plan:
    """What the file says; slugs refer to one another within it."""

    community: CommunityPlan
    buildings: list[BuildingPlan]
    roles: list[RolePlan]
    tags: list[TagPlan]
    categories: list[CategoryPlan]


Check = Callable[[object], Any]


def read_plan(path: Path) -> Plan:
    """The file's plan. Raises SetupError for what is wrong in it, and OSError as `open` does."""
    try:
        table = tomllib.loads(path.read_bytes().decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise SetupError("the file is not in UTF-8") from None
    except tomllib.TOMLDecodeError as error:
        raise SetupError(str(error)) from None
    return parse_plan(table)


def parse_plan(table: Mapping[str, Any]) -> Plan:
    """The plan of a parsed file. Raises SetupError."""
    _refuse_unknown(table, ("community", *_LISTS), "")
    community = table.get("community")
    if not isinstance(community, dict):
        raise SetupError("community: the table [community] is missing")
    parts = {name: _list(table, name) for name in _LISTS}
    plan = Plan(CommunityPlan(**_checked(community, "community", _COMMUNITY, ("slug", "name"))), **parts)
    _refuse_dangling(plan)
    return plan


def _list(table: Mapping[str, Any], name: str) -> list[Any]:
    make, checks, required, key = _LISTS[name]
    rows = table.get(name, [])
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise SetupError(f"{name}: must be written as [[{name}]]")
    plans = [make(**_checked(row, f"{name}[{number}]", checks, required)) for number, row in enumerate(rows, 1)]
    _refuse_repeated([getattr(plan, key) for plan in plans], lambda number: f"{name}[{number}].{key}")
    return plans


def _checked(
    row: Mapping[str, Any], where: str, checks: Mapping[str, Check], required: Iterable[str]
) -> dict[str, Any]:
    _refuse_unknown(row, checks, f"{where}.")
    for name in required:
        if name not in row:
            raise SetupError(f"{where}.{name}: is missing")
    values = {}
    for name, value in row.items():
        try:
            values[name] = checks[name](value)
        except ValueError as error:
            raise SetupError(f"{where}.{name}: {error}") from None
    return values


def _refuse_unknown(row: Mapping[str, Any], known: Iterable[str], where: str) -> None:
    for name in row:
        if name not in known:
            raise SetupError(f"{where}{name}: unknown key")


def _refuse_repeated(values: list[str], where: Callable[[int], str]) -> None:
    seen: set[str] = set()
    for number, value in enumerate(values, 1):
        if value in seen:
            raise SetupError(f"{where(number)}: {value!r} is there twice")
        seen.add(value)


def _refuse_dangling(plan: Plan) -> None:
    roles = {role.slug for role in plan.roles} | set(BUILT_IN_ROLES)
    tags = {tag.slug for tag in plan.tags}
    for number, tag in enumerate(plan.tags, 1):
        _refuse_missing(tag.roles, roles, f"tags[{number}].roles", "role")
    for number, category in enumerate(plan.categories, 1):
        _refuse_missing(category.tags, tags, f"categories[{number}].tags", "tag")


def _refuse_missing(named: list[str], known: set[str], where: str, what: str) -> None:
    for slug in named:
        if slug not in known:
            raise SetupError(f"{where}: there is no {what} {slug!r} in the file")


def _slug(value: object) -> str:
    if not isinstance(value, str) or len(value) > MAX_SLUG or not SLUG.fullmatch(value):
        raise ValueError(f"must be made of a-z, 0-9 and -, at most {MAX_SLUG}, not {value!r}")
    return value


def _text(value: object, most: int) -> str:
    if not isinstance(value, str) or not 0 < len(clean(value)) <= most:
        raise ValueError(f"must be a text of 1 to {most} characters")
    return clean(value)


def _name(value: object) -> str:
    return _text(value, MAX_NAME)


def _part(value: object) -> str:
    """As in the roster, where white space within a building or unit does not count."""
    return clean_part(_name(value))


def _number(most: int) -> Check:
    def check(value: object) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= most:
            raise ValueError(f"must be a whole number from 0 to {most}")
        return value

    return check


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError("must be true or false")
    return value


def _texts(check: Callable[[object], str]) -> Check:
    def check_all(value: object) -> list[str]:
        if not isinstance(value, list):
            raise ValueError("must be a list of texts")
        texts = [check(item) for item in value]
        if len(set(texts)) < len(texts):
            raise ValueError("names something twice")
        return texts

    return check_all


def _clock(value: object) -> str:
    if value not in ("always", "working_hours"):
        raise ValueError("must be 'always' or 'working_hours'")
    return str(value)


_COMMUNITY: dict[str, Check] = {
    "slug": _slug,
    "name": lambda value: _text(value, 60),
    "timezone": time_zone,
    "auto_confirm_days": _number(MAX_DAYS),
    "reopen_days": _number(MAX_DAYS),
    "working_hours": working_hours,
}
_SLUG_AND_NAME: dict[str, Check] = {"slug": _slug, "name": _name}
_CATEGORY: dict[str, Check] = {
    **_SLUG_AND_NAME,
    "tags": _texts(_slug),
    "claim_minutes": _number(MAX_MINUTES),
    "resolve_minutes": _number(MAX_MINUTES),
    "lease_minutes": _number(MAX_MINUTES),
    "clock": _clock,
    "public": _flag,
    "claimable": _flag,
    "urgent": _flag,
}
#: list in the file → what a row becomes, its keys' checks, the required ones, and the one that is unique
_LISTS: dict[str, tuple[Callable[..., Any], dict[str, Check], tuple[str, ...], str]] = {
    "buildings": (BuildingPlan, {"name": _part, "units": _texts(_part)}, ("name", "units"), "name"),
    "roles": (RolePlan, _SLUG_AND_NAME, ("slug", "name"), "slug"),
    "tags": (TagPlan, {**_SLUG_AND_NAME, "roles": _texts(_slug)}, ("slug", "name"), "slug"),
    "categories": (CategoryPlan, _CATEGORY, ("slug", "name"), "slug"),
}
