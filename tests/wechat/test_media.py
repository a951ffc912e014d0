"""A file or an error, never an error kept as a file."""

import io
import time

import pytest

from community_report.wechat.client import Client, get_client
from community_report.wechat.errors import ErrorKind, WeChatError
from tests.wechat.platform import Answer, Platform, Raw, error

GET = "/cgi-bin/media/get"
JPEG = b"\xff\xd8\xff\xe0" + bytes(range(256)) * 1000
JPEG_HEADERS = {"Content-Type": "image/jpeg", "Content-disposition": 'attachment; filename="MEDIA_ID.jpg"'}


def fetch(client: Client, *, max_bytes: int = 10_000_000, deadline: float = 5) -> tuple[bytes, object]:
    target = io.BytesIO()
    file = client.download_media("m1", target, max_bytes=max_bytes, deadline=deadline)
    return target.getvalue(), file


def test_a_file_arrives_whole(platform: Platform, client: Client) -> None:
    platform.on(GET, Answer(JPEG, headers=JPEG_HEADERS))
    content, file = fetch(client)
    assert content == JPEG
    assert (file.content_type, file.filename, file.size) == ("image/jpeg", "MEDIA_ID.jpg", len(JPEG))
    assert platform.to(GET)[0].query == {"access_token": "TOKEN-1", "media_id": "m1"}


def test_a_file_of_exactly_the_limit_is_taken(platform: Platform, client: Client) -> None:
    platform.on(GET, Answer(JPEG, headers=JPEG_HEADERS))
    assert fetch(client, max_bytes=len(JPEG))[1].size == len(JPEG)


def test_high_quality_voice_has_its_own_address(platform: Platform, client: Client) -> None:
    platform.on("/cgi-bin/media/get/jssdk", Answer(b"speex-bytes", headers={"Content-Type": "voice/speex"}))
    target = io.BytesIO()
    file = client.download_voice_hq("m1", target, max_bytes=100, deadline=5)
    assert (target.getvalue(), file.content_type, file.filename) == (b"speex-bytes", "voice/speex", "")


@pytest.mark.parametrize(
    ("header", "name"),
    [
        ('attachment; filename="../../etc/passwd"', "passwd"),
        (r'attachment; filename="a\\b.jpg"', "b.jpg"),
        ("attachment", ""),
    ],
)
def test_the_filename_is_a_name_and_no_path(platform: Platform, client: Client, header: str, name: str) -> None:
    platform.on(GET, Answer(JPEG, headers={"Content-Type": "image/jpeg", "Content-disposition": header}))
    assert fetch(client)[1].filename == name


@pytest.mark.parametrize(
    ("answer", "kind", "code"),
    [
        (error(40007, "invalid media_id"), "media_gone", 40007),
        (error(40007, label="text/plain"), "media_gone", 40007),
        (error(40007, label="image/jpeg"), "media_gone", 40007),
        (Answer(b'\xef\xbb\xbf \n{"errcode":40007}', headers={"Content-Type": "image/jpeg"}), "media_gone", 40007),
        (Answer(b'{"errcode":40007}', status=404), "media_gone", 40007),
        (Answer(b"not found", status=404), "media_gone", None),
        (error(-1), "transient", -1),
        (error(45009), "quota", 45009),
        (error(48001), "account", 48001),
        (Answer(b'{"video_url":"http://169.254.169.254/"}'), "permanent", None),
        (Answer(b'{"something":"else"}'), "transient", None),
        (Answer(b"<html>busy</html>", headers={"Content-Type": "text/html"}), "transient", None),
        (Answer(b"<html>busy</html>", headers={"Content-Type": "image/jpeg"}), "transient", None),
        (Answer(b"", headers=JPEG_HEADERS), "transient", None),
        (Answer(JPEG, status=500, headers=JPEG_HEADERS), "transient", None),
        (Answer(b"", status=302, headers={"Location": "http://169.254.169.254/"}), "transient", None),
        (Answer(b"{" + b" " * 100_000, headers=JPEG_HEADERS), "transient", None),
    ],
    ids=lambda value: repr(value)[:70],
)
def test_an_error_is_no_file(platform: Platform, client: Client, answer: Answer, kind: str, code: int | None) -> None:
    platform.on(GET, answer)
    target = io.BytesIO()
    with pytest.raises(WeChatError) as caught:
        client.download_media("m1", target, max_bytes=10_000_000, deadline=5)
    assert (caught.value.kind, caught.value.code) == (ErrorKind(kind), code)
    assert target.getvalue() == b""
    assert platform.paths == ["/cgi-bin/stable_token", GET]


def test_a_refused_token_is_renewed_once(platform: Platform, client: Client) -> None:
    answers = iter([error(40001, label="text/plain"), Answer(JPEG, headers=JPEG_HEADERS)])
    platform.on(GET, lambda call: next(answers))
    assert fetch(client)[0] == JPEG
    assert [call.query["access_token"] for call in platform.to(GET)] == ["TOKEN-1", "TOKEN-2"]


def test_a_file_that_says_it_is_too_large_is_not_fetched(platform: Platform, client: Client) -> None:
    platform.on(GET, Answer(JPEG, headers=JPEG_HEADERS))
    target = io.BytesIO()
    with pytest.raises(WeChatError, match="larger than 1000 bytes") as caught:
        client.download_media("m1", target, max_bytes=1000, deadline=5)
    assert caught.value.kind is ErrorKind.PERMANENT
    assert target.getvalue() == b""


def endless(platform: Platform, pause: float) -> Raw:
    def write(handler) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\n\r\n\xff\xd8")
        while not platform.released.wait(pause):
            try:
                handler.wfile.write(b"x" * 1000)
            except OSError:
                return

    return Raw(write)


def test_a_file_without_end_is_cut_at_the_limit(platform: Platform, client: Client) -> None:
    platform.on(GET, endless(platform, 0))
    target = io.BytesIO()
    with pytest.raises(WeChatError, match="larger than 100000 bytes"):
        client.download_media("m1", target, max_bytes=100_000, deadline=30)
    assert len(target.getvalue()) <= 100_000


def test_a_file_that_drips_ends_at_the_deadline(platform: Platform, client: Client) -> None:
    platform.on(GET, endless(platform, 0.02))
    started = time.monotonic()
    with pytest.raises(WeChatError, match="Timeout") as caught:
        fetch(client, deadline=0.3)
    assert caught.value.kind is ErrorKind.TRANSIENT
    assert time.monotonic() - started < 2


def test_a_file_that_breaks_off_is_no_file(platform: Platform, client: Client) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\nContent-Length: 5000\r\n\r\n"
    platform.on(GET, Raw(lambda handler: handler.wfile.write(head + b"\xff\xd8" * 100) and None))
    with pytest.raises(WeChatError) as caught:
        fetch(client)
    assert caught.value.kind is ErrorKind.TRANSIENT


def test_a_stalled_download_ends_with_the_time_out(platform: Platform, account) -> None:
    account.WECHAT_TIMEOUT_SECONDS = 0.2
    platform.on(GET, Raw(lambda handler: platform.released.wait(10) and None))
    started = time.monotonic()
    with pytest.raises(WeChatError):
        fetch(get_client(), deadline=30)
    assert time.monotonic() - started < 2
