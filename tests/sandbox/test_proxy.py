import json
from urllib.parse import quote

import pytest
import requests

from sandbox.client import SandboxClient
from sandbox.rewrite import Origins
from tests.sandbox.stub import Reply, Seen, StubApplication


@pytest.fixture
def phone(sandbox: SandboxClient) -> str:
    """The origin of a phone's host."""
    return str(sandbox.phone("li")["url"])


def test_application_sees_its_public_address_and_wechat(
    sandbox: SandboxClient, stub: StubApplication, phone: str
) -> None:
    headers = {"Origin": phone, "Referer": f"{phone}/h5/", "Cookie": "a=1; sandbox_framed=1", "X-CSRFToken": "t"}
    asked = f"/api/v1/jssdk-config?url={quote(phone + '/h5/reports/new?x=1', safe='')}"
    sandbox.browse("li", asked, headers=headers)
    (seen,) = stub.seen
    assert seen.query["url"] == f"{stub.url}/h5/reports/new?x=1"
    assert seen.headers["Host"] == stub.url.removeprefix("http://")
    assert (seen.headers["Origin"], seen.headers["Referer"]) == (stub.url, f"{stub.url}/h5/")
    assert (seen.headers["Cookie"], seen.headers["X-CSRFToken"]) == ("a=1", "t")
    assert "MicroMessenger/8.0.56" in seen.headers["User-Agent"]
    assert "Language/zh_CN" in seen.headers["User-Agent"]


def test_bodies_are_swapped_both_ways(sandbox: SandboxClient, stub: StubApplication, phone: str) -> None:
    def echo(seen: Seen) -> Reply:
        given = json.loads(seen.body)
        text = json.dumps(given | {"escaped": given["url"].replace("/", "\\/"), "other": stub.url + "9/"})
        encoded = quote(given["url"], safe="")
        return Reply(text.replace("\\\\/", "\\/") + encoded, headers=[("Content-Type", "application/json")])

    stub.answers["/api"] = echo
    answer = sandbox.browse("li", "/api", "POST", json={"url": f"{phone}/h5/"})
    assert json.loads(stub.seen[0].body)["url"] == f"{stub.url}/h5/"
    assert f'"url": "{phone}/h5/"' in answer.text
    assert f"{phone}/h5/".replace("/", "\\/") in answer.text
    assert quote(f"{phone}/h5/", safe="") in answer.text
    assert f"{stub.url}9/" in answer.text


def test_frames_are_allowed_and_cookies_belong_to_the_phone(
    sandbox: SandboxClient, stub: StubApplication, phone: str
) -> None:
    policy = f"default-src 'self'; script-src {sandbox.url} 'nonce-x'; frame-ancestors 'none'; media-src 'none'"
    headers = [
        ("Content-Type", "text/html; charset=utf-8"),
        ("X-Frame-Options", "DENY"),
        ("Content-Security-Policy", policy),
        ("Set-Cookie", "sessionid=1; Domain=x.test; HttpOnly; Path=/; SameSite=Lax; Secure"),
        ("Set-Cookie", "csrftoken=2; Path=/"),
    ]
    page = f'<html><head><title>x</title></head><script src="{sandbox.url}/open/js/jweixin-1.6.0.js"></script></html>'
    stub.answers["/h5/"] = lambda _: Reply(page, headers=headers)
    plain = sandbox.browse("li", "/h5/")
    assert "X-Frame-Options" not in plain.headers
    served = plain.headers["Content-Security-Policy"]
    assert "frame-ancestors" not in served
    assert f"script-src {phone} 'nonce-x' 'self'" in served
    assert "media-src 'self'" in served
    assert f'src="{phone}/open/js/jweixin-1.6.0.js"' in plain.text
    assert "bridge.js" not in plain.text
    assert plain.raw.headers.getlist("Set-Cookie") == [
        "sessionid=1; HttpOnly; Path=/; SameSite=Lax",
        "csrftoken=2; Path=/",
    ]


def test_inside_the_page_of_the_phones_cookies_are_partitioned(sandbox: SandboxClient, stub: StubApplication) -> None:
    headers = [("Content-Type", "text/html"), ("Set-Cookie", "sessionid=1; Path=/; SameSite=Lax")]
    stub.answers["/h5/"] = lambda _: Reply("<html><head></head></html>", headers=headers)
    framed = sandbox.browse("li", "/h5/", headers={"Sec-Fetch-Dest": "iframe"})
    assert framed.raw.headers.getlist("Set-Cookie")[0] == "sessionid=1; Path=/; SameSite=None; Secure; Partitioned"
    assert '<head><script src="/__phone__/bridge.js">' in framed.text


def test_redirects_stay_on_the_phone(sandbox: SandboxClient, stub: StubApplication, phone: str) -> None:
    target = quote(f"{stub.url}/wechat/oauth/return", safe="")
    login = f"{sandbox.url}/connect/oauth2/authorize?appid=x&redirect_uri={target}&state=1#wechat_redirect"
    stub.answers["/h5/"] = lambda _: Reply(status=302, headers=[("Location", login)])
    location = sandbox.browse("li", "/h5/").headers["Location"]
    back = quote(f"{phone}/wechat/oauth/return", safe="")
    assert location == f"{phone}/connect/oauth2/authorize?appid=x&redirect_uri={back}&state=1#wechat_redirect"
    stub.answers["/h5/"] = lambda _: Reply(status=302, headers=[("Location", login.split("#")[0])])
    assert sandbox.browse("li", "/h5/").headers["Location"] == f"{phone}/__phone__/no-fragment"


def test_media_streams_with_its_range(sandbox: SandboxClient, stub: StubApplication) -> None:
    def part(seen: Seen) -> Reply:
        headers = [("Content-Type", "audio/mp4"), ("Content-Range", "bytes 0-3/9"), ("Accept-Ranges", "bytes")]
        return Reply(b"\x00\xff\x01\xfe", status=206 if seen.headers.get("Range") else 200, headers=headers)

    stub.answers["/media/1/voice"] = part
    answer = sandbox.browse("li", "/media/1/voice", headers={"Range": "bytes=0-3"})
    assert (answer.status_code, answer.content) == (206, b"\x00\xff\x01\xfe")
    assert (answer.headers["Content-Range"], answer.headers["Content-Length"]) == ("bytes 0-3/9", "4")
    assert stub.seen[0].headers["Range"] == "bytes=0-3"


def test_uploads_pass_byte_for_byte(sandbox: SandboxClient, stub: StubApplication) -> None:
    content = bytes(range(256)) * 4096
    sandbox.browse("li", "/api/v1/uploads", "POST", files={"file": ("x.bin", content)})
    assert content in stub.seen[0].body


def test_an_application_that_is_away_is_a_page_not_a_crash(sandbox: SandboxClient) -> None:
    sandbox.settings(app_url="http://127.0.0.1:9")
    answer = sandbox.browse("li", "/h5/")
    assert (answer.status_code, "网页无法打开" in answer.text) == (502, True)


def test_https_installations_are_told_so(sandbox: SandboxClient, stub: StubApplication) -> None:
    sandbox.settings(public_base_url="https://report.example.com")
    sandbox.browse("li", "/h5/")
    assert stub.seen[0].headers["X-Forwarded-Proto"] == "https"
    assert stub.seen[0].headers["Host"] == "report.example.com"


def test_unknown_phones_are_not_there(sandbox: SandboxClient) -> None:
    assert sandbox.browse("nobody", "/h5/").status_code == 404


def test_an_origin_is_only_swapped_whole() -> None:
    origins = Origins("http://li.localhost:9", "https://report.example.com", ())
    text = "https://report.example.com/a https://report.example.com.cn https://report.example.com:8443 end."
    swapped = "http://li.localhost:9/a https://report.example.com.cn https://report.example.com:8443 end."
    assert origins.to_phone(text) == swapped
    assert origins.to_public("http://li.localhost:9/x") == "https://report.example.com/x"


def test_visits_are_in_the_journal(sandbox: SandboxClient, stub: StubApplication) -> None:
    stub.answers["/api/v1/reports"] = lambda _: Reply("{}", status=201)
    sandbox.browse("li", "/api/v1/reports", "POST", json={})
    sandbox.browse("li", "/static/site.css")
    entries = sandbox.journal(kind="h5", phone="li")
    assert [(item["method"], item["path"], item["status"]) for item in entries] == [("POST", "/api/v1/reports", 201)]


def test_the_script_is_served_on_every_host(sandbox: SandboxClient) -> None:
    direct = requests.get(f"{sandbox.url}/open/js/jweixin-1.6.0.js", timeout=10)
    assert direct.headers["Content-Type"].startswith("text/javascript")
    assert sandbox.browse("li", "/open/js/jweixin-1.6.0.js").text == direct.text
