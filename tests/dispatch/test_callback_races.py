"""Copies and neighbours that arrive in the same instant."""

import time
from functools import partial

import pytest
from django.db import transaction

from accounts.models import User
from dispatch.models import InboundMessage
from reports.models import Attachment, Draft
from tests.factories import make_cast
from tests.wechat import makers

from .pushing import at_once, common, post, say

pytestmark = pytest.mark.django_db(transaction=True)


def test_three_copies_at_once_are_done_once() -> None:
    resident = make_cast().resident
    for round_number in range(20):
        body = makers.message(**common(resident), MsgId=str(9000 + round_number), Content=f"第{round_number}件事")
        responses = at_once(*[partial(post, body)] * 3)
        assert {response.status_code for response in responses} == {200}
        assert len({response.content for response in responses}) == 1
    assert InboundMessage.objects.count() == 20
    assert Draft.objects.get().description.splitlines() == [f"第{number}件事" for number in range(20)]


def test_three_photos_and_a_text_at_once_are_one_draft() -> None:
    resident = make_cast().resident
    photos = [partial(say, resident, MsgType="image", MediaId=f"photo{number}") for number in range(3)]
    replies = at_once(*photos, partial(say, resident, Content="楼道灯坏了"))
    draft = Draft.objects.get()
    assert all(str(draft.pk) in reply for reply in replies)
    assert draft.description == "楼道灯坏了"
    attachments = Attachment.objects.filter(draft=draft)
    assert {attachment.media_id for attachment in attachments} == {"photo0", "photo1", "photo2"}
    assert sorted(attachment.position for attachment in attachments) == [0, 1, 2]


def test_a_lock_that_is_held_does_not_keep_wechat_waiting() -> None:
    resident = make_cast().resident
    with transaction.atomic():
        User.objects.select_for_update().get(pk=resident.pk)
        started = time.monotonic()
        (response,) = at_once(partial(post, makers.message(**common(resident))))
        assert time.monotonic() - started < 5
    assert response.status_code == 503
    assert not InboundMessage.objects.exists()
