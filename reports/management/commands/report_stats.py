"""manage.py report_stats [COMMUNITY …] [--since DAY] [--until DAY] [--format json|xlsx] [--output FILE]"""

import json
import sys
from argparse import ArgumentParser, ArgumentTypeError
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from accounts.models import Community
from reports.statistics.book import write_book
from reports.statistics.desk import Period, desk_figures

USUAL_DAYS = 30


class Command(BaseCommand):
    help = "The desk's figures (docs/statistics.md) of the reports filed in a period, of some communities or of all."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("community", nargs="*", help="slugs; none: all communities")
        parser.add_argument("--since", type=_day, help="first day, YYYY-MM-DD; left out: 30 days with the last")
        parser.add_argument("--until", type=_day, help="last day; left out: today")
        parser.add_argument("--format", choices=("json", "xlsx"), default="json")
        parser.add_argument("--output", type=Path, help="a file; left out: standard output")

    def handle(self, *args: Any, **options: Any) -> None:
        communities = _communities(options["community"])
        period = _period(options["since"], options["until"], communities)
        found = desk_figures([one.pk for one in communities] if options["community"] else None, period)
        if options["format"] == "json":
            text = json.dumps(found, ensure_ascii=False, indent=2)
            self._write((text + "\n").encode(), options["output"]) if options["output"] else self.stdout.write(text)
        else:
            self._write(write_book(found), options["output"])

    def _write(self, content: bytes, path: Path | None) -> None:
        try:
            sys.stdout.buffer.write(content) if path is None else path.write_bytes(content)
        except OSError as error:
            raise CommandError(f"{path}: {error.strerror or error}") from None


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ArgumentTypeError(f"{text!r} is no day like 2026-11-30") from None


def _communities(slugs: list[str]) -> list[Community]:
    if not slugs:
        return list(Community.objects.all())
    found = {one.slug: one for one in Community.objects.filter(slug__in=slugs)}
    if unknown := [slug for slug in slugs if slug not in found]:
        raise CommandError(f"there is no community {', '.join(unknown)}")
    return list(found.values())


def _period(first: date | None, last: date | None, communities: list[Community]) -> Period:
    zone = communities[0].timezone if len(communities) == 1 else settings.TIME_ZONE
    last = last or timezone.now().astimezone(ZoneInfo(zone)).date()
    first = first or last - timedelta(days=USUAL_DAYS - 1)
    if first > last:
        raise CommandError("--until is before --since")
    return Period(first, last, zone)
