"""A channel whose quota is used up: hardly asked, and back as soon as somebody has cleared the quota."""

from django.utils import timezone

from dispatch.models import Delivery, Trouble
from dispatch.services import sweeping
from tests.factories import Cast
from tests.wechat.platform import error, ok

from .ledger import SEND_TEXT, WeChat, later, send_all


def pulse_after(seconds: float) -> None:
    with later(seconds):
        sweeping.pulse(timezone.now())


def states() -> set[str]:
    return set(Delivery.objects.values_list("status", flat=True))


def test_one_message_asks_again_within_half_a_minute(wechat: WeChat, cast: Cast) -> None:
    wechat.on(SEND_TEXT, error(45009))
    for _ in range(3):
        cast.report()
    send_all()
    asked = len(wechat.texts)
    pulse_after(20)
    assert len(wechat.texts) == asked
    pulse_after(30)
    assert len(wechat.texts) == asked + 1
    assert states() == {"pending"}


def test_when_it_is_taken_the_others_follow(wechat: WeChat, cast: Cast) -> None:
    wechat.on(SEND_TEXT, error(45009))
    for _ in range(3):
        cast.report()
    send_all()
    wechat.on(SEND_TEXT, ok())
    pulse_after(30)
    pulse_after(51)
    assert states() == {"sent"}
    assert not Trouble.objects.exists()


def test_the_longer_it_lasts_the_less_it_is_asked(wechat: WeChat, cast: Cast) -> None:
    wechat.on(SEND_TEXT, error(45009))
    cast.report()
    send_all()
    hours = timezone.timedelta(hours=2)
    Trouble.objects.update(since=timezone.now() - hours)
    asked = len(wechat.texts)
    pulse_after(9 * 60)
    assert len(wechat.texts) == asked
    pulse_after(10 * 60 + 1)
    assert len(wechat.texts) > asked
