"""Downloading what people sent. An answer that is JSON instead of a file is an error, whatever its status and label."""

from codecs import BOM_UTF8
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from email.message import Message
from itertools import chain
from typing import BinaryIO

import requests

from community_report.wechat.api import Api
from community_report.wechat.deadline import Deadline
from community_report.wechat.errors import ErrorKind, WeChatError, transient
from community_report.wechat.transport import chunks, gather, parse_object

#: https://developers.weixin.qq.com/doc/service/api/material/temporary/
PLAIN = "/cgi-bin/media/get"
JSSDK_VOICE = "/cgi-bin/media/get/jssdk"

#: WeChat's error answers are far shorter.
MAX_ERROR_BYTES = 64 * 1024
_TEXTUAL = ("application/json", "text/")


@dataclass(frozen=True)
class MediaFile:
    """What arrived. `content_type` and `filename` are WeChat's words, to be checked against the content."""

    content_type: str
    filename: str
    size: int


def download(api: Api, path: str, media_id: str, target: BinaryIO, *, max_bytes: int, seconds: float) -> MediaFile:
    """Stream one file into `target` (on error `target` may hold a part of it: throw it away).

    Raises WeChatError: MEDIA_GONE for an unknown or expired MediaID, PERMANENT for a file over `max_bytes` and for a
    video (WeChat answers with an address instead, which is not fetched), TRANSIENT for whatever may pass.
    """
    deadline = Deadline(seconds)

    def fetch(token: str) -> MediaFile:
        params = {"access_token": token, "media_id": media_id}
        with api.transport.open("GET", path, deadline=deadline, params=params) as response:
            pieces = chunks(response, where=path)
            start = _start(pieces)
            if not _is_file(response, start):
                raise _refusal(api, response, gather(chain([start], pieces), MAX_ERROR_BYTES), path, token)
            _check_announced_size(response, max_bytes)
            return _save(response, chain([start], pieces), target, max_bytes=max_bytes)

    return api.with_token(fetch, deadline)


def _start(pieces: Iterator[bytes]) -> bytes:
    """Enough of the body to see what it is; empty when there is nothing but white space."""
    start = b""
    while not start.strip() and len(start) < MAX_ERROR_BYTES:
        piece = next(pieces, b"")
        if not piece:
            return b""
        start += piece
    return start


def _is_file(response: requests.Response, start: bytes) -> bool:
    label = response.headers.get("Content-Type", "").strip().lower()
    # No picture, AMR, Speex or SILK starts with a brace or a bracket.
    return (
        response.status_code == requests.codes.ok
        and bool(start)
        and not label.startswith(_TEXTUAL)
        and not start.removeprefix(BOM_UTF8).lstrip().startswith((b"{", b"[", b"<"))
    )


def _refusal(api: Api, response: requests.Response, body: bytes, path: str, token: str) -> WeChatError:
    answer = parse_object(body)
    if answer and "video_url" in answer:
        return WeChatError(ErrorKind.PERMANENT, f"{path}: a video, which comes as an address")
    if answer is None and response.status_code == requests.codes.not_found:
        return WeChatError(ErrorKind.MEDIA_GONE, f"{path}: HTTP 404")
    try:
        api.transport.understand(response.status_code, body, where=path, secrets=(token,))
    except WeChatError as error:
        return error
    return transient(f"{path}: JSON instead of a file")


def _check_announced_size(response: requests.Response, max_bytes: int) -> None:
    announced = response.headers.get("Content-Length", "")
    if announced.isascii() and announced.isdigit() and int(announced) > max_bytes:
        raise _too_large(max_bytes)


def _save(response: requests.Response, pieces: Iterable[bytes], target: BinaryIO, *, max_bytes: int) -> MediaFile:
    size = 0
    for piece in pieces:
        size += len(piece)
        if size > max_bytes:
            raise _too_large(max_bytes)
        target.write(piece)
    return MediaFile(_content_type(response), _filename(response), size)


def _too_large(max_bytes: int) -> WeChatError:
    return WeChatError(ErrorKind.PERMANENT, f"file larger than {max_bytes} bytes")


def _content_type(response: requests.Response) -> str:
    return response.headers.get("Content-Type", "").split(";")[0].strip().lower()


def _filename(response: requests.Response) -> str:
    header = Message()
    header["Content-Disposition"] = response.headers.get("Content-Disposition", "")
    name = header.get_filename("") or ""
    return name.replace("\\", "/").rsplit("/", 1)[-1]
