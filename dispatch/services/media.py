"""Fetching what people sent: from WeChat or from an upload, into MEDIA_ROOT, in a form that a browser shows.

The pending `Attachment` row is the queue. Nothing here holds a transaction while it talks to WeChat or decodes.
"""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from random import SystemRandom
from uuid import UUID

import structlog
from django.conf import settings
from django.db import connection, transaction
from django.db.models import Q
from django.utils import timezone

from community_report.core import heartbeat
from community_report.core.queue import OutOfTime
from community_report.wechat.client import get_client
from community_report.wechat.errors import ErrorKind, WeChatError
from dispatch.media import VOICE_TYPES, MediaInterrupted, MediaRefused, process, sniff
from dispatch.media.sniff import HEAD_BYTES
from reports.files import absolute, remove
from reports.models import Attachment
from reports.services.attachments import Stored, mark_failed, mark_stored

log = structlog.get_logger(__name__)

MAX_BYTES = {Attachment.Kind.IMAGE: 10 * 1024 * 1024, Attachment.Kind.VOICE: 2 * 1024 * 1024}
#: A download, one last read and the conversion together stay below the task's soft limit of 22 s.
DOWNLOAD_SECONDS = 9.0
PROCESS_SECONDS = 7.0
#: Longer than a task can live.
LEASE = timedelta(seconds=30)
#: WeChat keeps a file three days (wechat.md, section 4).
GIVE_UP_AFTER = timedelta(days=3)
ALARM_AFTER = timedelta(days=1)

#: The first attempt at a row younger than this is the task's that was queued for it.
QUEUED = timedelta(seconds=2)
#: The share of the fleet's processes that may fetch files at the same time: messages never wait for files.
SHARE = 2
_LANE = 0x6D65646961  # "media", the key of the lock under which places are given out

GONE = "media_gone"
#: After the first and the second "no such file"; the third is believed.
GONE_PAUSES = (5.0, 20.0)
FIRST_MINUTES, FIRST_PAUSE, LATER_PAUSE = timedelta(minutes=10), 25.0, 300.0

TEMPORARY = "tmp"
TEMPORARY_LIVES = timedelta(hours=1)

_dice = SystemRandom()


class _Retry(Exception):
    """Not now, perhaps later; `reason` is a machine word."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class _Failed(Exception):
    """Never; `reason` is a machine word, `original_path` what could be kept."""

    def __init__(self, reason: str, original_path: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.original_path = original_path


def due_attachments(now: datetime, limit: int = 500) -> list[UUID]:
    """Pending attachments whose next attempt is due and that nobody is fetching, the oldest first."""
    return list(
        Attachment.objects.filter(_is_due(now)).order_by("created_at", "pk").values_list("pk", flat=True)[:limit]
    )


def overdue(now: datetime) -> list[UUID]:
    """What should be under way and is not, as far as there is room: retries, and what a killed worker left behind.

    Queued at every pulse, so that no pause waits for the sweep.
    """
    late = Attachment.objects.filter(_is_due(now)).exclude(attempts=0, created_at__gt=now - QUEUED)
    return list(late.order_by("next_attempt_at").values_list("pk", flat=True)[: max(0, _places() - _under_way(now))])


def _places() -> int:
    """How many downloads there may be at once. Asks Redis."""
    return max(1, heartbeat.processes() // SHARE)


def _under_way(now: datetime) -> int:
    return Attachment.objects.filter(status=Attachment.Status.PENDING, leased_until__gt=now).count()


def _is_due(now: datetime) -> Q:
    free = Q(leased_until__isnull=True) | Q(leased_until__lte=now)
    return Q(status=Attachment.Status.PENDING) & Q(next_attempt_at__lte=now) & free


def download(attachment_id: UUID) -> bool:
    """One attempt at one attachment; False when there was none to make: it is done, leased by another, not due yet, or
    as many as may be are under way.
    """
    attachment = _lease(attachment_id)
    if attachment is not None:
        _attempt(attachment)
    return attachment is not None


def _attempt(attachment: Attachment) -> None:
    try:
        stored = _fetch(attachment)
    except _Failed as failure:
        mark_failed(attachment.pk, failure.reason, original_path=failure.original_path)
        log.warning("media_failed", attachment=str(attachment.pk), reason=failure.reason)
    except _Retry as retry:
        _postpone(attachment, retry.reason)
    else:
        if not mark_stored(attachment.pk, stored) and not Attachment.objects.filter(pk=attachment.pk).exists():
            _remove_files(stored)  # discarded while it was being fetched
            return
        if attachment.upload:
            remove(attachment.upload.path)


def _lease(attachment_id: UUID) -> Attachment | None:
    now, places = timezone.now(), _places()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LANE])  # two at once would both see the last place
        if _under_way(now) >= places:
            return None
        free = Attachment.objects.filter(_is_due(now), pk=attachment_id).select_related("upload")
        attachment = free.select_for_update(skip_locked=True, of=("self",)).first()
        if attachment is None:
            return None
        attachment.attempts += 1
        attachment.leased_until = now + LEASE
        attachment.save(update_fields=["attempts", "leased_until"])
        return attachment


def _postpone(attachment: Attachment, reason: str) -> None:
    """Wait for the next attempt, or give up. `attempts` counts the attempts in a row that ended with `reason`."""
    attempts = attachment.attempts if attachment.reason == reason else 1
    now = timezone.now()
    age = now - attachment.created_at
    if age >= GIVE_UP_AFTER or (reason == GONE and attempts > len(GONE_PAUSES)):
        mark_failed(attachment.pk, reason)
        log.warning("media_failed", attachment=str(attachment.pk), reason=reason)
        return
    pause = GONE_PAUSES[attempts - 1] if reason == GONE else _pause(attempts, age)
    Attachment.objects.filter(pk=attachment.pk, status=Attachment.Status.PENDING).update(
        reason=reason, attempts=attempts, leased_until=None, next_attempt_at=now + timedelta(seconds=pause)
    )
    log.info("media_postponed", attachment=str(attachment.pk), reason=reason, attempts=attempts, pause=round(pause, 1))


def _pause(attempts: int, age: timedelta) -> float:
    """2, 4, 8 … seconds, jittered, at most half a minute at first and five minutes later."""
    longest = FIRST_PAUSE if age < FIRST_MINUTES else LATER_PAUSE
    return min(2.0 ** min(attempts, 10), longest) * _dice.uniform(0.8, 1.2)


@dataclass(frozen=True)
class _Folder:
    """Where an attachment's files end up; `relative` is below MEDIA_ROOT."""

    relative: str

    @classmethod
    def of(cls, attachment: Attachment) -> "_Folder":
        return cls(f"{attachment.created_at:%Y/%m}/{attachment.pk}")

    def take(self, source: Path, name: str) -> str:
        """Move a finished file here, safely on disk before its name appears; gives its path below MEDIA_ROOT."""
        path = f"{self.relative}/{name}"
        target = absolute(path)
        target.parent.mkdir(parents=True, exist_ok=True)
        _sync(source)
        os.replace(source, target)
        _sync(target.parent)
        return path


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _fetch(attachment: Attachment) -> Stored:
    """The stored files of an attachment; raises _Retry or _Failed, and leaves no half file."""
    try:
        with _workspace(attachment) as workspace:
            source = workspace / "source"
            _obtain(attachment, source)
            return _convert(attachment, source, workspace)
    except OSError as error:
        # Disk full, or a volume that is away: the machine's fault, never the file's.
        log.error("media_not_written", attachment=str(attachment.pk), errno=error.errno)
        raise _Retry("storage") from None
    except OutOfTime:
        raise _Retry("time") from None


@contextmanager
def _workspace(attachment: Attachment) -> Iterator[Path]:
    """A temporary folder on the same disk as the target."""
    parent = absolute(TEMPORARY)
    parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=parent, prefix=f"{attachment.pk}-", ignore_cleanup_errors=True) as name:
        yield Path(name)


def _obtain(attachment: Attachment, target: Path) -> None:
    if attachment.media_id:
        _download(attachment, target)
        return
    try:
        shutil.copyfile(absolute(attachment.upload.path if attachment.upload else ""), target)
    except (FileNotFoundError, IsADirectoryError):
        raise _Failed(GONE) from None


def _download(attachment: Attachment, target: Path) -> None:
    limit = MAX_BYTES[Attachment.Kind(attachment.kind)]
    try:
        with target.open("wb") as file:
            get_client().download_media(attachment.media_id, file, max_bytes=limit, deadline=DOWNLOAD_SECONDS)
    except WeChatError as error:
        log.info("media_not_had", attachment=str(attachment.pk), error=str(error))
        if error.kind is ErrorKind.PERMANENT:
            raise _Failed(f"wechat_{error.code}" if error.code else "refused") from None
        raise _Retry(GONE if error.kind is ErrorKind.MEDIA_GONE else error.kind.value) from None


def _convert(attachment: Attachment, source: Path, workspace: Path) -> Stored:
    results = workspace / "results"
    results.mkdir()
    folder = _Folder.of(attachment)
    try:
        made = process("voice" if _is_voice(attachment) else "image", source, results, timeout=PROCESS_SECONDS)
    except MediaRefused as refusal:
        raise _Failed(refusal.reason, _keep_original(attachment, source, folder)) from None
    except MediaInterrupted as interruption:
        log.warning("media_interrupted", attachment=str(attachment.pk), error=str(interruption))
        raise _Retry("interrupted") from None
    return Stored(
        size=made.path.stat().st_size,
        original_path=_keep_original(attachment, source, folder),
        thumbnail_path=folder.take(made.thumbnail, "thumb.jpg") if made.thumbnail else "",
        path=folder.take(made.path, made.path.name),
        content_type=made.content_type,
        width=made.width,
        height=made.height,
        duration=made.duration,
    )


def _keep_original(attachment: Attachment, source: Path, folder: _Folder) -> str:
    """The voice as it came, also when it could not be converted; never something that is no voice at all."""
    if not _is_voice(attachment):
        return ""
    with source.open("rb") as file:
        kind = sniff(file.read(HEAD_BYTES))
    return folder.take(source, f"original.{kind}") if kind in VOICE_TYPES else ""


def _is_voice(attachment: Attachment) -> bool:
    return attachment.kind == Attachment.Kind.VOICE


def _remove_files(stored: Stored) -> None:
    for path in filter(None, (stored.path, stored.thumbnail_path, stored.original_path)):
        remove(path)


def clean_temporary_files(now: datetime) -> None:
    """Remove what killed workers left in MEDIA_ROOT/tmp; and raise the alarm for media that waits too long."""
    limit = (now - TEMPORARY_LIVES).timestamp()
    parent = Path(settings.MEDIA_ROOT) / TEMPORARY
    for folder in parent.iterdir() if parent.is_dir() else ():
        if folder.lstat().st_mtime < limit:
            shutil.rmtree(folder, ignore_errors=True)
    waiting = Attachment.objects.filter(status=Attachment.Status.PENDING, created_at__lt=now - ALARM_AFTER).count()
    if waiting:
        log.error("media_waiting_for_a_day", count=waiting)
