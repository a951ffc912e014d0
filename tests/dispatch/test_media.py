"""Fetching what people sent: stored once, retried while there is hope, failed with a reason when there is none."""

import errno
import os
import uuid
from collections.abc import Iterator
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.utils import timezone
from PIL import Image

from community_report.core import heartbeat
from dispatch import tasks
from dispatch.media import MediaInterrupted
from dispatch.services import media
from reports.models import Attachment, Upload
from reports.services.attachments import MediaItem, add_attachments, delete_attachments
from reports.services.uploads import store_upload
from reports.signals import attachment_failed
from tests.factories import Cast
from tests.media import makers
from tests.wechat.platform import Answer, Platform, error, serve

pytestmark = pytest.mark.django_db
GET = "/cgi-bin/media/get"


@pytest.fixture
def platform(settings: Any) -> Iterator[Platform]:
    with serve(Platform()) as platform:
        settings.WECHAT_APP_ID = f"wx{uuid.uuid4().hex[:16]}"
        settings.WECHAT_API_BASE_URL = platform.url
        settings.WECHAT_TIMEOUT_SECONDS = 1
        yield platform


@pytest.fixture
def failures() -> Iterator[list[Attachment]]:
    told: list[Attachment] = []

    def note(attachment: Attachment, **_: Any) -> None:
        told.append(attachment)

    attachment_failed.connect(note)
    yield told
    attachment_failed.disconnect(note)


def attach(cast: Cast, **item: Any) -> Attachment:
    values = {"kind": "image", "media_id": "" if "upload_id" in item else "m1", **item}
    return add_attachments(uploader=cast.resident, items=[MediaItem(**values)], report=cast.report())[0]


def photo(tmp_path: Path) -> Answer:
    content = makers.photo(tmp_path / "photo.jpg", width=800, height=600).read_bytes()
    return Answer(content, headers={"Content-Type": "image/jpeg"})


def voice(tmp_path: Path) -> Answer:
    content = makers.amr(tmp_path / "voice.amr", 2.0).read_bytes()
    return Answer(content, headers={"Content-Type": "audio/amr"})


def files(settings: Any) -> set[str]:
    root = Path(settings.MEDIA_ROOT)
    return {path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()}


def test_a_picture_is_stored_without_what_the_phone_wrote_into_it(
    cast: Cast, platform: Platform, settings: Any, tmp_path: Path
) -> None:
    platform.on(GET, photo(tmp_path))
    attachment = attach(cast)
    media.download(attachment.pk)
    attachment.refresh_from_db()
    folder = f"{attachment.created_at:%Y/%m}/{attachment.pk}"
    assert (attachment.status, attachment.content_type, attachment.reason) == ("stored", "image/jpeg", "")
    assert (attachment.width, attachment.height) == (600, 800)  # upright
    assert files(settings) == {f"{folder}/image.jpg", f"{folder}/thumb.jpg"}
    stored = (settings.MEDIA_ROOT / attachment.path).read_bytes()
    assert (attachment.size, b"Secret" in stored) == (len(stored), False)
    with Image.open(settings.MEDIA_ROOT / attachment.thumbnail_path) as thumbnail:
        assert max(thumbnail.size) == 400


def test_a_voice_is_playable_and_its_original_is_kept(
    cast: Cast, platform: Platform, settings: Any, tmp_path: Path
) -> None:
    answer = voice(tmp_path)
    platform.on(GET, answer)
    attachment = attach(cast, kind="voice", duration=1.0)
    media.download(attachment.pk)
    attachment.refresh_from_db()
    assert (attachment.status, attachment.content_type) == ("stored", "audio/mp4")
    assert attachment.duration == pytest.approx(2.0, abs=0.15)
    assert (settings.MEDIA_ROOT / attachment.original_path).read_bytes() == answer.body
    assert attachment.original_path.endswith("/original.amr")
    assert (settings.MEDIA_ROOT / attachment.path).read_bytes()[4:8] == b"ftyp"


def test_a_second_run_does_nothing(cast: Cast, platform: Platform, settings: Any, tmp_path: Path) -> None:
    platform.on(GET, photo(tmp_path))
    attachment = attach(cast)
    media.download(attachment.pk)
    before = files(settings)
    media.download(attachment.pk)
    assert (len(platform.to(GET)), files(settings)) == (1, before)


def test_a_leased_attachment_is_left_alone_until_the_lease_is_over(
    cast: Cast, platform: Platform, tmp_path: Path
) -> None:
    platform.on(GET, photo(tmp_path))
    attachment = attach(cast)
    Attachment.objects.update(leased_until=timezone.now() + timedelta(seconds=5))
    media.download(attachment.pk)
    assert platform.to(GET) == []
    Attachment.objects.update(leased_until=timezone.now() - timedelta(seconds=1))
    media.download(attachment.pk)
    assert len(platform.to(GET)) == 1


def test_a_media_id_that_wechat_does_not_know_fails_after_three_tries_within_a_minute(
    cast: Cast, platform: Platform, failures: list[Attachment]
) -> None:
    platform.on(GET, error(40007, "invalid media_id"))
    with time_machine.travel(timezone.now(), tick=False) as clock:
        attachment = attach(cast)
        for second in range(60):
            if attachment.pk in media.due_attachments(timezone.now()):
                media.download(attachment.pk)
            clock.shift(1)
            if second < 3:
                assert not failures
    attachment.refresh_from_db()
    assert (attachment.status, attachment.reason) == ("failed", "media_gone")
    assert len(platform.to(GET)) == 3
    assert [told.pk for told in failures] == [attachment.pk]
    assert attachment.report is not None
    assert attachment.report.status == "submitted"


def test_what_may_pass_is_retried_with_growing_pauses_and_then_stored(
    cast: Cast, platform: Platform, tmp_path: Path, failures: list[Attachment]
) -> None:
    platform.on(GET, error(-1, "system error"))
    tries: list[float] = []
    with time_machine.travel(timezone.now(), tick=False) as clock:
        attachment = attach(cast)
        start = timezone.now()
        for _ in range(240):
            if attachment.pk in media.due_attachments(timezone.now()):
                tries.append((timezone.now() - start).total_seconds())
                media.download(attachment.pk)
            clock.shift(1)
        pauses = [later - earlier for earlier, later in pairwise(tries)]
        assert pauses[0] <= 4 < pauses[-1] <= 31
        platform.on(GET, photo(tmp_path))
        clock.shift(31)
        media.download(attachment.pk)
    attachment.refresh_from_db()
    assert (attachment.status, attachment.reason, failures) == ("stored", "", [])


def test_an_outage_of_three_days_ends_it(cast: Cast, platform: Platform, failures: list[Attachment]) -> None:
    platform.on(GET, Answer(b"<html>busy</html>", 502))
    attachment = attach(cast)
    Attachment.objects.update(created_at=timezone.now() - timedelta(hours=71))
    media.download(attachment.pk)
    attachment.refresh_from_db()
    assert (attachment.status, attachment.reason) == ("pending", "transient")
    Attachment.objects.update(created_at=timezone.now() - timedelta(hours=73), next_attempt_at=timezone.now())
    media.download(attachment.pk)
    attachment.refresh_from_db()
    assert (attachment.status, attachment.reason) == ("failed", "transient")
    assert len(failures) == 1


def test_the_oldest_is_fetched_first(cast: Cast) -> None:
    young, old, later = attach(cast), attach(cast), attach(cast)
    Attachment.objects.filter(pk=old.pk).update(created_at=timezone.now() - timedelta(hours=1))
    Attachment.objects.filter(pk=later.pk).update(next_attempt_at=timezone.now() + timedelta(seconds=30))
    assert media.due_attachments(timezone.now()) == [old.pk, young.pk]
    assert media.due_attachments(timezone.now(), limit=1) == [old.pk]


@pytest.mark.parametrize(
    ("kind", "content", "reason", "kept"),
    [
        ("image", b"GIF89a but nothing else", "broken", False),
        ("image", b"%PDF-1.7 not a picture", "not_an_image", False),
        ("voice", b"#!AMR\n", "empty", True),
        ("voice", b"\x02#!SILK_V3 something", "unsupported", True),
        ("voice", b"\x89PNG\r\n\x1a\n no voice", "not_audio", False),
    ],
)
def test_what_is_not_what_it_says_fails_with_the_reason(
    cast: Cast, platform: Platform, settings: Any, kind: str, content: bytes, reason: str, kept: bool
) -> None:
    platform.on(GET, Answer(content, headers={"Content-Type": "application/octet-stream"}))
    attachment = attach(cast, kind=kind)
    media.download(attachment.pk)
    attachment.refresh_from_db()
    assert (attachment.status, attachment.reason) == ("failed", reason)
    assert [name.endswith(attachment.original_path) for name in files(settings)] == [True] * kept


def test_an_endless_file_is_cut_off(cast: Cast, platform: Platform, settings: Any) -> None:
    platform.on(GET, Answer(b"#!AMR\n" + bytes(3 << 20), headers={"Content-Type": "audio/amr"}))
    attachment = attach(cast, kind="voice")
    media.download(attachment.pk)
    attachment.refresh_from_db()
    assert (attachment.status, attachment.reason, files(settings)) == ("failed", "refused", set())


def test_a_full_disk_leaves_it_pending_and_no_half_file(
    cast: Cast, platform: Platform, settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    platform.on(GET, photo(tmp_path))
    attachment = attach(cast)
    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", full)
        media.download(attachment.pk)
    attachment.refresh_from_db()
    assert (attachment.status, attachment.reason, files(settings)) == ("pending", "storage", set())
    Attachment.objects.update(next_attempt_at=timezone.now())
    media.download(attachment.pk)
    attachment.refresh_from_db()
    assert attachment.status == "stored"


def test_an_interrupted_conversion_is_tried_again(
    cast: Cast, platform: Platform, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: Any, **__: Any) -> None:
        raise MediaInterrupted("killed")

    platform.on(GET, photo(tmp_path))
    attachment = attach(cast)
    monkeypatch.setattr(media, "process", interrupted)
    media.download(attachment.pk)
    attachment.refresh_from_db()
    assert (attachment.status, attachment.reason, attachment.leased_until) == ("pending", "interrupted", None)


def test_an_upload_is_processed_without_asking_wechat(
    cast: Cast, platform: Platform, settings: Any, tmp_path: Path
) -> None:
    content = makers.photo(tmp_path / "photo.jpg", width=800, height=600).read_bytes()
    upload = store_upload(actor=cast.resident, kind="image", size=len(content), chunks=[content])
    attachment = attach(cast, upload_id=upload.pk)
    media.download(attachment.pk)
    attachment.refresh_from_db()
    assert (attachment.status, platform.calls) == ("stored", [])
    assert upload.path not in files(settings)


def test_an_upload_whose_file_is_lost_fails(cast: Cast, settings: Any) -> None:
    upload = Upload.objects.create(user=cast.resident, kind="image", path="uploads/lost")
    attachment = attach(cast, upload_id=upload.pk)
    media.download(attachment.pk)
    attachment.refresh_from_db()
    assert (attachment.status, attachment.reason) == ("failed", "media_gone")


def test_what_was_discarded_meanwhile_leaves_no_files(
    cast: Cast, platform: Platform, settings: Any, tmp_path: Path
) -> None:
    attachment = attach(cast)
    answer = photo(tmp_path)

    def discard(_: Any) -> Answer:
        return answer

    platform.on(GET, discard)
    fetched = media._fetch

    def fetch_then_lose(row: Attachment) -> Any:
        stored = fetched(row)
        delete_attachments(Attachment.objects.filter(pk=row.pk))
        return stored

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(media, "_fetch", fetch_then_lose)
        media.download(attachment.pk)
    assert files(settings) == set()


def test_leftovers_of_killed_workers_are_removed(settings: Any) -> None:
    folder = Path(settings.MEDIA_ROOT) / "tmp"
    for name, hours in (("old", 2), ("new", 0)):
        (folder / name).mkdir(parents=True)
        (folder / name / "source").write_bytes(b"half")
        stamp = (timezone.now() - timedelta(hours=hours)).timestamp()
        os.utime(folder / name, (stamp, stamp))
    media.clean_temporary_files(timezone.now())
    assert {path.name for path in folder.iterdir()} == {"new"}


@pytest.fixture
def places(monkeypatch: pytest.MonkeyPatch) -> None:
    """A fleet of eight processes: four places for downloads."""
    monkeypatch.setattr(heartbeat, "processes", lambda: 8)


def test_the_pulse_looks_for_what_should_be_under_way(cast: Cast, places: None) -> None:
    now = timezone.now()
    fresh, due, killed, not_yet, under_way = (attach(cast) for _ in range(5))
    for attachment, seconds, lease in ((due, -1, None), (killed, -60, -1), (not_yet, 5, None), (under_way, -60, 5)):
        row = Attachment.objects.filter(pk=attachment.pk)
        ends = None if lease is None else now + timedelta(seconds=lease)
        row.update(attempts=1, next_attempt_at=now + timedelta(seconds=seconds), leased_until=ends)
    assert media.overdue(now) == [killed.pk, due.pk]
    assert media.overdue(now + timedelta(seconds=3)) == [killed.pk, due.pk, fresh.pk]  # whose task was lost


def test_downloads_take_half_of_the_fleet(cast: Cast, platform: Platform, tmp_path: Path, places: None) -> None:
    platform.on(GET, photo(tmp_path))
    attachments = [attach(cast) for _ in range(6)]
    busy = [attachment.pk for attachment in attachments[:4]]
    Attachment.objects.filter(pk__in=busy).update(leased_until=timezone.now() + timedelta(seconds=9))
    assert media.download(attachments[4].pk) is False
    assert media.overdue(timezone.now() + timedelta(seconds=3)) == []
    Attachment.objects.filter(pk=busy[0]).update(status="stored")
    assert media.download(attachments[4].pk) is True
    assert Attachment.objects.get(pk=attachments[4].pk).status == "stored"


def test_who_has_fetched_one_asks_for_the_next_that_waits(
    cast: Cast, platform: Platform, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    platform.on(GET, photo(tmp_path))
    first, second = attach(cast), attach(cast)
    asked: list[Any] = []
    monkeypatch.setattr(tasks, "enqueue_now", lambda task, pk: asked.append((task.name, pk)))
    tasks.download(str(first.pk))
    assert asked == [("dispatch.tasks.download", str(second.pk))]
    tasks.download(str(first.pk))  # done already: nobody is asked for anything
    assert len(asked) == 1
