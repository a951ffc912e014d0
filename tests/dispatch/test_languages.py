"""In which language somebody is answered who has never opened a page."""

from typing import Any

import pytest

from accounts.models import User
from dispatch import receivers
from dispatch.services.languages import learn_language
from tests.dispatch.ledger import WeChat
from tests.dispatch.pushing import happen, say
from tests.factories import Cast
from tests.wechat.platform import error, plain_json

pytestmark = pytest.mark.django_db
INFO = "/cgi-bin/user/info"


@pytest.fixture
def follow(wechat: WeChat, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Somebody new follows, and what is queued then is done, as a worker does it."""
    queued: list[tuple[Any, ...]] = []
    monkeypatch.setattr(receivers, "enqueue", lambda task, *args: queued.append((task, *args)))

    def follow_as(language: str) -> User:
        wechat.on(INFO, plain_json(subscribe=1, openid="o-new", language=language))
        happen("o-new", "subscribe")
        for task, *args in queued:
            task(*args)
        return User.objects.get(openid="o-new")

    return follow_as


@pytest.mark.parametrize(
    ("said", "language"), [("en", "en"), ("zh_CN", "zh-hans"), ("zh_TW", "zh-hans"), ("", "zh-hans")]
)
def test_who_follows_is_answered_as_their_wechat_speaks(
    wechat: WeChat, cast: Cast, follow: Any, said: str, language: str
) -> None:
    assert follow(said).language == language
    assert say("o-new", Content="hello").isascii() == (language == "en")
    assert len(wechat.to(INFO)) == 1  # once


def test_what_a_person_chose_stands(wechat: WeChat, cast: Cast) -> None:
    wechat.on(INFO, plain_json(subscribe=1, openid=cast.resident.openid, language="en"))
    cast.resident.last_login = cast.resident.created_at
    cast.resident.save()
    learn_language(cast.resident.pk)
    cast.resident.refresh_from_db()
    assert cast.resident.language == "zh-hans"


def test_a_wechat_that_is_away_leaves_it_at_chinese(wechat: WeChat, cast: Cast) -> None:
    wechat.on(INFO, error(-1))
    learn_language(cast.resident.pk)
    cast.resident.refresh_from_db()
    assert cast.resident.language == "zh-hans"
