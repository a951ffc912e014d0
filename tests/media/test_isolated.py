"""The decoders run in a child under limits; what happens to it never happens to the worker."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from dispatch.media import MediaInterrupted, MediaRefused, child, isolated, process, sniff
from tests.media import makers


def test_a_picture_and_a_recording_through_the_child(tmp_path: Path) -> None:
    picture = process("image", makers.photo(tmp_path / "photo.jpg", width=800, height=600), tmp_path)
    assert (picture.path.name, picture.width, picture.height, picture.content_type) == (
        "image.jpg", 600, 800, "image/jpeg",
    )  # fmt: skip
    assert picture.thumbnail is not None
    assert picture.thumbnail.stat().st_size < picture.path.stat().st_size
    voice = process("voice", makers.amr(tmp_path / "voice.amr", 2), tmp_path)
    assert (voice.path.name, voice.content_type, voice.thumbnail) == ("voice.m4a", "audio/mp4", None)
    assert voice.duration == pytest.approx(2, abs=0.1)


def test_the_reason_of_a_refusal_comes_back_and_nothing_is_left(tmp_path: Path) -> None:
    source = makers.amr(tmp_path / "voice.amr", 66)
    with pytest.raises(MediaRefused) as refused:
        process("voice", source, tmp_path)
    assert refused.value.reason == "too_long"
    assert [path.name for path in tmp_path.iterdir()] == ["voice.amr"]


def test_a_bomb_costs_neither_time_nor_memory(tmp_path: Path) -> None:
    source = makers.png_bomb(tmp_path / "bomb.png", side=30_000)
    assert source.stat().st_size < 1_000_000
    report = subprocess.run(
        [sys.executable, "-c", BOMB_PROBE, str(source), str(tmp_path)], capture_output=True, text=True, check=True
    )
    reason, megabytes = report.stdout.split()
    assert reason == "too_many_pixels"
    assert int(megabytes) < 150


BOMB_PROBE = """
import resource, sys
from pathlib import Path
from dispatch.media import MediaRefused, process
try:
    process("image", Path(sys.argv[1]), Path(sys.argv[2]))
except MediaRefused as refused:
    print(refused.reason, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024)
"""


def test_the_largest_picture_allowed_fits_into_the_limits(tmp_path: Path) -> None:
    processed = process("image", makers.png_bomb(tmp_path / "large.png", side=7000), tmp_path)
    assert (processed.width, processed.height) == (2048, 2048)


@pytest.mark.parametrize(
    ("lethal", "expected"),
    [
        ("import resource; x = bytearray(2 * 1024**3)", MediaRefused),
        ("import os, signal; os.kill(os.getpid(), signal.SIGSEGV)", MediaRefused),
        ("import os, signal; os.kill(os.getpid(), signal.SIGXCPU)", MediaRefused),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", MediaInterrupted),
        ("raise OSError(28, 'No space left on device')", MediaInterrupted),
        ("raise OSError(27, 'File too large')", MediaRefused),
    ],
)
def test_however_the_child_ends_the_caller_hears_whose_fault_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lethal: str, expected: type[Exception]
) -> None:
    script = (
        "import sys; from dispatch.media import child\n"
        f"def convert(*_): exec({lethal!r})\n"
        "child.convert = convert; sys.exit(child.main(*sys.argv[1:]))"
    )
    monkeypatch.setattr(isolated, "CHILD", ["-c", script])
    with pytest.raises(expected):
        process("image", makers.photo(tmp_path / "photo.jpg", width=100, height=100), tmp_path)


def test_a_child_that_hangs_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(isolated, "CHILD", ["-c", "import signal; signal.pause()"])
    with pytest.raises(MediaInterrupted, match=r"within 0\.3 s"):
        process("image", makers.photo(tmp_path / "photo.jpg", width=100, height=100), tmp_path, timeout=0.3)


def test_the_child_learns_no_secret_and_imports_no_django(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WECHAT_APP_SECRET", "do-not-tell")
    script = (
        "import json, os, sys; from dispatch.media import child, images, audio\n"
        "seen = {'content_type': str('django' in sys.modules), 'width': len(os.environ.get('WECHAT_APP_SECRET', ''))}\n"
        "print(json.dumps(seen))"
    )
    monkeypatch.setattr(isolated, "CHILD", ["-c", script])
    seen = process("image", makers.photo(tmp_path / "photo.jpg", width=100, height=100), tmp_path)
    assert (seen.content_type, seen.width) == ("False", 0)


def test_the_limits_are_really_set() -> None:
    script = (
        "import resource, signal; from dispatch.media import child; child.limit()\n"
        "print(*[resource.getrlimit(n)[0] for n in (resource.RLIMIT_AS, resource.RLIMIT_CPU, resource.RLIMIT_FSIZE)],"
        " signal.alarm(0))"
    )
    shown = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert shown.stdout.split() == [str(1024**3), "10", str(16 * 1024**2), "15"]
    assert isolated.TIMEOUT_SECONDS < child.WALL_SECONDS


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (b"\xff\xd8\xff\xe0", "jpeg"),
        (b"RIFF\x00\x00\x00\x00WEBPVP8 ", "webp"),
        (b"RIFF\x00\x00\x00\x00AVI LIST", None),
        (b"\x00\x00\x00\x18ftypmif1\x00\x00\x00\x00mif1heic", "heic"),
        (b"\x00\x00\x00\x1cftypmif1\x00\x00\x00\x00mif1avifmiaf", None),
        (b"\x00\x00\x00\x18ftypM4A \x00\x00\x00\x00M4A isom", "mp4"),
        (b"#!AMR\n\x3c", "amr"),
        (b"#!AMR-WB\n", "amr-wb"),
        (b"\x02#!SILK_V3", "silk"),
        (b"\xff\xfb\x90\x64", "mp3"),
        (b"\xff\xf1\x50\x80", "aac"),
        (b"\xff\xff\xff\xff", None),
        (b"\xff", None),
        (b"<html>", None),
        (b"", None),
    ],
)
def test_files_are_known_by_their_first_bytes(head: bytes, kind: str | None) -> None:
    assert sniff(head) == kind


def test_a_missing_source_is_the_callers_mistake(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        process("image", tmp_path / "nothing", tmp_path)
    assert os.listdir(tmp_path) == []
    assert signal.getsignal(signal.SIGALRM) is signal.SIG_DFL
