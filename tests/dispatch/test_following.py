"""Who follows the account, as WeChat's answers and what people do say it."""

import pytest

from dispatch.models import Contact
from reports.models import Report
from tests.dispatch.ledger import SEND_TEXT, WeChat, later, send_all
from tests.dispatch.pushing import say
from tests.factories import Cast
from tests.wechat.platform import error

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("known", [False, True])
def test_who_writes_after_that_follows_again(wechat: WeChat, cast: Cast, report: Report, known: bool) -> None:
    if known:
        Contact.objects.create(user=cast.cleaner)
    wechat.on(SEND_TEXT, error(43004))
    send_all()
    marked = Contact.objects.get(user=cast.cleaner)
    assert not marked.subscribed
    assert marked.subscription_changed_at is not None
    with later(2):
        say(cast.cleaner, Content="在吗")
    assert Contact.objects.get(user=cast.cleaner).subscribed


def test_who_was_marked_without_a_time_follows_again_by_writing(cast: Cast) -> None:
    Contact.objects.create(user=cast.cleaner, subscribed=False)
    say(cast.cleaner, Content="在吗")
    assert Contact.objects.get(user=cast.cleaner).subscribed
