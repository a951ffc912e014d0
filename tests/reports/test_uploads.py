"""`POST uploads`, and how reports name what was uploaded."""

import errno
import os
import uuid
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from accounts.models import User
from accounts.services.login import SESSION_BACKEND
from community_report.core import throttle
from community_report.core.errors import Invalid
from reports.models import Attachment, Report, Upload
from reports.services.attachments import MediaItem, add_attachments, clean_media
from reports.services.uploads import remove_old_uploads, store_upload
from tests.dispatch.pushing import at_once, logged_in
from tests.factories import Cast, make_cast

JPEG = b"\xff\xd8\xff\xe0" + b"picture"
AMR = b"#!AMR\n" + b"voice"


def upload(user: User | None, content: bytes, name: str = "photo.jpg", field: str = "file") -> tuple[int, Any]:
    client = logged_in(user)
    response = client.post("/api/v1/uploads", {field: SimpleUploadedFile(name, content)})
    return response.status_code, response.json()


def uploaded(user: User, kind: str = "image") -> Upload:
    return store_upload(actor=user, kind=kind, size=4, chunks=[b"data"])


def attach(user: User, report: Report, *items: MediaItem) -> list[Attachment]:
    return add_attachments(uploader=user, items=items, report=report)


@pytest.mark.parametrize(("content", "kind"), [(JPEG, "image"), (AMR, "voice")])
def test_a_file_is_kept_and_named(cast: Cast, settings: Any, content: bytes, kind: str) -> None:
    status, body = upload(cast.resident, content)
    assert (status, set(body)) == (201, {"upload_id"})
    kept = Upload.objects.get(pk=body["upload_id"])
    assert (kept.kind, kept.user, (settings.MEDIA_ROOT / kept.path).read_bytes()) == (kind, cast.resident, content)


def test_staff_and_managers_may_too(cast: Cast) -> None:
    assert [upload(user, JPEG)[0] for user in (cast.cleaner, cast.manager)] == [201, 201]


def test_who_is_not_bound_may_not(cast: Cast) -> None:
    assert (upload(cast.stranger, JPEG)[0], upload(cast.stranger, JPEG)[1]["code"]) == (403, "not_bound")
    assert upload(None, JPEG)[0] == 401
    assert not Upload.objects.exists()


@pytest.mark.parametrize(
    ("content", "status", "code"),
    [
        (JPEG + bytes(10 << 20), 413, "too_large"),
        (JPEG + bytes(11 << 20), 413, "too_large"),
        (AMR + bytes(2 << 20), 413, "too_large"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", 415, "unsupported_media_type"),
        (b"<html><script>alert(1)</script></html>", 415, "unsupported_media_type"),
        (b"\x02#!SILK_V3", 415, "unsupported_media_type"),
        (b"", 400, "invalid"),
    ],
    ids=["picture", "far too large", "voice", "svg", "html", "silk", "empty"],
)
def test_other_files_are_refused(cast: Cast, settings: Any, content: bytes, status: int, code: str) -> None:
    answer, body = upload(cast.resident, content)
    assert (answer, body["code"]) == (status, code)
    assert not Upload.objects.exists()
    assert not list(Path(settings.MEDIA_ROOT).rglob("uploads/*"))


def test_a_picture_of_exactly_ten_megabytes_is_taken(cast: Cast) -> None:
    assert upload(cast.resident, JPEG.ljust(10 << 20, b"\0"))[0] == 201


def test_the_field_must_be_a_file(cast: Cast) -> None:
    status, body = upload(cast.resident, JPEG, field="other")
    assert (status, list(body["fields"])) == (400, ["file"])


def test_an_announced_size_is_refused_before_anything_is_read(cast: Cast) -> None:
    client = logged_in(cast.resident)
    response = client.generic(
        "POST", "/api/v1/uploads", b"", content_type="multipart/form-data; boundary=x", CONTENT_LENGTH=str(100 << 20)
    )
    assert response.status_code == 413


@pytest.mark.parametrize("body", [b"", b"garbage", b"--x\r\nContent-Disposition: form-data; name=file\r\n"])
def test_broken_multipart_is_the_callers_fault(cast: Cast, body: bytes) -> None:
    client = logged_in(cast.resident)
    for boundary in ("; boundary=x", ""):
        kind = f"multipart/form-data{boundary}"
        assert client.generic("POST", "/api/v1/uploads", body, content_type=kind).status_code == 400
    assert client.post("/api/v1/uploads", {}, content_type="application/json").status_code == 415


def test_csrf_is_asked_for(cast: Cast) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(cast.resident, backend=SESSION_BACKEND)
    assert client.post("/api/v1/uploads", {"file": SimpleUploadedFile("a", JPEG)}).status_code == 403


def test_a_full_disk_is_said_and_leaves_nothing(cast: Cast, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    assert upload(cast.resident, JPEG)[0] == 503
    assert not list(Path(settings.MEDIA_ROOT).rglob("uploads/*"))
    assert not Upload.objects.exists()


def test_the_quota_holds(cast: Cast) -> None:
    for _ in range(118):
        throttle.spend("upload", str(cast.resident.pk), limit=120, seconds=3600)
    answers = [upload(cast.resident, JPEG) for _ in range(4)]
    assert [status for status, _ in answers] == [201, 201, 429, 429]
    assert answers[-1][1]["code"] == "throttled"
    assert Upload.objects.count() == 2
    assert upload(cast.neighbour, JPEG)[0] == 201


def test_a_report_takes_an_upload_once(cast: Cast) -> None:
    item = MediaItem("image", upload_id=uploaded(cast.resident).pk)
    (attachment,) = attach(cast.resident, cast.report(), item)
    assert (attachment.status, attachment.upload_id, attachment.media_id) == ("pending", item.upload_id, "")
    with pytest.raises(Invalid) as refusal:
        attach(cast.resident, cast.report(), item)
    assert list(refusal.value.fields) == ["media"]


@pytest.mark.parametrize("case", ["foreign", "unknown", "twice", "other kind"])
def test_an_upload_that_is_not_ones_own_and_fresh_is_refused(cast: Cast, case: str) -> None:
    own, foreign = uploaded(cast.resident), uploaded(cast.neighbour)
    items = {
        "foreign": [MediaItem("image", upload_id=foreign.pk)],
        "unknown": [MediaItem("image", upload_id=uuid.uuid4())],
        "twice": [MediaItem("image", upload_id=own.pk)] * 2,
        "other kind": [MediaItem("voice", upload_id=own.pk)],
    }
    with pytest.raises(Invalid):
        attach(cast.resident, cast.report(), *items[case])
    assert (Attachment.objects.count(), Upload.objects.filter(used_at__isnull=False).count()) == (0, 0)


@pytest.mark.django_db(transaction=True)
def test_two_reports_at_once_never_share_an_upload() -> None:
    cast = make_cast()
    item = MediaItem("image", upload_id=uploaded(cast.resident).pk)

    def file() -> bool:
        try:
            cast.report(media=[item])
        except Invalid:
            return False
        return True

    assert sorted(at_once(*[partial(file)] * 4)) == [False, False, False, True]
    assert (Attachment.objects.count(), Report.objects.count()) == (1, 1)


def test_unused_uploads_vanish_after_a_day(cast: Cast, settings: Any, django_capture_on_commit_callbacks: Any) -> None:
    unused, fresh, waiting = (uploaded(cast.resident) for _ in range(3))
    attach(cast.resident, cast.report(), MediaItem("image", upload_id=waiting.pk))
    old = timezone.now() - timedelta(hours=25)
    Upload.objects.filter(pk__in=[unused.pk, waiting.pk]).update(created_at=old)
    stray = Path(settings.MEDIA_ROOT) / "uploads" / "stray.part"
    stray.write_bytes(b"half")
    for path in (stray, settings.MEDIA_ROOT / waiting.path):
        os.utime(path, (old.timestamp(), old.timestamp()))
    with django_capture_on_commit_callbacks(execute=True):
        assert remove_old_uploads(timezone.now()) == 1
    assert {row.pk for row in Upload.objects.all()} == {fresh.pk, waiting.pk}
    left = {path.name for path in (Path(settings.MEDIA_ROOT) / "uploads").iterdir()}
    assert left == {str(fresh.pk), str(waiting.pk)}


IMAGE = {"kind": "image", "media_id": "m"}
VOICE = {"kind": "voice", "media_id": "m"}


def test_media_lists_are_read() -> None:
    pk = uuid.uuid4()
    said = [
        {**VOICE, "duration": 60.4, "transcript": " 漏水 ", "unknown": 1},
        {"kind": "image", "upload_id": str(pk), "media_id": ""},
    ]
    assert clean_media(said) == [
        MediaItem("voice", media_id="m", duration=60.4, transcript="漏水"),
        MediaItem("image", upload_id=pk),
    ]
    assert clean_media(None) == clean_media([]) == []
    assert len(clean_media([IMAGE] * 9 + [VOICE] * 3)) == 12


@pytest.mark.parametrize(
    "said",
    [
        "m",
        {"kind": "image"},
        [None],
        ["m"],
        [{"kind": "video", "media_id": "m"}],
        [{"kind": ["image"], "media_id": "m"}],
        [{"kind": "image"}],
        [{**IMAGE, "upload_id": str(uuid.uuid4())}],
        [{"kind": "image", "upload_id": "1"}],
        [{**IMAGE, "media_id": 7}],
        [{**IMAGE, "media_id": "a b"}],
        [{**IMAGE, "media_id": "m" * 201}],
        [{**VOICE, "duration": 61}],
        [{**VOICE, "duration": -1}],
        [{**VOICE, "duration": "3"}],
        [{**VOICE, "duration": True}],
        [{**VOICE, "duration": float("nan")}],
        [{**VOICE, "transcript": 5}],
        [{**VOICE, "transcript": "字" * 2001}],
        [IMAGE] * 10,
        [VOICE] * 4,
        [IMAGE] * 1000,
    ],
)
def test_other_media_lists_are_refused(said: Any) -> None:
    with pytest.raises(Invalid) as refusal:
        clean_media(said)
    assert list(refusal.value.fields) == ["media"]
