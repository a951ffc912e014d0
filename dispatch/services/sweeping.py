"""The last word: whatever a crash, a flushed Redis or an outage left behind is found here. Two at once do no harm."""

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

import structlog
from django.contrib.sessions.models import Session
from django.db import InterfaceError, OperationalError

from accounts.services import recording, roster_importing
from community_report.core.queue import OutOfTime
from dispatch.models import Outbox
from notices.services import publish_due
from reports.services.clock import fire_deadlines
from reports.services.uploads import remove_old_uploads
from reports.statistics import copies

from . import alarms, delivery, media, replaying, routing, troubles
from .inbound import remove_old_messages
from .leasing import due

log = structlog.get_logger(__name__)

#: A row younger than this is being routed by the task that was queued for it.
QUEUED = timedelta(seconds=1)
#: While WeChat is silent, at least so often somebody asks whether it is back.
PROBE_EVERY = timedelta(seconds=20)
ROUTES, ROUTE_SECONDS = 200, 5.0

Part = Callable[[], object]


def pulse(now: datetime) -> bool:
    """Every second, and cheap when there is nothing: route what no task has routed, send what has come due.

    True when time ran out while sending.
    """
    started = time.monotonic()
    _route_unrouted(now, failed_before=False)
    alarms.tell_of_troubles(now)
    troubles.probe(now, PROBE_EVERY)
    return due(now).exists() and delivery.deliver_due(started)


def sweep(now: datetime, *, queue_download: Callable[[UUID], object]) -> None:
    """Everything once. A part that fails is logged and stops no other. Sending in lots is the pulse's own affair."""
    started = time.monotonic()
    parts: dict[str, Part] = {
        "deadlines": lambda: fire_deadlines(now),
        "notices": lambda: publish_due(now),
        "callbacks": lambda: replaying.replay_due(now),
        "routing": lambda: _route_unrouted(now, failed_before=True),
        "unheard": lambda: routing.ask_others(now),
        "media": lambda: [queue_download(pk) for pk in media.due_attachments(now)],
        "delivery": lambda: delivery.deliver_due(started),
        "uploads": lambda: remove_old_uploads(now),
        "temporary_files": lambda: media.clean_temporary_files(now),
        "messages": lambda: remove_old_messages(now),
        "roster_imports": lambda: roster_importing.remove_undecided(now),
        "roster_bad_rows": lambda: roster_importing.forget_bad_rows(now),
        "records": lambda: recording.prune(now),
        "figures": lambda: copies.keep_up(now),
        "sessions": lambda: Session.objects.filter(expire_date__lt=now).delete(),
    }
    for name, part in parts.items():
        _guarded(name, part)


def _guarded(name: str, part: Part) -> None:
    try:
        part()
    except (OperationalError, InterfaceError) as error:
        log.warning("sweep_part_failed", part=name, error=type(error).__name__)
    except OutOfTime:
        raise
    except Exception:
        log.exception("sweep_part_failed", part=name)


def _route_unrouted(now: datetime, *, failed_before: bool) -> None:
    """Route what is waiting, oldest first; what failed before is the sweep's, so that it is not tried every second."""
    waiting = Outbox.objects.filter(routed_at=None, created_at__lt=now - QUEUED, attempts__lt=routing.ATTEMPTS)
    if not failed_before:
        waiting = waiting.filter(attempts=0)
    end = time.monotonic() + ROUTE_SECONDS
    for pk in list(waiting.order_by("id").values_list("pk", flat=True)[:ROUTES]):
        if time.monotonic() > end:
            return
        _guarded("route", partial(routing.route, pk))
