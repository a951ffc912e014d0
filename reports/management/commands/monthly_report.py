"""manage.py monthly_report COMMUNITY [--month 2026-10] [--output FILE.xlsx]"""

import shutil
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.services.communities import community_of_slug
from community_report.core.errors import DomainError
from reports.monthly import month_of, monthly, workbook


class Command(BaseCommand):
    help = "Write the monthly report of a community as XLSX (default: of last month, into the working directory)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("community", help="slug")
        parser.add_argument("--month", default="", help="2026-10")
        parser.add_argument("--output", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            community = community_of_slug(options["community"])
            report = monthly(community, month_of(options["month"], community))
        except DomainError as error:
            raise CommandError(error.detail) from None
        path = options["output"] or Path(f"{community.slug}-{report.month}.xlsx")
        try:
            with workbook(report) as file, path.open("wb") as target:
                shutil.copyfileobj(file, target)
        except OSError as error:
            raise CommandError(f"{path}: {error.strerror or error}") from None
        self.stdout.write(str(path))
