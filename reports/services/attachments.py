"""Pictures and voice of reports, events and drafts: named by a report, then stored or failed.

A pending row is the queue: dispatch downloads (or takes the upload's file), and says how it went through
`mark_stored` and `mark_failed`. Whoever adds attachments does so inside the transaction of what they belong to.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Max, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from community_report.core.errors import Invalid
from community_report.core.ids import parse_uuid
from reports.files import remove_later
from reports.models import Attachment, Draft, Report, ReportEvent, Upload
from reports.signals import attachment_failed

MAX_IMAGES = 9
MAX_VOICES = 3
MAX_ITEMS = 12
#: WeChat ends a recording at 60 s; recorders round up.
MAX_SECONDS = 61.0
MAX_TRANSCRIPT = 2000
_MEDIA_ID = re.compile(r"[!-~]{1,200}")


@dataclass(frozen=True)
class MediaItem:
    """One picture or voice message as a caller names it: by WeChat's `media_id` or by our `upload_id`, never both.

    `kind` is "image" or "voice", `duration` in seconds.
    """

    kind: str
    media_id: str = ""
    upload_id: UUID | None = None
    duration: float | None = None
    transcript: str = ""


def clean_media(items: object) -> list[MediaItem]:
    """The `media` list of a request (None: empty), checked; raises Invalid with the field `media`."""
    if items is None:
        return []
    if not isinstance(items, list):
        raise _invalid(_("附件需要是一个列表"))
    clean = [_clean_item(item) for item in items[: MAX_ITEMS + 1]]
    voices = sum(item.kind == Attachment.Kind.VOICE for item in clean)
    if len(clean) > MAX_ITEMS or voices > MAX_VOICES or len(clean) - voices > MAX_IMAGES:
        raise _invalid(_("最多 9 张图片和 3 段语音"))
    return clean


def _clean_item(item: object) -> MediaItem:
    if not isinstance(item, Mapping) or item.get("kind") not in Attachment.Kind.values:
        raise _invalid(_("附件的类型应为图片或语音"))
    media_id, upload = item.get("media_id") or "", item.get("upload_id") or ""
    if bool(media_id) == bool(upload):
        raise _invalid(_("附件需要一个 media_id 或一个 upload_id"))
    if media_id and not (isinstance(media_id, str) and _MEDIA_ID.fullmatch(media_id)):
        raise _invalid(_("media_id 无效"))
    upload_id = parse_uuid(upload) if upload else None
    if upload and upload_id is None:
        raise _invalid(_("upload_id 无效"))
    return MediaItem(item["kind"], media_id, upload_id, _clean_duration(item), _clean_transcript(item))


def _clean_duration(item: Mapping[str, Any]) -> float | None:
    duration = item.get("duration")
    if duration is None:
        return None
    if isinstance(duration, bool) or not isinstance(duration, int | float):
        raise _invalid(_("语音时长应为秒数"))
    if not 0 <= duration < MAX_SECONDS:
        raise _invalid(_("语音最长 60 秒"))
    return float(duration)


def _clean_transcript(item: Mapping[str, Any]) -> str:
    transcript = item.get("transcript") or ""
    if not isinstance(transcript, str) or len(transcript) > MAX_TRANSCRIPT:
        raise _invalid(_("语音文字最多 2000 字"))
    return transcript.strip()


def add_attachments(
    *,
    uploader: User | None,
    items: Sequence[MediaItem],
    report: Report | None,
    event: ReportEvent | None = None,
    draft: Draft | None = None,
) -> list[Attachment]:
    """Pending rows for `items`, in their order, after what is there; the caller's transaction holds them.

    Without report and draft they belong to a row of an app above, which keeps their order itself.

    An upload is taken once, by who sent it: a foreign, used or repeated one, or one of another kind, is Invalid.
    """
    if not items:
        return []
    uploads = _take_uploads(uploader, items)
    first = _next_position(report, event, draft)
    now = timezone.now()
    return Attachment.objects.bulk_create(
        Attachment(
            report=report,
            event=event,
            draft=draft,
            uploader=uploader,
            position=first + index,
            kind=item.kind,
            media_id=item.media_id,
            upload=uploads[item.upload_id] if item.upload_id else None,
            duration=item.duration,
            transcript=item.transcript,
            next_attempt_at=now,
        )
        for index, item in enumerate(items)
    )


def _take_uploads(uploader: User | None, items: Iterable[MediaItem]) -> dict[UUID, Upload]:
    wanted = {item.upload_id: item.kind for item in items if item.upload_id}
    if len(wanted) < sum(item.upload_id is not None for item in items):
        raise _invalid(_("同一个文件用了两次"))
    if not wanted:
        return {}
    own = Upload.objects.filter(user=uploader, used_at__isnull=True, pk__in=wanted)
    uploads = {upload.pk: upload for upload in own.select_for_update().order_by("pk")}
    if any(pk not in uploads or uploads[pk].kind != kind for pk, kind in wanted.items()):
        raise _invalid(_("上传的文件不存在或已经用过，请重新上传"))
    Upload.objects.filter(pk__in=wanted).update(used_at=timezone.now())
    return uploads


def _next_position(report: Report | None, event: ReportEvent | None, draft: Draft | None) -> int:
    if report is None and draft is None:
        return 0
    there = Attachment.objects.filter(report=report, event=event, draft=draft)
    last = there.aggregate(last=Max("position"))["last"]
    return 0 if last is None else last + 1


def take_draft_media(*, draft: Draft, report: Report, event: ReportEvent | None = None) -> list[Attachment]:
    """Move a draft's attachments to the report (and event); gives all that moved, pending or not.

    The caller holds the draft's lock (`drafts.lock_draft`), and adds the report's own attachments after this.
    """
    moved = list(draft.attachments.select_for_update().values_list("pk", flat=True))
    Attachment.objects.filter(pk__in=moved).update(report=report, event=event, draft=None)
    return list(Attachment.objects.filter(pk__in=moved))


@dataclass(frozen=True)
class Stored:
    """What a processed file is: paths below MEDIA_ROOT, `size` in bytes, pixels, seconds."""

    path: str
    content_type: str
    size: int
    original_path: str = ""
    thumbnail_path: str = ""
    width: int | None = None
    height: int | None = None
    duration: float | None = None


def mark_stored(attachment_id: UUID, stored: Stored) -> bool:
    """The file is there to be shown. False when the row is no longer pending (done before, or deleted)."""
    values = {name: value for name, value in vars(stored).items() if value is not None}
    return bool(
        Attachment.objects.filter(pk=attachment_id, status=Attachment.Status.PENDING).update(
            **values,
            status=Attachment.Status.STORED,
            reason="",
            stored_at=timezone.now(),
            leased_until=None,
            next_attempt_at=None,
        )
    )


def mark_failed(attachment_id: UUID, reason: str, *, original_path: str = "") -> bool:
    """The file cannot be had or shown; `reason` is a machine word. Announces it once; False when no longer pending."""
    with transaction.atomic():
        changed = Attachment.objects.filter(pk=attachment_id, status=Attachment.Status.PENDING).update(
            status=Attachment.Status.FAILED,
            reason=reason[:60],
            original_path=original_path,
            leased_until=None,
            next_attempt_at=None,
        )
        if changed:
            attachment = Attachment.objects.select_related("report", "uploader").get(pk=attachment_id)
            attachment_failed.send(sender=Attachment, attachment=attachment)
    return bool(changed)


def delete_attachments(attachments: "QuerySet[Attachment]") -> None:
    """Delete the rows and, after the commit, their files (erasure, discarded drafts)."""
    rows = list(attachments.select_related("upload"))
    uploads = [row.upload for row in rows if row.upload]
    remove_later([path for row in rows for path in (row.original_path, row.path, row.thumbnail_path)])
    remove_later([upload.path for upload in uploads])
    Attachment.objects.filter(pk__in=[row.pk for row in rows]).delete()
    Upload.objects.filter(pk__in=[upload.pk for upload in uploads]).delete()


def _invalid(sentence: str) -> Invalid:
    return Invalid.field("media", sentence)
