"""manage.py setup_community FILE.toml"""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from reports.services.setup import setup_community
from reports.services.setup_file import SetupError, read_plan


class Command(BaseCommand):
    help = "Create or update a community from its TOML file; running it twice changes nothing."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["file"]
        try:
            plan = read_plan(path)
        except SetupError as error:
            raise CommandError(f"{path}: {error}; nothing was changed") from None
        except OSError as error:
            raise CommandError(f"{path}: {error.strerror or error}") from None
        result = setup_community(plan)
        for change in result.changes:
            self.stdout.write(change)
        for kept in result.left_out:
            self.stdout.write(f"{kept}: not in the file, kept as it is")
        count = len(result.changes)
        slug = plan.community.slug
        self.stdout.write(f"{slug}: {count} changed" if count else f"{slug}: nothing changed")
