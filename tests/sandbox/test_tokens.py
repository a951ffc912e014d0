import requests

from sandbox.client import SandboxClient
from tests.sandbox.conftest import APP_ID, SECRET, Platform


def test_normal_mode_keeps_its_token_until_the_last_five_minutes(platform: Platform, sandbox: SandboxClient) -> None:
    first = platform.stable_token()
    assert first["expires_in"] in (7199, 7200)
    assert platform.stable_token()["access_token"] == first["access_token"]
    sandbox.call("POST", "clock", json={"skew": 7200 - 299})
    second = platform.stable_token()["access_token"]
    assert second != first["access_token"]
    for token in (first["access_token"], second):
        platform.token = token
        assert "ip_list" in platform.get("/cgi-bin/getcallbackip")


def test_forced_refresh_ends_the_old_token_and_rests_thirty_seconds(platform: Platform, sandbox: SandboxClient) -> None:
    platform.token = platform.stable_token()["access_token"]
    forced = platform.stable_token(force_refresh=True)["access_token"]
    assert platform.get("/cgi-bin/getcallbackip")["errcode"] == 40001
    assert platform.stable_token(force_refresh=True)["access_token"] == forced
    sandbox.call("POST", "clock", json={"skew": 31})
    assert platform.stable_token(force_refresh=True)["access_token"] != forced


def test_classic_token_is_new_each_time_and_overlaps_five_minutes(
    platform: Platform, url: str, sandbox: SandboxClient
) -> None:
    query = {"grant_type": "client_credential", "appid": APP_ID, "secret": SECRET}
    first, second = (requests.get(f"{url}/cgi-bin/token", params=query, timeout=10).json() for _ in range(2))
    assert first["access_token"] != second["access_token"]
    platform.token = first["access_token"]
    assert "ip_list" in platform.get("/cgi-bin/getcallbackip")
    sandbox.call("POST", "clock", json={"skew": 301})
    assert platform.get("/cgi-bin/getcallbackip")["errcode"] == 42001


def test_wrong_credentials_have_their_codes(platform: Platform, url: str) -> None:
    assert platform.stable_token(grant_type="other")["errcode"] == 40002
    assert platform.stable_token(appid="wxother")["errcode"] == 40013
    assert platform.stable_token(secret="wrong")["errcode"] == 40125
    assert platform.stable_token(force_refresh=None)["errcode"] == 41002
    assert requests.get(f"{url}/cgi-bin/stable_token", timeout=10).json()["errcode"] == 43002
    assert requests.post(f"{url}/cgi-bin/stable_token", data="{", timeout=10).json()["errcode"] == 47001


def test_token_errors_come_first_and_carry_a_request_id(platform: Platform, sandbox: SandboxClient) -> None:
    missing = platform.response("POST", "/cgi-bin/message/custom/send", params={"access_token": ""}).json()
    assert missing["errcode"] == 41001
    assert " rid: " in missing["errmsg"]
    platform.token = "never-issued"
    assert platform.custom("nobody")["errcode"] == 40001
    platform.token = platform.stable_token()["access_token"]
    sandbox.tokens("expire")
    assert platform.custom("nobody")["errcode"] == 42001
    platform.token = platform.stable_token()["access_token"]
    sandbox.tokens("revoke")
    assert platform.custom("nobody")["errcode"] == 40001


def test_unknown_path_is_an_invalid_url(platform: Platform) -> None:
    answer = platform.response("GET", "/cgi-bin/no/such/thing")
    assert (answer.status_code, answer.json()["errcode"]) == (404, 40066)


def test_secrets_are_not_in_the_journal(platform: Platform, sandbox: SandboxClient) -> None:
    token = platform.stable_token()["access_token"]
    platform.get("/cgi-bin/getcallbackip")
    text = str(sandbox.journal())
    assert "/cgi-bin/stable_token" in text
    assert SECRET not in text
    assert token not in text
