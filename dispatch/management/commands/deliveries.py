"""manage.py deliveries list|retry [--status …] [--since …] [--kind …] [--code …] [--user …] [--community …] [--id …]"""

import json
from argparse import ArgumentParser
from datetime import datetime, time, timedelta
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime

from dispatch.api.deliveries import delivery_shape
from dispatch.kinds import Kind
from dispatch.models import Delivery
from dispatch.services import resending
from dispatch.services.retrying import RETRIED

#: More than this are not sent again without a yes.
ASK_ABOVE = 20


class Command(BaseCommand):
    help = (
        "The delivery ledger: list it, or send again what died. Sent again is what is still true, of the last "
        f"{resending.DEFAULT_AGE.days} days unless --since says otherwise; what --id names goes whatever it is."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("action", choices=("list", "retry"))
        parser.add_argument("--status", choices=Delivery.Status.values, help="default: all, and dead to retry")
        parser.add_argument(
            "--since", help="made since this date, time, or age (2026-11-23, 2026-11-23T08:00, 24h, 7d)"
        )
        parser.add_argument("--id", type=UUID, action="append", help="this one; may be repeated")
        parser.add_argument("--kind", choices=Kind.values)
        parser.add_argument("--code", help="why it was not pushed, or WeChat's return code")
        parser.add_argument("--user", help="to this person: their id, name or phone")
        parser.add_argument("--community", help="of this community, by its slug")
        parser.add_argument("--dry-run", action="store_true", help="say what would be sent again, and send nothing")
        parser.add_argument("--yes", action="store_true", help=f"send more than {ASK_ABOVE} without asking")
        parser.add_argument("--limit", type=int, default=100, help="of list; the newest come first")
        parser.add_argument("--json", action="store_true", help="print JSON and nothing else")

    def handle(self, *args: Any, **options: Any) -> None:
        since = moment(options["since"]) if options["since"] else None
        rows = Delivery.objects.filter(_asked_for(options))
        if options["action"] == "list":
            self._list(rows.filter(created_at__gte=since) if since else rows, options)
        else:
            self._retry(rows, since, options)

    def _retry(self, rows: QuerySet[Delivery], since: datetime | None, options: dict[str, Any]) -> None:
        by_id = bool(options["id"])
        if options["status"] not in (None, *RETRIED):
            raise CommandError("only dead and skipped deliveries can be sent again")
        if not options["status"] and not by_id:
            rows = rows.filter(status=Delivery.Status.DEAD)
        if since is None and not by_id:
            since = timezone.now() - resending.DEFAULT_AGE
        count = resending.sendable(rows, since=since, one_by_one=by_id).count()
        if options["dry_run"]:
            self._say(options, {"would_retry": count}, f"{count} would be sent again")
            return
        if count > ASK_ABOVE and not options["yes"]:
            _ask(count)
        count = resending.send_again(rows, actor=None, since=since, one_by_one=by_id)
        self._say(options, {"retried": count}, f"{count} will be sent again")

    def _say(self, options: dict[str, Any], answer: dict[str, int], words: str) -> None:
        self.stdout.write(json.dumps(answer) if options["json"] else words)

    def _list(self, rows: Any, options: dict[str, Any]) -> None:
        newest = rows.select_related("user").order_by("-created_at")[: options["limit"]]
        shapes = [delivery_shape(row) for row in newest]
        if options["json"]:
            self.stdout.write(json.dumps(shapes, ensure_ascii=False, indent=2, default=datetime.isoformat))
            return
        for row in shapes:
            self.stdout.write(_line(row))


def _asked_for(options: dict[str, Any]) -> Q:
    names = {"status": "status", "id": "pk__in", "kind": "kind", "code": "code", "community": "community__slug"}
    wanted = Q(**{path: options[name] for name, path in names.items() if options[name]})
    if who := options["user"]:
        try:
            return wanted & Q(user=UUID(who))
        except ValueError:
            return wanted & (Q(user__display_name=who) | Q(user__phone=who))
    return wanted


def _ask(count: int) -> None:
    """Raises CommandError unless somebody says yes."""
    try:
        answer = input(f"Send {count} messages again? [y/N] ")
    except EOFError:
        raise CommandError(f"{count} messages: say --yes, or choose fewer") from None
    if answer.strip().lower() not in ("y", "yes"):
        raise CommandError("nothing sent")


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
