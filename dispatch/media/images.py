"""Pictures: decoded under a pixel cap, upright, re-encoded without metadata."""

import contextlib
import struct
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pillow_heif
from PIL import Image, ImageOps

from .errors import MediaRefused
from .sniff import HEAD_BYTES, IMAGE_TYPES, sniff

MAX_PIXELS = 50_000_000
MAX_SIDE = 2048
THUMBNAIL_SIDE = 400
QUALITY = 85
BACKGROUND = (255, 255, 255)

_FORMATS = {"jpeg": "JPEG", "png": "PNG", "gif": "GIF", "webp": "WEBP", "heic": "HEIF"}
# What Pillow's decoders raise for damaged files, by experience with truncated and altered ones.
_DAMAGE = (
    OSError,
    ValueError,
    SyntaxError,
    LookupError,
    TypeError,
    ArithmeticError,
    EOFError,
    RuntimeError,
    struct.error,
)

pillow_heif.register_heif_opener(thumbnails=False)
# Pillow refuses twice this number and warns from it on; `_decode` turns the warning into a refusal.
Image.MAX_IMAGE_PIXELS = MAX_PIXELS


@dataclass(frozen=True)
class ImageInfo:
    """The picture as stored: pixels after turning and shrinking."""

    width: int
    height: int
    content_type: str = "image/jpeg"


def process_image(
    source: Path, target: Path, thumbnail: Path, *, max_side: int = MAX_SIDE, thumbnail_side: int = THUMBNAIL_SIDE
) -> ImageInfo:
    """Write `target` and `thumbnail` as JPEG, no side longer than asked, with no metadata of the source.

    Raises MediaRefused: `not_an_image` (nothing on the allow-list), `too_many_pixels`, `broken`.
    """
    picture = _decode(source, max_side)
    _save(picture, target)
    info = ImageInfo(*picture.size)
    picture.thumbnail((thumbnail_side, thumbnail_side))
    _save(picture, thumbnail)
    return info


def _decode(source: Path, max_side: int) -> Image.Image:
    """The picture in RGB, upright and small enough; the pixel count is known before anything is decoded."""
    with source.open("rb") as file:
        kind = sniff(file.read(HEAD_BYTES))
        if kind not in IMAGE_TYPES:
            raise MediaRefused("not_an_image")
        file.seek(0)
        try:
            with _strict_about_size(), Image.open(file, formats=[_FORMATS[kind]]) as opened:
                opened.draft("RGB", (max_side, max_side))
                opened.thumbnail((max_side, max_side))
                return _flatten(_upright(opened))
        except (Image.DecompressionBombError, Image.DecompressionBombWarning):
            raise MediaRefused("too_many_pixels") from None
        except MediaRefused:
            raise
        except _DAMAGE as error:
            # Pillow's own OSErrors carry no number; the system's do, and are not the file's fault.
            if getattr(error, "errno", None):
                raise
            raise MediaRefused("broken") from error


@contextlib.contextmanager
def _strict_about_size() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.simplefilter("error", Image.DecompressionBombWarning)
        yield


def _upright(picture: Image.Image) -> Image.Image:
    try:
        return ImageOps.exif_transpose(picture)
    except _DAMAGE:
        # A damaged EXIF block says nothing about the picture, which is good.
        return picture


def _flatten(picture: Image.Image) -> Image.Image:
    """RGB on white, with nothing left in `info` (Pillow would write a JPEG comment back)."""
    if picture.has_transparency_data:
        layered = picture.convert("RGBA")
        flat = Image.new("RGB", layered.size, BACKGROUND)
        flat.paste(layered, mask=layered.getchannel("A"))
    else:
        flat = picture.convert("RGB")
    flat.info = {}
    return flat


def _save(picture: Image.Image, target: Path) -> None:
    picture.save(target, "JPEG", quality=QUALITY, optimize=True, progressive=True)
