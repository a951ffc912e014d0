"""manage.py make_data --community SLUG [--homes 5000] [--reports 100000] [--seed 1] [--force]"""

from argparse import ArgumentParser
from typing import Any

from django.core.exceptions import ObjectDoesNotExist
from django.core.management.base import BaseCommand, CommandError

from accounts.models import Community, Home
from accounts.services.communities import community_of_slug
from community_report.core.errors import NotFound
from community_report.site.made.making import Making
from reports.models import Report


class Command(BaseCommand):
    help = "Fill a community with made-up homes, people and a year of reports, for measuring and trying out."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--community", required=True, help="slug; made by setup_community, with its categories")
        parser.add_argument("--homes", type=int, default=5000)
        parser.add_argument("--reports", type=int, default=100_000)
        parser.add_argument("--seed", type=int, default=1)
        parser.add_argument("--force", action="store_true", help="also where there are homes or reports already")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            community = community_of_slug(options["community"])
        except NotFound:
            raise CommandError(f"there is no community {options['community']!r}: setup_community makes it") from None
        if options["homes"] < 1 or options["reports"] < 0:
            raise CommandError("--homes must be at least 1, --reports at least 0")
        if not options["force"] and _has_data(community):
            raise CommandError(
                f"{community.slug} has homes or reports, from which made-up ones could not be told afterwards; "
                "--force adds them all the same"
            )
        try:
            Making(community, seed=options["seed"], say=self.stdout.write).make(
                homes=options["homes"], reports=options["reports"]
            )
        except ObjectDoesNotExist as error:
            raise CommandError(str(error)) from None


def _has_data(community: Community) -> bool:
    there = Home.objects.filter(building__community=community)
    return there.exists() or Report.objects.filter(community=community).exists()
