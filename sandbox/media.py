"""Files on the platform: what people sent and what the application uploaded, for three days; and what a phone holds
itself (pictures chosen, voice recorded) until it uploads it."""

import io
import secrets
from dataclasses import dataclass
from typing import Any

from PIL import Image, UnidentifiedImageError

from sandbox.clock import Clock
from sandbox.state import Media, Store

LIFE = 3 * 86400
SUFFIX = {
    "image/jpeg": "jpg",
    "image/png": "png",
    "image/gif": "gif",
    "audio/amr": "amr",
    "audio/mpeg": "mp3",
    "video/mp4": "mp4",
}
PICTURES = {"JPEG": "image/jpeg", "PNG": "image/png", "GIF": "image/gif"}
LOCAL_LIMIT = 400


def recognise(content: bytes) -> str:
    """The MIME type by content, or an empty string for what WeChat would not take."""
    if content.startswith(b"#!AMR\n"):
        return "audio/amr"
    if content.startswith(b"ID3") or content[:2] in (b"\xff\xfb", b"\xff\xf3", b"\xff\xf2"):
        return "audio/mpeg"
    if content[4:8] == b"ftyp":
        return "video/mp4"
    try:
        return PICTURES.get(Image.open(io.BytesIO(content)).format or "", "")
    except (UnidentifiedImageError, OSError, Image.DecompressionBombError):
        return ""


class MediaLibrary:
    def __init__(self, store: Store, clock: Clock) -> None:
        self._store, self._clock = store, clock

    def add(self, kind: str, content: bytes, **about: Any) -> Media:
        """`kind` is WeChat's media type; `content_type` is recognised unless given."""
        content_type = about.pop("content_type", "") or recognise(content) or "application/octet-stream"
        key = secrets.token_urlsafe(48)
        file = f"{key}.{SUFFIX.get(content_type, 'bin')}"
        self._store.write_media(file, content)
        media = Media(key, kind, file, content_type, self._clock.now(), **about)
        self._store.state.media[key] = media
        self._purge()
        self._store.changed()
        return media

    def find(self, key: object) -> Media | None:
        """None for an unknown one and for one older than three days."""
        media = self._store.state.media.get(key) if isinstance(key, str) else None
        return media if media and self._clock.now() - media.created_at < LIFE else None

    def read(self, media: Media) -> bytes:
        return (self._store.media_folder / media.file).read_bytes()

    def forget(self, key: str) -> bool:
        """Makes an id unknown, as after three days."""
        media = self._store.state.media.pop(key, None)
        if media:
            (self._store.media_folder / media.file).unlink(missing_ok=True)
        return media is not None

    def _purge(self) -> None:
        limit = self._clock.now() - 10 * LIFE
        for key in [key for key, media in self._store.state.media.items() if media.created_at < limit]:
            self.forget(key)


@dataclass
class LocalFile:
    content: bytes
    content_type: str
    seconds: float = 0.0


class LocalFiles:
    """What the JS-SDK calls by localId. Lost when the sandbox ends, as a page's localIds are when it is left."""

    def __init__(self) -> None:
        self._files: dict[str, LocalFile] = {}

    def add(self, platform: str, content: bytes, content_type: str, seconds: float = 0.0) -> str:
        prefix = "wxLocalResource://" if platform == "ios" else "weixin://resourceid/"
        key = prefix + secrets.token_hex(16)
        self._files[key] = LocalFile(content, content_type, seconds)
        while len(self._files) > LOCAL_LIMIT:
            del self._files[next(iter(self._files))]
        return key

    def find(self, key: object) -> LocalFile | None:
        return self._files.get(key) if isinstance(key, str) else None
