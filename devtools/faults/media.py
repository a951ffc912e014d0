"""Pictures and voice: gone, broken, endless, too large to open, and no room to put them."""

import base64
import contextlib
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

from devtools.bench.accounting import memory_of
from devtools.bombs import png_bomb
from devtools.faults.registry import MEDIA, Scene, clock, expect, fault
from devtools.waiting import until
from sandbox.photos import photo


def _with(scene: Scene, kind: str, content: bytes | None = None) -> tuple[str, str]:
    """A report with one attachment: the ids of the attachment and of WeChat's media."""
    from reports.models import Attachment

    # A picture to the simulated WeChat whatever it is: it would turn voice into AMR that is none the worse.
    given = {"photo": "leak"} if content is None else {"kind": "image", "content": base64.b64encode(content).decode()}
    media_id = scene.sandbox.media(**given)
    report = scene.file(media=[{"kind": kind, "media_id": media_id}])
    return str(Attachment.objects.get(report=UUID(report)).pk), media_id


def _becomes(scene: Scene, attachment: str, status: str, seconds: float = 60) -> str:
    """Wait for the attachment's end; its reason. The report stands and is shown with it."""
    from reports.models import Attachment

    began = clock()
    mine = Attachment.objects.filter(pk=attachment)
    until(lambda: mine.get().status == status, seconds, f"the attachment does not become {status}: {mine.get().reason}")
    row = mine.get()
    page = scene.person("li").ask("GET", f"/api/v1/reports/{row.report_id}")
    shown = [media["status"] for media in page.body["media"]]
    scene.note(f"{status} {row.reason} after {clock() - began:.1f} s, {row.attempts} attempts; shown as {shown}")
    expect(shown == [status], "the report shows something else")
    return row.reason


@fault("media-expired", 25)
def expired(scene: Scene) -> None:
    """40007: WeChat has no such file (any more)"""
    scene.media_may_fail = True
    scene.sandbox.fault("json", MEDIA, errcode=40007)
    attachment, _ = _with(scene, "image")
    _becomes(scene, attachment, "failed")


@fault("media-error-in-200", 26)
def error_in_200(scene: Scene) -> None:
    """JSON and HTML under HTTP 200 where a file should be, then the file"""
    scene.sandbox.fault("json", MEDIA, errcode=-1, times=1)
    scene.sandbox.fault("html", MEDIA, times=1)
    attachment, _ = _with(scene, "image")
    _becomes(scene, attachment, "stored")


@fault("media-truncated", 27)
def truncated(scene: Scene) -> None:
    """half of the file, twice; a byte a second for ever; then the file"""
    scene.sandbox.fault("truncate", MEDIA, times=2)
    scene.sandbox.fault("drip", MEDIA, seconds=1, times=1)
    attachment, _ = _with(scene, "image")
    _becomes(scene, attachment, "stored")


@fault("media-endless", 27)
def endless(scene: Scene) -> None:
    """eleven megabytes, more than is ever taken"""
    scene.media_may_fail = True
    attachment, _ = _with(scene, "image", b"\xff\xd8\xff\xe0" + bytes(11 * 1024 * 1024))
    _becomes(scene, attachment, "failed")


@fault("media-mislabelled", 27)
def mislabelled(scene: Scene) -> None:
    """bytes that are no picture"""
    scene.media_may_fail = True
    attachment, _ = _with(scene, "image", b"MZ" + os.urandom(5000))
    _becomes(scene, attachment, "failed")


@fault("media-outage", 28)
def outage(scene: Scene) -> None:
    """no file is to be had for 40 s; a push meanwhile is not delayed by twelve waiting downloads"""
    scene.sandbox.fault("nothing", MEDIA, seconds=60)
    attachments = [_with(scene, "image")[0] for _ in range(12)]
    scene.wait_for_hits(1)
    took = []
    for _ in range(4):
        took.append(scene.wait_shown(scene.file()))
        scene.pause(8)
    scene.sandbox.clear_faults()
    scene.note(f"pushes meanwhile took {', '.join(f'{seconds:.1f}' for seconds in took)} s")
    for attachment in attachments:
        _becomes(scene, attachment, "stored")
    del scene.notes[2:-1]
    expect(max(took) < 6, "downloads keep messages waiting")


@fault("amr-broken", 29)
def amr_broken(scene: Scene) -> None:
    """a voice message without any sound: the original is kept, the failure is shown"""
    from reports.models import Attachment

    scene.media_may_fail = True
    attachment, _ = _with(scene, "voice", b"#!AMR\n")  # any bytes after it would be played as noise
    _becomes(scene, attachment, "failed")
    kept = Attachment.objects.get(pk=attachment).original_path
    expect(bool(kept) and (scene.stage.home / "media" / kept).exists(), "the original is not kept")


@fault("bomb", 30)
def bomb(scene: Scene) -> None:
    """a picture of 30,000 × 30,000 pixels in a hundred kilobytes"""
    scene.media_may_fail = True
    attachment, _ = _with(scene, "image", png_bomb(30_000))
    _becomes(scene, attachment, "failed")
    memory = memory_of(scene.stage)
    scene.note(f"worker processes at most {memory:.0f} MB")
    expect(memory < 300, "a worker process has grown")


@fault("disk-full", 31)
def disk_full(scene: Scene) -> None:
    """no room below MEDIA_ROOT: reports are taken, uploads refused clearly, no half file; stored once there is room"""
    with _tiny_disk(scene.stage.home / "media") as fill:
        if fill is None:
            scene.note("not run: mounting is not permitted here")
            return
        attachment, _ = _with(scene, "image")
        until(lambda: _reason(attachment) == "storage", 30, f"no storage error: {_reason(attachment)}")
        picture = {"file": ("leak.jpg", photo("leak"), "image/jpeg")}
        upload = scene.person("li").ask("POST", "/api/v1/uploads", files=picture)
        scene.note(f"an upload was answered {upload.status} {str(upload.body)[:100]}")
        left = [path.name for path in (scene.stage.home / "media").rglob("*") if path.is_file() and path != fill]
        expect(not left, f"half files: {left}")
        fill.unlink()
        _becomes(scene, attachment, "stored", 90)
        subprocess.run(["cp", "-a", f"{scene.stage.home / 'media'}/.", str(scene.stage.home / "kept")], check=True)
    subprocess.run(["cp", "-a", f"{scene.stage.home / 'kept'}/.", str(scene.stage.home / "media")], check=True)


def _reason(attachment: str) -> str:
    from reports.models import Attachment

    return Attachment.objects.get(pk=attachment).reason


@contextlib.contextmanager
def _tiny_disk(folder: Path) -> Iterator[Path | None]:
    """A disk of 4 MB over the folder, filled by the file that is given; None where mounting is not permitted."""
    mount = ["mount", "-t", "tmpfs", "-o", "size=4m,mode=0777", "tmpfs", str(folder)]
    if os.geteuid() or subprocess.run(mount, capture_output=True).returncode:
        yield None
        return
    fill = folder / "fill"
    try:
        with contextlib.suppress(OSError), fill.open("wb", buffering=0) as file:
            while True:
                file.write(bytes(65536))
        yield fill
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)
