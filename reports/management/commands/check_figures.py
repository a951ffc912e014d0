"""manage.py check_figures [--repair]"""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from reports.statistics.copies import mend, wrong


class Command(BaseCommand):
    help = "Hold what is kept for the figures (docs/statistics.md) against events and ratings, and mend it if wanted."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--repair", action="store_true", help="write what is right")

    def handle(self, *args: Any, **options: Any) -> None:
        found = mend() if options["repair"] else wrong()
        words = ", ".join(f"{number} {name}" for name, number in found.items() if number)
        if not words:
            self.stdout.write("all as events and ratings say")
        elif options["repair"]:
            self.stdout.write(f"mended: {words}")
        else:
            raise CommandError(f"not as events and ratings say: {words}; --repair mends it")
