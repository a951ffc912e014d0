"""manage.py deliveries list|retry [--status dead] [--since TIME] [--limit N] [--json]"""

import json
from argparse import ArgumentParser
from datetime import datetime, time, timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime

from community_report.core.errors import Invalid
from dispatch.api.deliveries import delivery_shape
from dispatch.models import Delivery
from dispatch.services.retrying import retry_deliveries


class Command(BaseCommand):
    help = "The delivery ledger: list it, or send again what died."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("action", choices=("list", "retry"))
        parser.add_argument("--status", choices=Delivery.Status.values, help="default: all, and dead to retry")
        parser.add_argument(
            "--since", help="made since this date, time, or age (2026-11-23, 2026-11-23T08:00, 24h, 7d)"
        )
        parser.add_argument("--limit", type=int, default=100, help="of list; the newest come first")
        parser.add_argument("--json", action="store_true", help="print JSON and nothing else")

    def handle(self, *args: Any, **options: Any) -> None:
        rows = Delivery.objects.all()
        if options["since"]:
            rows = rows.filter(created_at__gte=moment(options["since"]))
        if options["action"] == "list":
            status = options["status"]
            self._list(rows.filter(status=status) if status else rows, options)
            return
        try:
            count = retry_deliveries(rows, status=options["status"] or Delivery.Status.DEAD)
        except Invalid as error:
            raise CommandError(error.detail) from None
        self.stdout.write(json.dumps({"retried": count}) if options["json"] else f"{count} will be sent again")

    def _list(self, rows: Any, options: dict[str, Any]) -> None:
        newest = rows.select_related("user").order_by("-created_at")[: options["limit"]]
        shapes = [delivery_shape(row) for row in newest]
        if options["json"]:
            self.stdout.write(json.dumps(shapes, ensure_ascii=False, indent=2, default=datetime.isoformat))
            return
        for row in shapes:
            self.stdout.write(_line(row))


def _line(row: dict[str, Any]) -> str:
    words = (row["status"], row["kind"], row["channel"], row["code"], row["attempts"], row["user"]["display_name"])
    local = timezone.localtime(row["created_at"])
    return "  ".join([f"{local:%Y-%m-%d %H:%M:%S}", *(str(word or "-") for word in words), row["id"]])


def moment(text: str) -> datetime:
    """A date or time (in the server's time zone where it names none), or an age such as 24h, 7d."""
    units = {"m": "minutes", "h": "hours", "d": "days"}
    if text[:-1].isdigit() and text[-1:] in units:
        return timezone.now() - timedelta(**{units[text[-1]]: int(text[:-1])})
    try:
        found = parse_datetime(text)
        day = None if found else parse_date(text)
    except ValueError:
        found = day = None
    if day:
        found = datetime.combine(day, time.min, tzinfo=timezone.get_current_timezone())
    if found is None:
        raise CommandError(f"--since: {text!r} is no date, time or age")
    return found if timezone.is_aware(found) else timezone.make_aware(found)
