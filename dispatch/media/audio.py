"""Voice: what phones record, as AAC in m4a, which every browser plays (AMR, Speex and SILK it plays nowhere)."""

import errno
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import av
from av.audio.codeccontext import AudioCodecContext
from av.audio.frame import AudioFrame
from av.audio.resampler import AudioResampler
from av.audio.stream import AudioStream
from av.container import InputContainer

from .errors import MediaRefused
from .sniff import HEAD_BYTES, sniff

MAX_SECONDS = 65.0
MAX_BYTES = 2 * 1024 * 1024
RATE = 16_000
BIT_RATE = 32_000
#: A recording is broken when more than this share of its packets cannot be decoded.
MAX_LOSS = 0.5

_MACHINE_FAULTS = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EFBIG})
# The demuxer is chosen here and never guessed: guessing would reach formats that open further addresses (playlists).
_DEMUXERS = {
    "amr": "amr",
    "amr-wb": "amr",
    "ogg": "ogg",
    "mp3": "mp3",
    "aac": "aac",
    "mp4": "mov",
    "webm": "matroska",
    "wav": "wav",
}
# FFmpeg's own AMR-NB decoder refuses the silence frames (DTX) that phones send; OpenCORE's does not.
_DECODERS = {
    "amrnb": "libopencore_amrnb",
    "libopencore_amrnb": "libopencore_amrnb",
    "amrwb": "libopencore_amrwb",
    "libopencore_amrwb": "libopencore_amrwb",
    "speex": "speex",
    "opus": "opus",
    "libopus": "opus",
    "vorbis": "vorbis",
    "mp3": "mp3",
    "mp3float": "mp3float",
    "aac": "aac",
    "pcm_s16le": "pcm_s16le",
}


@dataclass(frozen=True)
class VoiceInfo:
    """The recording as stored; `duration` in seconds."""

    duration: float
    content_type: str = "audio/mp4"


def process_voice(source: Path, target: Path) -> VoiceInfo:
    """Write `target` as mono AAC in m4a with its index first, with no metadata of the source.

    Single damaged packets are left out. Raises MediaRefused: `not_audio`, `unsupported` (SILK, or a codec that no
    phone records with), `too_large` (over 2 MB), `too_long` (over 65 s), `empty`, `broken`.
    """
    if source.stat().st_size > MAX_BYTES:
        raise MediaRefused("too_large")
    with source.open("rb") as file:
        demuxer = _demuxer(file)
        try:
            with av.open(file, "r", format=demuxer) as container:
                samples = _encode(_decode(container), target)
        except av.FFmpegError as error:
            if error.errno in _MACHINE_FAULTS:
                raise OSError(error.errno, error.strerror) from error
            raise MediaRefused("broken") from error
    if not samples:
        raise MediaRefused("empty")
    return VoiceInfo(duration=round(samples / RATE, 2))


def _demuxer(file: BinaryIO) -> str:
    head = file.read(HEAD_BYTES)
    file.seek(0)
    if not head:
        raise MediaRefused("empty")
    kind = sniff(head)
    if kind == "silk":
        raise MediaRefused("unsupported")
    if kind not in _DEMUXERS:
        raise MediaRefused("not_audio")
    return _DEMUXERS[kind]


def _decoder(stream: AudioStream) -> AudioCodecContext:
    """A decoder of our choice for the stream, with the stream's own parameters."""
    name = _DECODERS.get(stream.codec_context.name)
    if name is None:
        raise MediaRefused("unsupported")
    if name == stream.codec_context.name:
        return stream.codec_context
    decoder = av.CodecContext.create(name, "r")
    assert isinstance(decoder, AudioCodecContext)
    decoder.extradata = stream.codec_context.extradata
    decoder.sample_rate = stream.codec_context.sample_rate
    decoder.layout = "mono" if name.startswith("libopencore") else stream.codec_context.layout.name
    return decoder


def _decode(container: InputContainer) -> Iterator[AudioFrame]:
    """Mono 16-bit frames at `RATE`, at most `MAX_SECONDS` of them."""
    if not container.streams.audio:
        raise MediaRefused("not_audio")
    stream = container.streams.audio[0]
    decoder = _decoder(stream)
    resampler = AudioResampler(format="fltp", layout="mono", rate=RATE)
    heard = 0
    for frame in _frames(container, stream, decoder):
        # Time stamps of recorders have gaps and repeats; the samples alone count.
        frame.pts = None
        for piece in resampler.resample(frame):
            heard += piece.samples
            if heard > MAX_SECONDS * RATE:
                raise MediaRefused("too_long")
            yield piece
    yield from resampler.resample(None)


def _frames(container: InputContainer, stream: AudioStream, decoder: AudioCodecContext) -> Iterator[AudioFrame]:
    packets = lost = 0
    for packet in container.demux(stream):
        if not packet.size:
            continue
        packets += 1
        try:
            yield from decoder.decode(packet)
        except av.FFmpegError:
            lost += 1
    if lost > packets * MAX_LOSS:
        raise MediaRefused("broken")
    yield from decoder.decode(None)


def _encode(frames: Iterator[AudioFrame], target: Path) -> int:
    """Gives the number of samples written."""
    samples = 0
    options = {"movflags": "+faststart", "fflags": "+bitexact"}
    with av.open(str(target), "w", format="ipod", options=options) as out:
        stream = out.add_stream("aac", rate=RATE, layout="mono")
        stream.bit_rate = BIT_RATE
        for frame in frames:
            frame.pts = samples
            samples += frame.samples
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return samples
