"""One person's message that WeChat holds keeps nobody else's from being sent and written down."""

import threading
from typing import Any

import pytest

from dispatch.models import Delivery
from dispatch.services import delivery
from tests.factories import Cast
from tests.wechat.platform import Answer, Call, ok

from .ledger import SEND_TEXT, WeChat, send_all


def test_who_was_answered_is_written_down_while_another_is_waited_for(
    wechat: WeChat, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    written, in_time = threading.Event(), []
    original = delivery.record

    def record(results: Any) -> None:
        original(results)
        written.set()

    def answer(call: Call) -> Answer:
        if call.json["touser"] == cast.cleaner.openid:
            in_time.append(written.wait(3))
        return ok()

    monkeypatch.setattr(delivery, "record", record)
    wechat.on(SEND_TEXT, answer)
    cast.report()
    send_all()
    assert in_time == [True]
    assert set(Delivery.objects.values_list("status", flat=True)) == {"sent"}
