from urllib.parse import parse_qs, quote, urlsplit

import pytest
import requests

from sandbox.client import SandboxClient
from tests.sandbox.conftest import APP_ID, SECRET
from tests.sandbox.stub import StubApplication

BASE = {
    "appid": APP_ID, "redirect_uri": "", "response_type": "code", "scope": "snsapi_base", "state": "abc123",
}  # fmt: skip


def authorize(sandbox: SandboxClient, stub: StubApplication, host: str = "li", **changes: str) -> requests.Response:
    values = BASE | {"redirect_uri": f"{stub.url}/wechat/oauth/return?next=1"} | changes
    query = "&".join(f"{name}={quote(value, safe='')}" for name, value in values.items())
    return sandbox.browse(host, f"/connect/oauth2/authorize?{query}")


def exchange(sandbox: SandboxClient, code: str, **changes: str) -> dict[str, object]:
    query = {"appid": APP_ID, "secret": SECRET, "code": code, "grant_type": "authorization_code"} | changes
    return requests.get(f"{sandbox.url}/sns/oauth2/access_token", params=query, timeout=10).json()


def test_a_phone_is_sent_back_to_its_own_host_with_a_code(
    sandbox: SandboxClient, stub: StubApplication, li: str
) -> None:
    back = urlsplit(authorize(sandbox, stub).headers["Location"])
    assert back.netloc == f"li.localhost:{sandbox.url.rsplit(':', 1)[1]}"
    query = parse_qs(back.query)
    assert (back.path, query["next"], query["state"]) == ("/wechat/oauth/return", ["1"], ["abc123"])
    answer = exchange(sandbox, query["code"][0])
    assert (answer["openid"], answer["scope"]) == (li, "snsapi_base")
    assert "is_snapshotuser" not in answer


def test_a_code_is_good_once_and_for_five_minutes(sandbox: SandboxClient) -> None:
    code = sandbox.act("li", "oauth-code")["code"]
    assert exchange(sandbox, code, secret="wrong")["errcode"] == 40125
    assert "openid" in exchange(sandbox, code)
    assert exchange(sandbox, code)["errcode"] == 40163
    assert exchange(sandbox, "made-up")["errcode"] == 40029
    assert exchange(sandbox, "")["errcode"] == 41008
    late = sandbox.act("li", "oauth-code")["code"]
    sandbox.call("POST", "clock", json={"skew": 301})
    assert exchange(sandbox, late)["errcode"] == 42003


def test_snapshot_page_gives_a_virtual_person(sandbox: SandboxClient, li: str) -> None:
    sandbox.phone("li", snapshot=True)
    answer = exchange(sandbox, sandbox.act("li", "oauth-code")["code"])
    assert answer["is_snapshotuser"] == 1
    assert answer["openid"] != li


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"appid": "wxother"}, "AppID"),
        ({"redirect_uri": "http://elsewhere.test/"}, "10003"),
        ({"state": "with space"}, "state"),
        ({"state": "x" * 129}, "state"),
        ({"scope": "everything"}, "Scope"),
    ],
)
def test_wrong_parameters_show_wechats_error_page(
    sandbox: SandboxClient, stub: StubApplication, changes: dict[str, str], words: str
) -> None:
    answer = authorize(sandbox, stub, **changes)
    assert answer.status_code == 400
    assert words in answer.text


def test_the_order_of_parameters_counts(sandbox: SandboxClient, stub: StubApplication) -> None:
    redirect = quote(stub.url + "/", safe="")
    query = f"redirect_uri={redirect}&appid={APP_ID}&response_type=code&scope=snsapi_base&state=1"
    assert sandbox.browse("li", f"/connect/oauth2/authorize?{query}").status_code == 400
    good = f"appid={APP_ID}&redirect_uri={redirect}&response_type=code&scope=snsapi_base&state=1&connect_redirect=1"
    assert sandbox.browse("li", f"/connect/oauth2/authorize?{good}").status_code == 302


def test_userinfo_wants_consent_and_its_scope(sandbox: SandboxClient, stub: StubApplication) -> None:
    assert "允许" in authorize(sandbox, stub, scope="snsapi_userinfo").text
    url = f"{sandbox.url}/sns/userinfo"
    base = exchange(sandbox, sandbox.act("li", "oauth-code")["code"])
    query = {"access_token": base["access_token"], "openid": base["openid"]}
    assert requests.get(url, params=query, timeout=10).json()["errcode"] == 48001
    full = exchange(sandbox, sandbox.act("li", "oauth-code", scope="snsapi_userinfo")["code"])
    query = {"access_token": full["access_token"], "openid": full["openid"]}
    assert requests.get(url, params=query, timeout=10).json()["nickname"] == "李阿姨"


def test_outside_a_phone_one_must_be_named(sandbox: SandboxClient, stub: StubApplication) -> None:
    values = BASE | {"redirect_uri": stub.url + "/"}
    url = f"{sandbox.url}/connect/oauth2/authorize"
    refused = requests.get(url, params=values, timeout=10)
    assert refused.status_code == 403
    assert f'<a href="http://li.localhost:{sandbox.url.rsplit(":", 1)[1]}/">李阿姨</a>' in refused.text
    named = requests.get(url, params=values, headers={"X-Sandbox-Phone": "li"}, allow_redirects=False, timeout=10)
    assert "code=" in named.headers["Location"]
