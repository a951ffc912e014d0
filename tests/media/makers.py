"""Media files made on the spot: what phones send, and what attackers do."""

import math
import struct
from collections.abc import Iterator
from pathlib import Path

import av
import pillow_heif
from av.audio.frame import AudioFrame
from PIL import Image, ImageDraw

from devtools import bombs

GPS_IFD, ORIENTATION, MAKE = 0x8825, 0x0112, 0x010F
LATITUDE_REF, LATITUDE = 1, 2


def scene(width: int, height: int) -> Image.Image:
    """Red at the top left, blue elsewhere: shows which way is up."""
    picture = Image.new("RGB", (width, height), "blue")
    ImageDraw.Draw(picture).rectangle((0, 0, width // 4, height // 4), fill="red")
    return picture


def photo(path: Path, *, width: int = 4032, height: int = 3024, orientation: int = 6) -> Path:
    """As a phone takes it: sideways, with maker, position, and a comment."""
    exif = Image.Exif()
    exif[ORIENTATION], exif[MAKE] = orientation, "SecretMaker"
    exif.get_ifd(GPS_IFD).update({LATITUDE_REF: "N", LATITUDE: (31.0, 14.0, 2.5)})
    scene(width, height).save(
        path, "JPEG", exif=exif, comment=b"SecretComment", xmp=b"<x:xmpmeta>SecretXmp</x:xmpmeta>"
    )
    return path


def heic(path: Path, *, width: int = 640, height: int = 480) -> Path:
    pillow_heif.from_pillow(scene(width, height)).save(path)
    return path


def png_bomb(path: Path, *, side: int) -> Path:
    """A valid grey PNG of side × side zero pixels, a few kilobytes long."""
    path.write_bytes(bombs.png_bomb(side))
    return path


def tone(seconds: float, rate: int, *, pause: bool = False) -> Iterator[AudioFrame]:
    """20 ms frames of a 440 Hz tone; with `pause` every second half-second is silent."""
    size = rate // 50
    for number in range(round(seconds * 50)):
        silent = pause and number // 25 % 2
        level = 0 if silent else 12000
        samples = (round(level * math.sin(2 * math.pi * 440 * (number * size + i) / rate)) for i in range(size))
        frame = AudioFrame(format="s16", layout="mono", samples=size)
        frame.sample_rate, frame.pts = rate, number * size
        frame.planes[0].update(struct.pack(f"<{size}h", *samples))
        yield frame


def recording(
    path: Path, seconds: float, *, codec: str, container: str, rate: int, options: dict[str, str] | None = None
) -> Path:
    with av.open(str(path), "w", format=container) as out:
        out.metadata["comment"] = "SecretComment"
        stream = out.add_stream(codec, rate=rate, layout="mono", options=options or {})
        resampler = av.AudioResampler(format=stream.format.name, layout="mono", rate=stream.rate, frame_size=0)
        fifo = av.AudioFifo()
        for frame in tone(seconds, rate, pause=bool(options)):
            for piece in resampler.resample(frame):
                fifo.write(piece)
            for piece in fifo.read_many(stream.frame_size or 960):
                out.mux(stream.encode(piece))
        if (rest := fifo.read()) is not None:
            out.mux(stream.encode(rest))
        out.mux(stream.encode(None))
    return path


def amr(path: Path, seconds: float, *, dtx: bool = True) -> Path:
    return recording(
        path, seconds, codec="libopencore_amrnb", container="amr", rate=8000, options={"dtx": "1"} if dtx else None
    )


def amr_wideband(path: Path, seconds: float) -> Path:
    """Frames of 6.60 kbit/s, any bits of which are valid speech (RFC 4867: header byte, 17 bytes)."""
    frame = bytes([0b0_0000_1_00]) + bytes(range(17))
    path.write_bytes(b"#!AMR-WB\n" + frame * round(seconds * 50))
    return path


def speex(path: Path, seconds: float) -> Path:
    """Narrowband Speex in Ogg; every frame is submode 0 (silence) followed by the terminator."""
    header = struct.pack("<8s20s13i", b"Speex   ", b"1.2.0", 1, 80, 8000, 0, 4, 1, -1, 160, 0, 1, 0, 0, 0)
    frame = bytes([0b00000_011, 0b11_000000])
    pages = [(header, 0), (struct.pack("<II", 0, 0), 0)]
    pages += [(frame, 160 * (number + 1)) for number in range(round(seconds * 50))]
    path.write_bytes(b"".join(_ogg_page(body, granule, number) for number, (body, granule) in enumerate(pages)))
    return path


def _ogg_page(body: bytes, granule: int, number: int) -> bytes:
    """RFC 3533, section 6; one packet a page."""
    flags = 2 if number == 0 else 0
    head = struct.pack("<4sBBqIII", b"OggS", 0, flags, granule, 7, number, 0) + bytes([1, len(body)])
    checksum = 0
    for byte in head + body:
        checksum ^= byte << 24
        for _ in range(8):
            checksum = (checksum << 1 ^ 0x04C11DB7 if checksum & 0x80000000 else checksum << 1) & 0xFFFFFFFF
    return head[:22] + struct.pack("<I", checksum) + head[26:] + body
