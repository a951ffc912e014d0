"""One official account per test, whose WeChat is a server of the test's own."""

import uuid
from collections.abc import Iterator

import pytest
from pytest_django.fixtures import Settings

from community_report.wechat.client import Client, get_client
from tests.wechat import makers
from tests.wechat.platform import Platform, serve

SECRET = "5ec2e7" * 5 + "00"


@pytest.fixture
def platform() -> Iterator[Platform]:
    with serve(Platform()) as platform:
        yield platform


@pytest.fixture
def account(settings: Settings, platform: Platform) -> Settings:
    """Settings of an account whose WeChat is `platform`."""
    settings.WECHAT_APP_ID = f"wx{uuid.uuid4().hex[:16]}"
    settings.WECHAT_APP_SECRET = SECRET
    settings.WECHAT_API_BASE_URL = platform.url
    settings.WECHAT_OAUTH_BASE_URL = "https://open.weixin.qq.com"
    settings.WECHAT_TIMEOUT_SECONDS = 1
    return settings


@pytest.fixture
def client(account: Settings) -> Client:
    return get_client()


@pytest.fixture
def redis_away(settings: Settings) -> None:
    # Port 1 is reserved; nothing listens there.
    settings.REDIS_URL = "redis://127.0.0.1:1"


@pytest.fixture
def clear_mode(settings: Settings) -> Settings:
    settings.WECHAT_APP_ID, settings.WECHAT_TOKEN = makers.APP_ID, makers.TOKEN
    settings.WECHAT_ENCODING_AES_KEY = ""
    return settings


@pytest.fixture
def safe_mode(clear_mode: Settings) -> Settings:
    clear_mode.WECHAT_ENCODING_AES_KEY = makers.AES_KEY
    return clear_mode
