"""Importing the roster with django-import-export: by the back office and by `manage.py import_residents` alike."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NoReturn

from django.core.exceptions import ValidationError
from django.db import transaction
from import_export.fields import Field
from import_export.instance_loaders import BaseInstanceLoader
from import_export.resources import ModelResource
from import_export.results import Result
from tablib import Dataset

from accounts.models import Community, Home, RosterEntry
from accounts.services.roster_rows import Line, Place, RowReader

#: The columns of a dataset that is imported: the row's number in its file (the heading is 1), and its cells as text.
COLUMNS = ("row", "building", "unit", "room", "name", "phone")


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


def dataset_of(rows: Iterable[Iterable[Any]]) -> Dataset:
    """A dataset of rows that have `COLUMNS`."""
    return Dataset(*rows, headers=COLUMNS)


def import_roster(*, community: Community, rows: Dataset, dry_run: bool = False) -> RosterResult:
    """Bring the community's roster up to `rows` (`COLUMNS`); nobody is removed, and a rejected row stops no other.

    An entry is known by home and phone (another name: updated), or by home and name where the file and the roster
    have that name once in that home (another phone: updated). With `dry_run` nothing is kept.
    """
    with transaction.atomic():
        Community.objects.select_for_update(no_key=True).get(pk=community.pk)  # one import at a time
        resource = RosterResource(community=community)
        return resource.told(resource.import_data(rows, dry_run=dry_run, use_transactions=True), rows["row"])


class _Loader(BaseInstanceLoader):
    """Known over all rows of a file at once."""

    def get_instance(self, row: Mapping[str, Any]) -> RosterEntry | None:
        entry: RosterEntry | None = self.resource.known.entry(row["home"], row["line"])
        if entry is not None:
            entry.home = row["home"]  # the package asks each entry for its name, which has the home in it
        return entry


class RosterResource(ModelResource):
    """The rows of a file as entries of one community's roster.

    All rows are read before the first is written: homes are made and entries are found for all of them together.
    """

    building = Field("home__building__name", "building", readonly=True)
    unit = Field("home__unit", "unit", readonly=True)
    room = Field("home__room", "room", readonly=True)
    name = Field("name", "name")
    phone = Field("phone", "phone")

    class Meta:
        model = RosterEntry
        fields = ("building", "unit", "room", "name", "phone")
        import_id_fields = ("building", "unit", "room", "phone")
        instance_loader_class = _Loader
        use_bulk = True
        batch_size = 1000
        skip_diff = True  # a difference is a name or a number here, and no HTML
        report_skipped = False
        store_row_values = store_instance = True

    def __init__(self, *, community: Community) -> None:
        super().__init__()
        self.community = community
        self.new_homes: list[int] = []

    def get_bulk_update_fields(self) -> list[str]:
        return ["name", "phone"]

    def before_import(self, dataset: Dataset, **kwargs: Any) -> None:
        reader = RowReader(self.community)
        self.lines = [_line(reader, row) for row in dataset.dict]
        taken = [line for line in self.lines if isinstance(line, Line)]
        self.homes = self._homes({line.place for line in taken})
        entries = RosterEntry.objects.filter(home__building__community=self.community)
        self.known = _Known(list(entries), taken, self.homes)

    def _homes(self, places: set[Place]) -> dict[Place, Home]:
        last = Home.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
        Home.objects.bulk_create(
            [Home(building_id=building, unit=unit, room=room) for building, unit, room in sorted(places)],
            ignore_conflicts=True,
            batch_size=1000,
        )
        there = list(Home.objects.filter(building__community=self.community).select_related("building"))
        self.new_homes = [home.pk for home in there if home.pk > last]
        return {(home.building_id, home.unit, home.room): home for home in there}

    def before_import_row(self, row: dict[str, Any], **kwargs: Any) -> None:
        line = self.lines[kwargs["row_number"] - 1]
        if isinstance(line, ValidationError):
            raise line
        row |= {"line": line, "home": self.homes[line.place], "name": line.name, "phone": line.phone}

    def init_instance(self, row: Any = None) -> RosterEntry:
        return RosterEntry(home=row["home"])

    def after_init_instance(self, instance: RosterEntry, new: bool, row: Any, **kwargs: Any) -> None:
        row["before"] = None if new else (instance.name, instance.phone)

    def skip_row(self, instance: RosterEntry, original: Any, row: Any, import_validation_errors: Any = None) -> bool:
        return bool(row["before"] == (instance.name, instance.phone))

    def after_import(self, dataset: Dataset, result: Result, **kwargs: Any) -> None:
        """Without setting the table's sequence anew: an import of another community may have taken numbers of it."""

    def handle_import_error(self, result: Result, error: Exception, raise_errors: bool = False) -> NoReturn:
        """What is no word about a row is a mistake of ours, and nothing is kept."""
        raise error

    def told(self, result: Result, numbers: list[int]) -> RosterResult:
        """What was done; `numbers` are those of the rows in their file."""
        for broken in result.error_rows:
            raise broken.errors[0].error
        return RosterResult(
            added=result.totals["new"],
            updated=result.totals["update"],
            unchanged=result.totals["skip"],
            rejected=[(numbers[bad.number - 1], bad.error.messages[0]) for bad in result.invalid_rows],
            changes=[_change(row.row_values, row.instance) for row in result.valid_rows()],
            new_homes=self.new_homes,
        )


def _line(reader: RowReader, row: Mapping[str, Any]) -> Line | ValidationError:
    try:
        return reader.line(row, row["row"])
    except ValidationError as bad:
        return bad


def _change(row: Mapping[str, Any], entry: RosterEntry) -> RosterChange:
    return RosterChange(str(row["home"]), row["before"], (entry.name, entry.phone), entry.pk)


class _Known:
    """Finds the entry that a line is about."""

    def __init__(self, entries: list[RosterEntry], lines: list[Line], homes: dict[Place, Home]) -> None:
        self.by_phone = {(entry.home_id, entry.phone): entry for entry in entries}
        self.by_name = {(entry.home_id, entry.name): entry for entry in entries}
        there = Counter((entry.home_id, entry.name) for entry in entries)
        coming = Counter((homes[line.place].pk, line.name) for line in lines)
        self.once = {key for key in there if there[key] == 1 and coming[key] == 1}
        self.numbers = {(homes[line.place].pk, line.phone) for line in lines}

    def entry(self, home: Home, line: Line) -> RosterEntry | None:
        entry = self.by_phone.get((home.pk, line.phone))
        if entry is not None or (home.pk, line.name) not in self.once:
            return entry
        same_name = self.by_name[home.pk, line.name]
        # The number that the roster has for this name is another row's: that row keeps the entry.
        return None if (home.pk, same_name.phone) in self.numbers else same_name
