"""Temporary media (wechat.md section 4): failures are JSON under HTTP 200."""

from typing import Any

from aiohttp import BodyPartReader, web

from sandbox.api.registry import Call, interface
from sandbox.errors import WeChatError
from sandbox.media import SUFFIX, recognise
from sandbox.state import Media

MB = 1024 * 1024
LIMITS = {"image": (10 * MB, 40009), "voice": (2 * MB, 40010), "video": (10 * MB, 40009), "thumb": (64 * 1024, 40009)}
TAKEN = {
    "image": {"image/jpeg", "image/png", "image/gif"},
    "voice": {"audio/amr", "audio/mpeg"},
    "video": {"video/mp4"},
    "thumb": {"image/jpeg"},
}


@interface("/cgi-bin/media/upload", daily=100_000)
async def upload(call: Call) -> dict[str, Any]:
    kind = call.query.get("type", "")
    if kind not in LIMITS:
        raise WeChatError(40004)
    content = await _file(call, *LIMITS[kind])
    if recognise(content) not in TAKEN[kind]:
        raise WeChatError(40005)
    media = call.world.media.add(kind, content)
    name = "thumb_media_id" if kind == "thumb" else "media_id"
    return {"type": kind, name: media.id, "created_at": int(media.created_at)}


@interface("/cgi-bin/media/get", "GET", daily=200_000)
async def get(call: Call) -> dict[str, Any] | web.Response:
    media = _wanted(call)
    if media.type == "video":
        return {"video_url": f"{call.world.origin}/mmbiz/{media.id}/0"}
    return _binary(call, media)


@interface("/cgi-bin/media/get/jssdk", "GET")
async def get_jssdk(call: Call) -> web.Response:
    """For voice of the JS-SDK WeChat gives 16 kHz Speex here. No library at hand writes that, so such an id is
    answered as one that has no such version: 40007."""
    _wanted(call)
    raise WeChatError(40007, "hint: no speex version")


def _wanted(call: Call) -> Media:
    key = call.query.get("media_id")
    if not key:
        raise WeChatError(41006)
    media = call.world.media.find(key)
    if media is None:
        raise WeChatError(40007)
    call.about["media"] = media.type
    return media


def _binary(call: Call, media: Media) -> web.Response:
    suffix = SUFFIX.get(media.content_type, "bin")
    headers = {"Content-disposition": f'attachment; filename="{media.id}.{suffix}"'}
    content = call.world.media.read(media)
    return web.Response(body=content, content_type=media.content_type, headers=headers)


async def _file(call: Call, limit: int, too_large: int) -> bytes:
    """The first part that is a file. Raises WeChatError 41005 or the code of what is too large."""
    if not call.request.content_type.startswith("multipart/"):
        raise WeChatError(41005)
    reader = await call.request.multipart()
    async for part in reader:
        if not isinstance(part, BodyPartReader) or not part.filename:
            continue
        content = bytearray()
        while chunk := await part.read_chunk(64 * 1024):
            content += chunk
            if len(content) > limit:
                raise WeChatError(too_large)
        return bytes(content)
    raise WeChatError(41005)
