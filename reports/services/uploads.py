"""Files that a page sends itself, where the JS-SDK cannot be used: kept until a report names them."""

import errno
import os
from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path
from typing import BinaryIO

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.policies import standing_of
from community_report.core.errors import DomainError, NotBound, Unavailable
from community_report.core.ids import opaque_id
from reports.files import absolute, remove, remove_later
from reports.models import Attachment, Upload

log = structlog.get_logger(__name__)

MEGABYTE = 1024 * 1024
MAX_BYTES = {Attachment.Kind.IMAGE: 10 * MEGABYTE, Attachment.Kind.VOICE: 2 * MEGABYTE}
FOLDER = "uploads"
UNUSED_LIVES = timedelta(days=1)
_CHUNK = 64 * 1024
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})


def too_large() -> DomainError:
    """413 with the limits."""
    return DomainError(_("文件太大了：图片最大 10 MB，语音最大 2 MB"), code="too_large", status=413)


def may_upload(actor: User) -> None:
    """Raises NotBound for who belongs to no community."""
    if not standing_of(actor).member_of and not actor.is_superuser:
        raise NotBound(_("请先绑定小区身份"))


def store_upload(*, actor: User, kind: str, size: int, chunks: Iterable[bytes]) -> Upload:
    """Keep a file of `kind` (recognised by who calls), `size` in bytes; raises NotBound, too_large(), Unavailable."""
    may_upload(actor)
    if size > MAX_BYTES[Attachment.Kind(kind)]:
        raise too_large()
    pk = opaque_id()
    path = f"{FOLDER}/{pk}"
    try:
        _write(absolute(path), chunks)
    except OSError as error:
        log.error("upload_not_written", errno=error.errno)
        sentence = _("服务器空间不足，请稍后再试") if error.errno in _FULL else _("文件没有保存成功，请再试一次")
        raise Unavailable(sentence) from None
    try:
        return Upload.objects.create(pk=pk, user=actor, kind=kind, path=path)
    except BaseException:
        remove(path)
        raise


def _write(target: Path, chunks: Iterable[bytes]) -> None:
    """The whole file or none."""
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_suffix(".part")
    try:
        with part.open("wb") as file:
            _copy(chunks, file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, target)
    finally:
        part.unlink(missing_ok=True)


def _copy(chunks: Iterable[bytes], file: BinaryIO) -> None:
    for chunk in chunks:
        file.write(chunk)


def remove_old_uploads(now: datetime) -> int:
    """Delete what nobody used within a day, what is stored by now, and files without a row; gives the rows' number."""
    over = now - UNUSED_LIVES
    done = Q(used_at__isnull=True) | Q(attachment__isnull=True) | ~Q(attachment__status=Attachment.Status.PENDING)
    with transaction.atomic():
        candidates = Upload.objects.filter(done, created_at__lt=over).values_list("pk", flat=True)[:500]
        # Locked without the join, and asked again: a report may be naming one of them right now.
        rows = list(Upload.objects.filter(pk__in=list(candidates)).select_for_update(skip_locked=True))
        still = set(Upload.objects.filter(done, pk__in=[row.pk for row in rows]).values_list("pk", flat=True))
        remove_later([row.path for row in rows if row.pk in still])
        Upload.objects.filter(pk__in=still).delete()
    _remove_strays(over)
    return len(still)


def _remove_strays(over: datetime) -> None:
    """Files of uploads that were cut off before their row was written."""
    folder = Path(settings.MEDIA_ROOT) / FOLDER
    old = [entry for entry in folder.iterdir() if entry.lstat().st_mtime < over.timestamp()] if folder.is_dir() else []
    paths = {f"{FOLDER}/{entry.name}" for entry in old}
    for path in paths - set(Upload.objects.filter(path__in=paths).values_list("path", flat=True)):
        remove(path)
