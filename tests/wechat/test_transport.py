"""A WeChat that stalls, drips, breaks off or is away costs a bounded time and never a secret."""

import logging
import time
import traceback

import pytest

from community_report.wechat.client import Client, get_client
from community_report.wechat.errors import ErrorKind, WeChatError
from community_report.wechat.oauth import exchange_code
from tests.wechat.platform import Handler, Platform, Raw, error, ok

SEND = "/cgi-bin/message/custom/send"
A_PERSONS_CODE = "0a1b2c3d4e5f"


@pytest.fixture
def hasty(account) -> Client:
    account.WECHAT_TIMEOUT_SECONDS = 0.2
    return get_client()


def drip(platform: Platform) -> Raw:
    """Headers, then one byte every tenth of a time-out, for ever."""

    def write(handler: Handler) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n{")
        while not platform.released.wait(0.02):
            try:
                handler.wfile.write(b" ")
            except OSError:
                return

    return Raw(write)


def stall(platform: Platform) -> Raw:
    return Raw(lambda handler: platform.released.wait(10) and None)


def truncated(_: Platform) -> Raw:
    return Raw(
        lambda handler: handler.wfile.write(b'HTTP/1.1 200 OK\r\nContent-Length: 90\r\n\r\n{"errcode":0}') and None
    )


def chunks_without_end(_: Platform) -> Raw:
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    return Raw(lambda handler: handler.wfile.write(head + b'd\r\n{"errcode":0}\r\n') and None)


def no_http(_: Platform) -> Raw:
    return Raw(lambda handler: handler.wfile.write(b"hello\r\n\r\n") and None)


def hang_up(_: Platform) -> Raw:
    return Raw(lambda handler: None)


def drip_headers(platform: Platform) -> Raw:
    def write(handler: Handler) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
        while not platform.released.wait(0.02):
            try:
                handler.wfile.write(b"x")
            except OSError:
                return

    return Raw(write)


@pytest.mark.parametrize("fault", [drip, drip_headers, stall, truncated, chunks_without_end, no_http, hang_up])
def test_a_faulty_connection_is_a_transient_error_within_the_time(platform: Platform, hasty: Client, fault) -> None:
    platform.on(SEND, fault(platform))
    started = time.monotonic()
    with pytest.raises(WeChatError) as caught:
        hasty.send_text("o1", "x")
    assert (caught.value.kind, caught.value.code) == (ErrorKind.TRANSIENT, None)
    # Twice the time-out, with room for a busy machine; the drip itself would never end.
    assert time.monotonic() - started < 2


@pytest.mark.parametrize("fault", [drip, drip_headers, stall])
def test_fetching_the_token_is_bounded_too(platform: Platform, hasty: Client, fault) -> None:
    platform.on("/cgi-bin/stable_token", fault(platform))
    started = time.monotonic()
    with pytest.raises(WeChatError):
        hasty.send_text("o1", "x")
    assert time.monotonic() - started < 2


def test_nobody_there_is_a_transient_error(account) -> None:
    account.WECHAT_API_BASE_URL = "http://127.0.0.1:1"
    with pytest.raises(WeChatError) as caught:
        get_client().send_text("o1", "x")
    assert caught.value.kind is ErrorKind.TRANSIENT


def test_connections_are_used_again(platform: Platform, client: Client) -> None:
    platform.on(SEND, ok())
    for _ in range(5):
        client.send_text("o1", "x")
    assert len({call.port for call in platform.calls}) == 1


def everything_said(caught: pytest.ExceptionInfo[WeChatError]) -> str:
    chain = [caught.value, caught.value.__cause__, caught.value.__context__]
    return "".join(traceback.format_exception(caught.value)) + "".join(f"{e!s}{e!r}" for e in chain)


@pytest.fixture
def logged(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.DEBUG, logger="urllib3")
    return caplog


def test_no_secret_in_errors_or_logs_when_nobody_is_there(account, client: Client, platform, logged) -> None:
    platform.on(SEND, ok())
    client.send_text("o1", "x")
    platform.on(SEND, hang_up(platform))
    with pytest.raises(WeChatError) as caught:
        client.send_text("o1", "x")
    text = everything_said(caught) + logged.text + repr(client.account)
    assert "stable_token" in logged.text  # the log is on
    assert "TOKEN-1" not in text
    assert client.account.app_secret not in text


def test_no_secret_in_the_warning_about_odd_headers(account, client: Client, platform, logged) -> None:
    head = b"HTTP/1.1 200 OK\r\nno colon here\r\nContent-Length: 13\r\n\r\n"
    platform.on(SEND, Raw(lambda handler: handler.wfile.write(head + b'{"errcode":0}') and None))
    client.send_text("o1", "x")
    assert "Failed to parse headers" in logged.text
    assert "TOKEN-1" not in logged.text


def test_no_secret_when_oauth_fails(account, client: Client, platform, logged) -> None:
    platform.on("/sns/oauth2/access_token", hang_up(platform))
    with pytest.raises(WeChatError) as caught:
        exchange_code(A_PERSONS_CODE)
    text = everything_said(caught) + logged.text
    assert "/sns/oauth2/access_token" in text
    assert client.account.app_secret not in text
    assert A_PERSONS_CODE not in text


def test_no_secret_when_wechat_repeats_it(account, client: Client, platform, logged) -> None:
    said = f"invalid credential TOKEN-1 or {client.account.app_secret}"
    platform.on(SEND, error(48001, said))
    with pytest.raises(WeChatError, match="invalid credential") as caught:
        client.send_text("o1", "x")
    text = everything_said(caught) + logged.text
    assert "TOKEN-1" not in text
    assert client.account.app_secret not in text
