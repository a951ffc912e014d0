from collections.abc import Iterator
from typing import Any

import pytest
import requests

from sandbox.client import SandboxClient
from sandbox.config import Config
from sandbox.server import ThreadedServer
from tests.sandbox.stub import StubApplication

APP_ID, SECRET = "wxb11529c136998cb6", "s3cret-of-the-account"
TOKEN = "pamtest"
AES_KEY = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"


class Platform:
    """The account's server's view: calls with an access token that is fetched once."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.token = ""

    def stable_token(self, **changes: Any) -> dict[str, Any]:
        given = {"grant_type": "client_credential", "appid": APP_ID, "secret": SECRET, "force_refresh": False}
        return requests.post(f"{self.url}/cgi-bin/stable_token", json=given | changes, timeout=10).json()

    def response(self, method: str, path: str, **more: Any) -> requests.Response:
        self.token = self.token or self.stable_token()["access_token"]
        query = {"access_token": self.token} | more.pop("params", {})
        return requests.request(method, self.url + path, params=query, timeout=10, **more)

    def get(self, path: str, **params: Any) -> dict[str, Any]:
        return self.response("GET", path, params=params).json()

    def post(self, path: str, body: Any) -> dict[str, Any]:
        return self.response("POST", path, json=body).json()

    def custom(self, openid: str, content: str = "您好") -> dict[str, Any]:
        body = {"touser": openid, "msgtype": "text", "text": {"content": content}}
        return self.post("/cgi-bin/message/custom/send", body)


@pytest.fixture(autouse=True)
def fresh_redis() -> None:
    """These tests know no application: what the others set up for each test is left out."""


@pytest.fixture(autouse=True)
def own_media() -> None:
    """As above."""


@pytest.fixture
def stub() -> Iterator[StubApplication]:
    application = StubApplication()
    yield application
    application.close()


@pytest.fixture
def config(stub: StubApplication) -> Config:
    return Config(port=0, app_url=stub.url, app_id=APP_ID, app_secret=SECRET, token=TOKEN, finish_delay=0.0)


@pytest.fixture
def url(config: Config) -> Iterator[str]:
    with ThreadedServer(config) as server:
        yield server.url


@pytest.fixture
def sandbox(url: str) -> SandboxClient:
    return SandboxClient(url)


@pytest.fixture
def platform(url: str) -> Platform:
    return Platform(url)


@pytest.fixture
def li(sandbox: SandboxClient) -> str:
    """The open id of a resident who follows the account."""
    return str(sandbox.phone("li")["openid"])
