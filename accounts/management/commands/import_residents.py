"""manage.py import_residents COMMUNITY FILE.xlsx|FILE.csv [--dry-run]"""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import translation

from accounts.services.communities import community_of_slug
from accounts.services.roster_file import RosterFileError, read_roster_file
from accounts.services.roster_resource import import_roster
from community_report.core.errors import NotFound


class Command(BaseCommand):
    help = "Import the resident roster (building,unit,room,name,phone or 楼栋,单元,房号,姓名,手机)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("community", help="slug")
        parser.add_argument("file", type=Path)
        parser.add_argument("--dry-run", action="store_true", help="say what would happen, change nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        with translation.override("en"):  # what the shell is told is English, as of every command
            self._import(options)

    def _import(self, options: dict[str, Any]) -> None:
        try:
            community = community_of_slug(options["community"])
            rows = read_roster_file(options["file"])
        except NotFound:
            raise CommandError(f"there is no community {options['community']!r}") from None
        except RosterFileError as error:
            raise CommandError(str(error)) from None
        result = import_roster(community=community, rows=rows, dry_run=options["dry_run"])
        for number, why in result.rejected:
            self.stdout.write(f"row {number} rejected: {why}")
        for what in ("added", "updated", "unchanged"):
            self.stdout.write(f"{what}: {getattr(result, what)}")
        self.stdout.write(f"rejected: {len(result.rejected)}")
        if options["dry_run"]:
            self.stdout.write("dry run: nothing was changed")
