"""`/media/<id>/…`: to who may read the report, at every fetch, whole or in ranges."""

import uuid
from pathlib import Path
from typing import Any

import pytest
from django.http.response import HttpResponseBase

from accounts.models import User
from reports.models import Attachment
from reports.services.attachments import MediaItem, Stored, add_attachments, mark_stored
from reports.services.drafts import Addition, add_to_draft
from reports.services.transitions import follow_report
from tests.dispatch.pushing import logged_in
from tests.factories import Cast

CONTENT = bytes(range(256)) * 400  # 102,400 bytes: more than one piece


@pytest.fixture
def picture(cast: Cast, settings: Any) -> Attachment:
    return stored(cast, settings, "image")


def stored(cast: Cast, settings: Any, kind: str, **where: Any) -> Attachment:
    where = where or {"report": cast.report()}
    (attachment,) = add_attachments(
        uploader=cast.resident, items=[MediaItem(kind, media_id="m")], **{"report": None, **where}
    )
    root = Path(settings.MEDIA_ROOT)
    root.mkdir(parents=True, exist_ok=True)
    (root / "main").write_bytes(CONTENT)
    (root / "thumb").write_bytes(b"thumbnail")
    content_type = "image/jpeg" if kind == "image" else "audio/mp4"
    thumbnail = "thumb" if kind == "image" else ""
    mark_stored(attachment.pk, Stored("main", content_type, len(CONTENT), thumbnail_path=thumbnail))
    return Attachment.objects.get(pk=attachment.pk)


def fetch(user: User | None, attachment: Attachment, name: str = "image.jpg", **extra: Any) -> HttpResponseBase:
    client = logged_in(user)
    return client.get(f"/media/{attachment.pk}/{name}", **extra)


def content(response: Any) -> bytes:
    return b"".join(response.streaming_content) if response.streaming else response.content


def test_the_whole_file(cast: Cast, picture: Attachment) -> None:
    response = fetch(cast.resident, picture)
    assert (response.status_code, content(response)) == (200, CONTENT)
    expected = {
        "Content-Type": "image/jpeg",
        "Content-Length": "102400",
        "Accept-Ranges": "bytes",
        "Cache-Control": "private, no-store",
        "X-Content-Type-Options": "nosniff",
        "Content-Disposition": f'inline; filename="{picture.pk.hex[:8]}-image.jpg"',
    }
    assert {name: response[name] for name in expected} == expected


def test_the_thumbnail_and_the_voice(cast: Cast, settings: Any, picture: Attachment) -> None:
    assert content(fetch(cast.resident, picture, "thumb.jpg")) == b"thumbnail"
    voice = stored(cast, settings, "voice")
    assert fetch(cast.resident, voice, "voice.m4a")["Content-Type"] == "audio/mp4"
    assert fetch(cast.resident, voice, "thumb.jpg").status_code == 404


@pytest.mark.parametrize(
    ("asked", "first", "last"),
    [
        ("bytes=0-1", 0, 1),
        ("bytes=0-", 0, 102399),
        ("bytes=70000-80000", 70000, 80000),
        ("bytes=102399-102399", 102399, 102399),
        ("bytes=100-999999999", 100, 102399),
        ("bytes=-10", 102390, 102399),
        ("bytes=-999999", 0, 102399),
        ("Bytes = 5 - 6", 5, 6),
    ],
)
def test_a_range_is_answered_with_206(cast: Cast, picture: Attachment, asked: str, first: int, last: int) -> None:
    response = fetch(cast.resident, picture, HTTP_RANGE=asked)
    assert (response.status_code, content(response)) == (206, CONTENT[first : last + 1])
    assert response["Content-Range"] == f"bytes {first}-{last}/102400"
    assert response["Content-Length"] == str(last - first + 1)


@pytest.mark.parametrize("asked", ["bytes=102400-", "bytes=999999-9999999", "bytes=-0"])
def test_a_range_behind_the_end_is_416(cast: Cast, picture: Attachment, asked: str) -> None:
    response = fetch(cast.resident, picture, HTTP_RANGE=asked)
    assert (response.status_code, response["Content-Range"]) == (416, "bytes */102400")


@pytest.mark.parametrize(
    "asked", ["bytes=0-1,5-6", "items=0-1", "bytes=9-3", "bytes=-", "bytes=a-b", "0-5", f"bytes={'9' * 99}-"]
)
def test_what_is_no_range_gets_everything(cast: Cast, picture: Attachment, asked: str) -> None:
    response = fetch(cast.resident, picture, HTTP_RANGE=asked)
    assert (response.status_code, content(response)) == (200, CONTENT)


def test_head_says_the_same_without_the_body(cast: Cast, picture: Attachment) -> None:
    client = logged_in(cast.resident)
    whole = client.head(f"/media/{picture.pk}/image.jpg")
    part = client.head(f"/media/{picture.pk}/image.jpg", HTTP_RANGE="bytes=0-1")
    assert (whole.status_code, whole["Content-Length"], whole.content) == (200, "102400", b"")
    assert (part.status_code, part["Content-Range"], part.content) == (206, "bytes 0-1/102400", b"")
    assert client.post(f"/media/{picture.pk}/image.jpg").status_code == 405


def test_what_is_known_is_not_sent_again(cast: Cast, picture: Attachment) -> None:
    etag = fetch(cast.resident, picture)["ETag"]
    assert fetch(cast.resident, picture, HTTP_IF_NONE_MATCH=etag).status_code == 304
    assert fetch(cast.resident, picture, HTTP_IF_NONE_MATCH='"other"').status_code == 200
    assert fetch(cast.resident, picture, "thumb.jpg", HTTP_IF_NONE_MATCH=etag).status_code == 200
    assert fetch(cast.resident, picture, HTTP_RANGE="bytes=0-1", HTTP_IF_RANGE=etag).status_code == 206
    assert fetch(cast.resident, picture, HTTP_RANGE="bytes=0-1", HTTP_IF_RANGE='"other"').status_code == 200


@pytest.mark.parametrize(
    ("who", "status"),
    [
        ("resident", 200),
        ("cleaner", 200),
        ("cleaner2", 200),
        ("manager", 200),
        ("neighbour", 404),
        ("plumber", 404),
        ("stranger", 404),
        ("other_manager", 404),
    ],
)
def test_who_may_read_the_report_may_fetch(cast: Cast, picture: Attachment, who: str, status: int) -> None:
    assert fetch(getattr(cast, who), picture).status_code == status


def test_anonymous_may_not(picture: Attachment) -> None:
    assert fetch(None, picture).status_code == 404


def test_following_a_private_report_is_not_reading_it(cast: Cast, picture: Attachment) -> None:
    follow_report(actor=cast.neighbour, report_id=picture.report_id)
    assert fetch(cast.neighbour, picture).status_code == 404


def test_the_right_is_asked_for_at_every_fetch(cast: Cast, picture: Attachment) -> None:
    assert fetch(cast.cleaner, picture).status_code == 200
    cast.cleaner.memberships.update(status="revoked")
    assert fetch(cast.cleaner, picture, HTTP_RANGE="bytes=0-1").status_code == 404


def test_every_neighbour_sees_the_board(cast: Cast, settings: Any) -> None:
    lost = stored(cast, settings, "image", report=cast.report(category="lost"))
    assert (fetch(cast.neighbour, lost).status_code, fetch(cast.stranger, lost).status_code) == (200, 404)


def test_a_drafts_media_are_its_owners(cast: Cast, settings: Any) -> None:
    draft, _ = add_to_draft(owner=cast.resident, community=None, addition=Addition(text="一"))
    own = stored(cast, settings, "image", draft=draft)
    assert fetch(cast.resident, own).status_code == 200
    assert [fetch(who, own).status_code for who in (cast.manager, cast.neighbour)] == [404, 404]


def test_what_is_not_there(cast: Cast, settings: Any, picture: Attachment) -> None:
    for name in ("other.jpg", "voice.m4a", "..%2Fmain", "main"):
        assert fetch(cast.resident, picture, name).status_code == 404
    client = logged_in(cast.resident)
    assert client.get(f"/media/{uuid.uuid4()}/image.jpg").status_code == 404
    assert client.get("/media/1/image.jpg").status_code == 404
    (settings.MEDIA_ROOT / "main").unlink()
    assert fetch(cast.resident, picture).status_code == 404


def test_a_path_that_leaves_the_folder_is_not_followed(cast: Cast, picture: Attachment) -> None:
    Attachment.objects.update(path="../../../etc/hostname")
    assert fetch(cast.resident, picture).status_code == 404


def test_pending_and_failed_have_no_file(cast: Cast, picture: Attachment) -> None:
    for status in ("pending", "failed"):
        Attachment.objects.update(status=status)
        assert fetch(cast.resident, picture).status_code == 404
