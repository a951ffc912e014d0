"""One person's message that WeChat holds keeps nobody else's from being sent and written down."""

import threading
from typing import Any

import pytest

from dispatch.models import Delivery
from dispatch.services import delivery
from tests.factories import Cast
from tests.wechat.platform import Answer, Call, ok

from .ledger import SEND_TEXT, WeChat, route_all, send_all


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


def test_who_never_got_a_thread_is_due_as_before(wechat: WeChat, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    """One message at a time, and WeChat holds the first beyond the time in which others are begun."""
    asked = threading.Event()

    def hold(_call: Call) -> Answer:
        asked.set()
        wechat.released.wait(5)
        return ok()

    monkeypatch.setattr(delivery, "AT_ONCE", 1)
    monkeypatch.setattr(delivery, "BEGIN_WITHIN", 0.1)
    monkeypatch.setattr(delivery, "END_WITHIN", 0.3)
    wechat.on(SEND_TEXT, hold)
    cast.report()
    send_all()
    wechat.released.set()
    assert asked.is_set()
    assert sorted(Delivery.objects.values_list("attempts", "code", "leased_until")) == [
        (0, "", None),
        (1, "unreachable", None),
    ]


def test_when_time_runs_out_the_lane_goes_on_at_once(
    wechat: WeChat, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    cast.report()
    route_all()
    monkeypatch.setattr(delivery, "LEASE_WITHIN", 0.0)
    assert delivery.deliver_due()
    monkeypatch.setattr(delivery, "LEASE_WITHIN", 5.5)
    assert not delivery.deliver_due()
    assert len(wechat.texts) == 2
