"""A WeChat that takes every message, unless the test says otherwise."""

import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from accounts.models import Membership
from reports.models import Report
from tests.dispatch.ledger import SEND_TEMPLATE, SEND_TEXT, WeChat
from tests.factories import Cast
from tests.wechat.platform import ok, serve


@pytest.fixture
def wechat(settings: Any) -> Iterator[WeChat]:
    platform = WeChat()
    platform.on(SEND_TEXT, ok())
    platform.on(SEND_TEMPLATE, lambda call: ok(msgid=platform.next_msgid()))
    with serve(platform):
        settings.WECHAT_APP_ID = f"wx{uuid.uuid4().hex[:16]}"
        settings.WECHAT_API_BASE_URL = platform.url
        settings.WECHAT_TIMEOUT_SECONDS = 1
        yield platform


@pytest.fixture
def report(cast: Cast) -> Report:
    """A new report that only one cleaner is to be told of."""
    Membership.objects.filter(user=cast.cleaner2).delete()
    return cast.report()
