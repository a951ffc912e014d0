"""Voice files: speech-like AMR-NB as a phone records it, and AMR turned into something that a browser plays."""

import io
import math
from functools import lru_cache

import av

RATE = 8000
FRAME = 160
SYLLABLE = 1760


def record(seconds: float) -> bytes:
    """An AMR-NB file of that length (1–60 s): syllables of changing pitch with pauses between the words."""
    samples = int(min(max(seconds, 1.0), 60.0) * RATE)
    parts = [_syllable(number * 7 % 9) if number % 5 < 4 else bytes(SYLLABLE) for number in range(samples // 880 + 1)]
    return encode_amr(b"".join(parts)[: samples * 2])


@lru_cache(maxsize=16)
def _syllable(number: int) -> bytes:
    """110 ms of a buzzing vowel, 16-bit mono."""
    pitch, count = 120 + 14 * number, SYLLABLE // 2
    vowel = [0.5, 0.3 + 0.06 * number, 0.9 - 0.07 * number, 0.35, 0.2]
    out = bytearray()
    for index in range(count):
        moment = index / RATE
        swell = math.sin(math.pi * index / count) ** 0.6
        wave = sum(level * math.sin(2 * math.pi * pitch * (n + 1) * moment) for n, level in enumerate(vowel))
        out += int(6500 * swell * wave / 2).to_bytes(2, "little", signed=True)
    return bytes(out)


def encode_amr(pcm: bytes) -> bytes:
    """`pcm` is 16-bit mono at 8 kHz; whole frames of 20 ms are kept."""
    target = io.BytesIO()
    with av.open(target, "w", format="amr") as out:
        stream = out.add_stream("libopencore_amrnb", rate=RATE)
        stream.bit_rate, stream.layout = 12200, "mono"
        for start in range(0, len(pcm) - 2 * FRAME + 1, 2 * FRAME):
            frame = av.AudioFrame(format="s16", layout="mono", samples=FRAME)
            frame.sample_rate = RATE
            frame.planes[0].update(pcm[start : start + 2 * FRAME])
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return target.getvalue()


def to_amr(audio: bytes) -> bytes:
    """Any recording as AMR-NB; AMR passes as it is. Raises ValueError for what is no audio."""
    return audio if audio.startswith(b"#!AMR\n") else encode_amr(_decode(audio, RATE)[: 60 * RATE * 2])


def to_wav(audio: bytes) -> bytes:
    """Any audio as WAV, 16-bit mono. Raises ValueError for what is no audio."""
    pcm = _decode(audio, RATE)
    sizes = (36 + len(pcm)).to_bytes(4, "little"), len(pcm).to_bytes(4, "little")
    form = b"\x10\0\0\0\x01\0\x01\0" + RATE.to_bytes(4, "little") + (2 * RATE).to_bytes(4, "little") + b"\x02\0\x10\0"
    return b"RIFF" + sizes[0] + b"WAVEfmt " + form + b"data" + sizes[1] + pcm


def duration(amr: bytes) -> float:
    """Seconds of an AMR-NB file, from its frame headers (RFC 4867: frame sizes by mode)."""
    sizes, position, frames = [13, 14, 16, 18, 20, 21, 27, 32, 6], 6, 0
    while position < len(amr):
        mode = amr[position] >> 3 & 15
        position += sizes[mode] if mode < len(sizes) else 1
        frames += 1
    return frames * 0.02


def _decode(audio: bytes, rate: int) -> bytes:
    try:
        with av.open(io.BytesIO(audio), "r") as source:
            return _pcm(source, rate)
    except (av.FFmpegError, IndexError) as error:
        raise ValueError("not an audio file") from error


def _pcm(source: "av.container.InputContainer", rate: int) -> bytes:
    """The opencore decoder is opened by name: FFmpeg's own stumbles over the silence frames of AMR."""
    stream = source.streams.audio[0]
    decoder = stream.codec_context
    if decoder.name.startswith("amr"):
        decoder = av.CodecContext.create("libopencore_amrnb", "r")
        decoder.sample_rate, decoder.layout = RATE, "mono"
    resampler, out = av.AudioResampler(format="s16", layout="mono", rate=rate), bytearray()
    frames = (frame for packet in source.demux(stream) if packet.size for frame in decoder.decode(packet))
    for frame in frames:
        frame.pts = None
        for piece in resampler.resample(frame):
            out += bytes(piece.planes[0])[: piece.samples * 2]
    return bytes(out)
