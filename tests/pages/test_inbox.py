"""/h5/inbox: every message, whatever WeChat did with it; opening one marks it read."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import User
from dispatch.models import Delivery, Outbox
from notices.models import Notice
from tests.factories import Cast

from .opening import browser_of, open_page


def message(cast: Cast, user: User, text: str, **fields: object) -> Delivery:
    outbox = Outbox.objects.create(key=f"test:{text}", kind="claimed", community=cast.community)
    values = {"kind": "claimed", "path": "/h5/reports", "due_at": timezone.now(), **fields}
    return Delivery.objects.create(outbox=outbox, user=user, community=cast.community, text=text, **values)


@pytest.mark.parametrize("status", ["pending", "sent", "delivered", "skipped", "dead"])
def test_a_message_is_there_whatever_became_of_it(cast: Cast, status: str) -> None:
    message(cast, cast.resident, "张师傅已接单", status=status)
    page = open_page(cast.resident, "inbox")
    assert "张师傅已接单" in page.words
    assert "已接单 未读" in page.words


def test_another_persons_messages_are_not(cast: Cast) -> None:
    theirs = message(cast, cast.neighbour, "别人的消息")
    assert "别人的消息" not in open_page(cast.resident, "inbox").words
    assert open_page(cast.resident, f"inbox/{theirs.pk}").status == 404
    theirs.refresh_from_db()
    assert theirs.read_at is None


def test_opening_marks_it_read_and_leads_to_its_page(cast: Cast) -> None:
    own = message(cast, cast.resident, "张师傅已接单", path="/h5/reports?show=open")
    opened = open_page(cast.resident, f"inbox/{own.pk}")
    assert (opened.status, opened.location) == (302, "/h5/reports?show=open")
    own.refresh_from_db()
    first = own.read_at
    assert first is not None
    open_page(cast.resident, f"inbox/{own.pk}")
    own.refresh_from_db()
    assert own.read_at == first
    assert "未读" not in open_page(cast.resident, "inbox").words


def test_reading_the_report_itself_is_reading_what_leads_to_it(cast: Cast) -> None:
    report, other = cast.report(), cast.report()
    own = message(cast, cast.resident, "张师傅已接单", report=report)
    rest = [
        message(cast, cast.resident, "另一条", report=other),
        message(cast, cast.neighbour, "别人的", report=report),
    ]
    browser_of(cast.resident).head(f"/h5/reports/{report.pk}")  # an open page looks for news: nobody reads that
    assert not Delivery.objects.exclude(read_at=None).exists()
    open_page(cast.resident, f"reports/{report.pk}")
    assert list(Delivery.objects.exclude(read_at=None)) == [own]
    assert Delivery.objects.filter(read_at=None).count() == len(rest)


def test_reading_the_notice_itself_is_reading_what_leads_to_it(cast: Cast) -> None:
    notice = Notice.objects.create(
        community=cast.community, author=cast.manager, title="停水", body="-", published_at=timezone.now()
    )
    own = message(cast, cast.resident, "小区公告：停水", kind="notice", notice=notice)
    open_page(cast.resident, f"notices/{notice.pk}")
    own.refresh_from_db()
    assert own.read_at is not None


@pytest.mark.parametrize(("written", "read"), [("zh-hans", "en"), ("en", "zh-hans")])
def test_what_was_told_in_one_language_is_read_in_the_other(cast: Cast, written: str, read: str) -> None:
    said = {"zh-hans": "报单「碎玻璃」已有人接单处理", "en": "Somebody is working on “碎玻璃”"}
    report = cast.report(title="碎玻璃")
    box = Outbox.objects.create(key="x", kind="claimed", report=report, data={"occasion": "claim"})
    words = {"kind": "claimed", "text": said[written], "due_at": timezone.now()}
    Delivery.objects.create(outbox=box, user=cast.resident, report=report, **words)
    User.objects.filter(pk=cast.resident.pk).update(language=read)
    assert said[read] in open_page(cast.resident, "inbox").words
    Delivery.objects.update(text="当时的标题不是这样")
    assert "当时的标题不是这样" in open_page(cast.resident, "inbox").words


def test_a_path_that_leads_elsewhere_leads_home(cast: Cast) -> None:
    own = message(cast, cast.resident, "坏的", path="//evil.example/x")
    assert open_page(cast.resident, f"inbox/{own.pk}").location == "/h5/"


def test_unread_alone_can_be_shown(cast: Cast) -> None:
    message(cast, cast.resident, "看过的", read_at=timezone.now() - timedelta(hours=1))
    message(cast, cast.resident, "没看的")
    words = open_page(cast.resident, "inbox?show=unread").words
    assert "没看的" in words
    assert "看过的" not in words
    assert "全部已读" in words


def test_an_empty_inbox_says_so(cast: Cast) -> None:
    assert "还没有消息" in open_page(cast.stranger, "inbox").words
    assert "都看过了" in open_page(cast.stranger, "inbox?show=unread").words
