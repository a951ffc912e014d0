"""`GET jssdk-config`: signatures for our own pages alone."""

import hashlib
import uuid
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote

import pytest

from tests.factories import Cast
from tests.wechat.platform import Platform, error, ok, serve

Api = Callable[..., Any]
PAGE = "http://127.0.0.1:8000/h5/reports/new?draft=1&from=timeline"


@pytest.fixture
def platform(settings: Any) -> Iterator[Platform]:
    with serve(Platform()) as platform:
        settings.WECHAT_APP_ID = f"wx{uuid.uuid4().hex[:16]}"
        settings.WECHAT_API_BASE_URL = platform.url
        settings.WECHAT_TIMEOUT_SECONDS = 1
        yield platform


def test_our_page_is_signed(cast: Cast, api: Api, platform: Platform, settings: Any) -> None:
    platform.on("/cgi-bin/ticket/getticket", ok(ticket="TICKET", expires_in=7200))
    status, body = api(cast.stranger).get(f"jssdk-config?url={quote(PAGE, safe='')}%23fragment")
    assert (status, set(body)) == (200, {"appId", "timestamp", "nonceStr", "signature"})
    said = f"jsapi_ticket=TICKET&noncestr={body['nonceStr']}&timestamp={body['timestamp']}&url={PAGE}"
    assert body["signature"] == hashlib.sha1(said.encode(), usedforsecurity=False).hexdigest()
    assert body["appId"] == settings.WECHAT_APP_ID


@pytest.mark.parametrize(
    "url",
    [
        "",
        "http://evil.example/h5/",
        "http://127.0.0.1:8000.evil.example/",
        "http://127.0.0.1:8000@evil.example/",
        "http://127.0.0.1:80001/h5/",
        "https://127.0.0.1:8000/h5/",
        "//127.0.0.1:8000/h5/",
        "/h5/",
        "http://127.0.0.1:8000\\evil.example/",
        "http://[::1/h5/",
        "http://127.0.0.1:8000/h5/\nx",
        "http://127.0.0.1:8000/" + "x" * 2000,
    ],
)
def test_other_addresses_are_not(cast: Cast, api: Api, url: str) -> None:
    status, body = api(cast.resident).get(f"jssdk-config?url={quote(url, safe='')}")
    assert (status, body["code"], list(body["fields"])) == (400, "invalid", ["url"])


def test_with_wechat_away_it_says_so(cast: Cast, api: Api, platform: Platform) -> None:
    platform.on("/cgi-bin/ticket/getticket", error(-1, "busy"))
    status, body = api(cast.resident).get(f"jssdk-config?url={quote(PAGE, safe='')}")
    assert (status, body["code"]) == (503, "unavailable")


def test_anonymous_is_401(db: None, api: Api) -> None:
    assert api(None).get("jssdk-config?url=x")[0] == 401
