"""Stored media over HTTP: who may read the report may read its media, asked afresh at every fetch.

Ranges as RFC 9110, section 14: one range at a time is answered with 206 (iPhones play nothing without).
"""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO
from uuid import UUID

import structlog
from django.contrib.auth.models import AnonymousUser
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotModified, StreamingHttpResponse
from django.http.response import FileResponse, HttpResponseBase
from django.utils.http import parse_etags
from django.views.decorators.http import require_safe

from accounts.models import User
from accounts.policies import standing_of

from .files import absolute
from .media import IMAGE_NAME, THUMBNAIL_NAME, VOICE_NAME
from .models import Attachment, Report

log = structlog.get_logger(__name__)

#: Apps above say who may fetch what belongs to their rows: True, or False also for what they know nothing of.
MORE_READERS: list[Callable[[User, Attachment], bool]] = []

_RANGE = re.compile(r"\s*bytes\s*=\s*(\d{0,18})\s*-\s*(\d{0,18})\s*", re.ASCII | re.IGNORECASE)
_CHUNK = 64 * 1024
#: name in the address → field with the path, and the kind that has it
_NAMES: dict[str, tuple[str, str]] = {
    IMAGE_NAME: ("path", Attachment.Kind.IMAGE),
    THUMBNAIL_NAME: ("thumbnail_path", Attachment.Kind.IMAGE),
    VOICE_NAME: ("path", Attachment.Kind.VOICE),
}


@require_safe
def serve_media(request: HttpRequest, pk: UUID, name: str) -> HttpResponseBase:
    """`GET, HEAD /media/<id>/<name>`; 404 for what is not there and for who may not read it, alike."""
    attachment = Attachment.objects.filter(pk=pk, status=Attachment.Status.STORED).select_related("draft").first()
    field, kind = _NAMES.get(name, ("", ""))
    if attachment is None or kind != attachment.kind or not may_fetch(request.user, attachment):
        raise Http404
    path = getattr(attachment, field)
    try:
        file = absolute(path).open("rb") if path else None
    except (OSError, ValueError) as error:
        log.error("media_file_missing", attachment=str(pk), path=path, error=type(error).__name__)
        raise Http404 from None
    if file is None:
        raise Http404
    response = _answer(request, file, f'"{attachment.pk.hex}-{Path(path).stem}"', attachment.content_type)
    response["Content-Disposition"] = f'inline; filename="{attachment.pk.hex[:8]}-{name}"'
    return response


def may_fetch(user: User | AnonymousUser, attachment: Attachment) -> bool:
    """A draft's media are its owner's alone; a report's are for who may read it in full; the rest: `MORE_READERS`."""
    if not isinstance(user, User):
        return False
    if attachment.draft is not None:
        return attachment.draft.owner_id == user.pk
    if attachment.report_id is None:
        return any(may_read(user, attachment) for may_read in MORE_READERS)
    return Report.objects.readable_by(standing_of(user)).filter(pk=attachment.report_id).exists()


def _answer(request: HttpRequest, file: BinaryIO, etag: str, content_type: str) -> HttpResponseBase:
    size = file.seek(0, 2)
    file.seek(0)
    span = _wanted(request, size, etag)
    response: HttpResponseBase
    if _is_known(request, etag):
        file.close()
        response = HttpResponseNotModified()
    elif span is not None and span.start >= size:
        file.close()
        response = HttpResponse(status=416, headers={"Content-Range": f"bytes */{size}"})
    else:
        response = _body(request, file, span or range(size), partial=span is not None, content_type=content_type)
        if span is not None:
            response["Content-Range"] = f"bytes {span.start}-{span.stop - 1}/{size}"
    response["ETag"] = etag
    response["Accept-Ranges"] = "bytes"
    # Who lost the right to read it must not find it in a cache either.
    response["Cache-Control"] = "private, no-store"
    response["X-Content-Type-Options"] = "nosniff"
    return response


def _wanted(request: HttpRequest, size: int, etag: str) -> range | None:
    """The bytes asked for, cut to the file; None: all of it (also for several ranges, and for what is no range).

    A range that begins at or behind `size` cannot be satisfied.
    """
    if_range = request.headers.get("If-Range")
    asked = _RANGE.fullmatch(request.headers.get("Range", ""))
    if asked is None or not any(asked.groups()) or (if_range and if_range.strip() != etag):
        return None
    first, last = asked.groups()
    if not first:
        length = int(last)
        return range(max(0, size - length), size) if length else range(size, size)
    if last and int(last) < int(first):
        return None
    return range(int(first), min(int(last) + 1 if last else size, size) if int(first) < size else int(first))


def _is_known(request: HttpRequest, etag: str) -> bool:
    known = parse_etags(request.headers.get("If-None-Match", ""))
    return "*" in known or etag in {tag.removeprefix("W/") for tag in known}


def _body(request: HttpRequest, file: BinaryIO, span: range, *, partial: bool, content_type: str) -> HttpResponseBase:
    status = 206 if partial else 200
    response: HttpResponseBase
    if request.method == "HEAD":
        file.close()
        response = HttpResponse(status=status, content_type=content_type)
    elif not partial:
        response = FileResponse(file, content_type=content_type)
    else:
        file.seek(span.start)
        response = StreamingHttpResponse(_pieces(file, len(span)), status=status, content_type=content_type)
    response["Content-Length"] = str(len(span))
    return response


def _pieces(file: BinaryIO, left: int) -> Iterator[bytes]:
    with file:
        while left > 0 and (piece := file.read(min(_CHUNK, left))):
            left -= len(piece)
            yield piece
