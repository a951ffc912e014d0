"""Voice comes out as m4a that a browser can start to play before all of it is there."""

import array
import itertools
from pathlib import Path

import av
import pytest

from dispatch.media import MediaRefused
from dispatch.media.audio import process_voice
from tests.media import makers


def convert(source: Path) -> tuple[float, Path]:
    target = source.parent / "out.m4a"
    return process_voice(source, target).duration, target


def assert_playable(target: Path, seconds: float) -> None:
    content = target.read_bytes()
    assert content[4:11] == b"ftypM4A"
    assert 0 < content.index(b"moov") < content.index(b"mdat")
    with av.open(str(target)) as container:
        (stream,) = container.streams
        assert (stream.codec_context.name, stream.codec_context.channels) == ("aac", 1)
        heard = sum(frame.samples for frame in container.decode(stream)) / stream.codec_context.sample_rate
    assert heard == pytest.approx(seconds, abs=0.2)


def test_wechat_recording_with_silence_frames_keeps_its_length(tmp_path: Path) -> None:
    source = makers.amr(tmp_path / "voice.amr", 60)
    # Shorter than the same without pauses: the silence frames are really there.
    assert source.stat().st_size < makers.amr(tmp_path / "loud.amr", 60, dtx=False).stat().st_size
    duration, target = convert(source)
    assert duration == pytest.approx(60, abs=0.1)
    assert_playable(target, 60)
    assert target.stat().st_size < 300_000


@pytest.mark.parametrize(
    ("codec", "container", "rate"),
    [
        ("libmp3lame", "mp3", 44100),
        ("aac", "ipod", 44100),
        ("aac", "adts", 44100),
        ("libopus", "webm", 48000),
        ("libopus", "ogg", 48000),
        ("pcm_s16le", "wav", 16000),
    ],
)
def test_what_browsers_record_is_taken(tmp_path: Path, codec: str, container: str, rate: int) -> None:
    source = makers.recording(tmp_path / "voice", 2, codec=codec, container=container, rate=rate)
    duration, target = convert(source)
    assert duration == pytest.approx(2, abs=0.1)
    assert_playable(target, 2)
    assert b"SecretComment" not in target.read_bytes()


@pytest.mark.parametrize("make", [makers.amr_wideband, makers.speex])
def test_the_other_formats_of_wechat_are_taken(tmp_path: Path, make) -> None:
    duration, target = convert(make(tmp_path / "voice", 3))
    assert duration == pytest.approx(3, abs=0.1)
    assert_playable(target, 3)


def test_a_tone_is_still_that_tone(tmp_path: Path) -> None:
    _, target = convert(makers.amr(tmp_path / "voice.amr", 1, dtx=False))
    with av.open(str(target)) as container:
        samples = array.array("f")
        for frame in container.decode(audio=0):
            samples.frombytes(bytes(frame.planes[0])[: frame.samples * 4])
    middle = samples[4000:12000]
    crossings = sum(1 for a, b in itertools.pairwise(middle) if a < 0 <= b)
    assert crossings * 2 == pytest.approx(440, abs=8)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty"),
        (b"#!AMR\n", "empty"),
        (b"\x02#!SILK_V3" + bytes(200), "unsupported"),
        (b"just some words", "not_audio"),
        (b"#EXTM3U\nhttp://169.254.169.254/secret\n", "not_audio"),
        (b"OggS" + bytes(100), "broken"),
        (b"ID3" + bytes(3000), "broken"),
        (bytes(2 * 1024 * 1024 + 1), "too_large"),
    ],
)
def test_what_is_no_recording_is_refused(tmp_path: Path, content: bytes, reason: str) -> None:
    source = tmp_path / "voice.amr"
    source.write_bytes(content)
    with pytest.raises(MediaRefused, match=reason):
        convert(source)


def test_more_than_a_minute_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MediaRefused, match="too_long"):
        convert(makers.amr(tmp_path / "voice.amr", 66, dtx=False))


def test_a_recording_cut_off_by_the_network_keeps_what_arrived(tmp_path: Path) -> None:
    source = makers.amr(tmp_path / "voice.amr", 4, dtx=False)
    whole = source.read_bytes()
    source.write_bytes(whole[: len(whole) // 2 + 3])
    duration, target = convert(source)
    assert duration == pytest.approx(2, abs=0.1)
    assert_playable(target, 2)


def test_an_m4a_without_its_index_is_broken(tmp_path: Path) -> None:
    source = makers.recording(tmp_path / "voice.m4a", 3, codec="aac", container="ipod", rate=44100)
    source.write_bytes(source.read_bytes()[:3000])
    with pytest.raises(MediaRefused, match="broken"):
        convert(source)


def test_a_film_without_sound_is_no_recording(tmp_path: Path) -> None:
    source = tmp_path / "film.mp4"
    with av.open(str(source), "w", format="mp4") as out:
        stream = out.add_stream("mpeg4", rate=10, width=64, height=64)
        out.mux(stream.encode(av.VideoFrame(64, 64, "yuv420p")))
        out.mux(stream.encode(None))
    with pytest.raises(MediaRefused, match="not_audio"):
        convert(source)
