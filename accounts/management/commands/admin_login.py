"""manage.py admin_login COMMUNITY PHONE"""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.services.communities import community_of_slug
from accounts.services.login import issue_admin_login
from community_report.core.errors import Invalid, NotFound


class Command(BaseCommand):
    help = "Print a one-time link (30 minutes) by which a bound manager sets an admin password."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("community", help="slug")
        parser.add_argument("phone", help="the phone that the manager is bound with")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            community = community_of_slug(options["community"])
        except NotFound:
            raise CommandError(f"there is no community {options['community']!r}") from None
        try:
            link = issue_admin_login(community=community, phone=options["phone"])
        except Invalid:
            raise CommandError(f"{options['phone']!r} is no phone number") from None
        except NotFound:
            raise CommandError(f"no active manager of {community.slug} is bound with this phone") from None
        self.stdout.write(link)
