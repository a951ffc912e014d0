"""manage.py invite COMMUNITY ROLE [--count N] [--expires-hours 72] [--json]"""

import json
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from accounts.models import Community, Invitation
from accounts.services.communities import community_of_slug
from accounts.services.invitations import create_invitation, invitation_url
from community_report.core.errors import Invalid, NotFound

MAX_COUNT = 1000


class Command(BaseCommand):
    help = "Make single-use invitation codes for staff and managers."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("community", help="slug")
        parser.add_argument("role", help="slug")
        parser.add_argument("--count", type=int, default=1)
        parser.add_argument("--expires-hours", type=int, default=72)
        parser.add_argument("--json", action="store_true", help="print a JSON list and nothing else")

    def handle(self, *args: Any, **options: Any) -> None:
        if not 1 <= options["count"] <= MAX_COUNT:
            raise CommandError(f"--count must be from 1 to {MAX_COUNT}")
        try:
            community = community_of_slug(options["community"])
            made = self._make(community, options)
        except NotFound:
            raise CommandError(f"there is no community {options['community']!r}") from None
        except Invalid as error:
            raise CommandError(_words(error, community, options)) from None
        rows = [{"code": i.code, "url": invitation_url(i), "expires_at": i.expires_at.isoformat()} for i in made]
        if options["json"]:
            self.stdout.write(json.dumps(rows, ensure_ascii=False, indent=2))
            return
        for row in rows:
            self.stdout.write(f"{row['code']}  {row['url']}  until {row['expires_at']}")

    @transaction.atomic
    def _make(self, community: Community, options: dict[str, Any]) -> list[Invitation]:
        return [
            create_invitation(
                actor=None, community=community, role=options["role"], expires_hours=options["expires_hours"]
            )
            for _ in range(options["count"])
        ]


def _words(error: Invalid, community: Community, options: dict[str, Any]) -> str:
    if "role" not in error.fields:
        return "--expires-hours must be from 1 to 720"
    slugs = community.roles.exclude(kind="resident").values_list("slug", flat=True)
    return f"there is no role {options['role']!r} to invite to; there are: {', '.join(slugs)}"
