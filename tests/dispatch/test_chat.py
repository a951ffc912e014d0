"""What the account answers, and the drafts that come of what residents send."""

import time
from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import User
from accounts.services.communities import ensure_community_roles
from dispatch.models import Contact
from reports.models import Attachment, Draft
from reports.services.drafts import end_draft
from tests.factories import Cast, bind, make_home, role_of
from tests.wechat import makers

from .pushing import contact_of, happen, only_draft, post, say

pytestmark = pytest.mark.django_db
BASE = "http://127.0.0.1:8000"


def test_a_text_becomes_a_draft_and_the_reply_leads_to_it(cast: Cast) -> None:
    reply = say(cast.resident, Content="楼道里的卫生清理没人做。已经三天了")
    draft = only_draft()
    assert f'<a href="{BASE}/h5/reports/new?draft={draft.pk}">' in reply
    assert (draft.owner, draft.community) == (cast.resident, cast.community)
    assert (draft.title, draft.description) == ("楼道里的卫生清理没人做", "楼道里的卫生清理没人做。已经三天了")
    assert draft.category is not None
    assert draft.category.slug == "hygiene"


@pytest.mark.parametrize("text", ["灯坏了", "卫生清理和漏水都要管"])
def test_a_category_is_guessed_only_where_one_alone_is_named(cast: Cast, text: str) -> None:
    say(cast.resident, Content=text)
    assert only_draft().category is None


def test_a_long_text_gives_a_short_title(cast: Cast) -> None:
    say(cast.resident, Content="很长" * 60)
    assert only_draft().title == "很长" * 14 + "很…"
    assert only_draft().description == "很长" * 60


def test_what_follows_within_ten_minutes_joins(cast: Cast) -> None:
    say(cast.resident, Content="楼道灯坏了")
    say(cast.resident, MsgType="image", MediaId="photo1", PicUrl="http://mmbiz.example/1", Content=None)
    say(cast.resident, MsgType="voice", MediaId="voice1", Format="amr", Recognition="请尽快来修", Content=None)
    say(cast.resident, MsgType="location", Location_X="31.2304", Location_Y="121.4737", Label="6幢楼下", Content=None)
    draft = only_draft()
    assert (draft.latitude, draft.longitude, draft.location_name) == (31.2304, 121.4737, "6幢楼下")
    media = [(a.kind, a.media_id, a.transcript, a.status) for a in draft.attachments.all()]
    assert media == [("image", "photo1", "", "pending"), ("voice", "voice1", "请尽快来修", "pending")]
    assert (draft.title, draft.description) == ("楼道灯坏了", "楼道灯坏了")


def test_the_reply_says_what_arrived(cast: Cast) -> None:
    photo = {"MsgType": "image", "PicUrl": "http://mmbiz.example/1", "Content": None}
    voice = {"MsgType": "voice", "Format": "amr", "MediaId": "voice1", "Content": None}
    place = {"MsgType": "location", "Location_X": "31.2304", "Location_Y": "121.4737", "Label": "北门", "Content": None}
    assert "收到文字，" in say(cast.resident, Content="楼道灯坏了")
    assert "收到第 1 张照片，" in say(cast.resident, MediaId="photo1", **photo)
    assert "收到第 2 张照片，" in say(cast.resident, MediaId="photo2", **photo)
    assert "收到第 1 段语音，" in say(cast.resident, **voice)
    assert "收到位置，" in say(cast.resident, **place)


def test_after_ten_minutes_a_new_draft_begins(cast: Cast) -> None:
    say(cast.resident, Content="第一件")
    Draft.objects.update(touched_at=timezone.now() - timedelta(minutes=10, seconds=1))
    say(cast.resident, Content="第二件")
    assert sorted(Draft.objects.values_list("description", flat=True)) == ["第一件", "第二件"]


def test_a_filed_draft_is_not_joined(cast: Cast) -> None:
    say(cast.resident, Content="第一件")
    end_draft(actor=cast.resident, draft=only_draft())
    say(cast.resident, Content="第二件")
    assert Draft.objects.count() == 2


def test_neighbours_do_not_share_a_draft(cast: Cast) -> None:
    say(cast.resident, Content="我家")
    say(cast.neighbour, Content="他家")
    assert {draft.owner for draft in Draft.objects.all()} == {cast.resident, cast.neighbour}


def test_a_full_draft_says_so(cast: Cast) -> None:
    for number in range(9):
        say(cast.resident, MsgType="image", MediaId=f"photo{number}")
    assert "已经放满" in say(cast.resident, MsgType="image", MediaId="photo10")
    assert Attachment.objects.count() == 9


def test_a_voice_alone_gives_the_title(cast: Cast) -> None:
    say(cast.resident, MsgType="voice", MediaId="v", Recognition="厨房漏水了，请来看看", Content=None)
    draft = only_draft()
    assert (draft.title, draft.description) == ("厨房漏水了，请来看看", "")
    assert draft.category is not None
    assert draft.category.slug == "repair"


@pytest.mark.parametrize(
    "fields",
    [
        {"Content": "   "},
        {"Content": "【收到不支持的消息类型，暂无法显示】"},
        {"MsgType": "location", "Location_X": "91", "Location_Y": "0"},
        {"MsgType": "image", "MediaId": ""},
        {"MsgType": "image", "MediaId": "a b"},
    ],
)
def test_what_cannot_be_reported_gets_a_sentence(cast: Cast, fields: dict[str, str]) -> None:
    assert f"{BASE}/h5/reports/new" in say(cast.resident, **fields)
    assert not Draft.objects.exists()


def test_somebody_not_bound_gets_the_link_to_bind(cast: Cast) -> None:
    for who in (cast.stranger, "oNeverSeenBefore"):
        assert f'<a href="{BASE}/h5/bind">' in say(who, Content="你好")
    assert User.objects.filter(openid="oNeverSeenBefore").count() == 1
    assert not Draft.objects.exists()


def test_who_lost_the_binding_gets_the_link_to_bind(cast: Cast) -> None:
    cast.resident.memberships.update(status="revoked")
    assert f'<a href="{BASE}/h5/bind">' in say(cast.resident)
    assert not Draft.objects.exists()


def test_staff_and_managers_are_led_to_their_pages(cast: Cast) -> None:
    assert f'<a href="{BASE}/h5/work">' in say(cast.cleaner)
    assert f'<a href="{BASE}/h5/manage">' in say(cast.manager)
    assert not Draft.objects.exists()


def test_the_community_is_the_one_last_reported_in(cast: Cast) -> None:
    ensure_community_roles(cast.other_community)
    second = make_home(cast.other_community, "1幢", "", "101")
    bind(cast.resident, role_of(cast.other_community, "resident"), second)
    say(cast.resident, Content="一")
    assert only_draft().community == cast.community
    Draft.objects.all().delete()
    cast.report()
    say(cast.resident, Content="二")
    assert only_draft().community == cast.community


def test_following_an_invitation_answers_with_its_link(cast: Cast) -> None:
    reply = happen(cast.stranger, "subscribe", EventKey="qrscene_i_ABCD2345", Ticket="t")
    assert f'<a href="{BASE}/h5/bind?invite=ABCD2345">' in reply


def test_scanning_the_communitys_code_answers_with_its_link(cast: Cast) -> None:
    for who in (cast.stranger, cast.resident):
        assert f'<a href="{BASE}/h5/bind?community=fuchen">' in happen(who, "SCAN", EventKey="c_fuchen", Ticket="t")


@pytest.mark.parametrize("scene", ["", "qrscene_123", "last_trade_no_1", "qrscene_i_&lt;script&gt;", "qrscene_x_y"])
def test_any_other_follow_is_welcomed(cast: Cast, scene: str) -> None:
    assert f'<a href="{BASE}/h5/bind">' in happen(cast.stranger, "subscribe", EventKey=scene)
    welcome = happen(cast.resident, "subscribe", EventKey=scene)
    assert f'<a href="{BASE}/h5/reports/new">' in welcome
    assert "/h5/work" not in welcome
    assert "script" not in welcome


def test_a_menu_tap_leads_to_its_page_or_to_everything(cast: Cast) -> None:
    assert happen(cast.resident, "CLICK", EventKey="board") == f'<a href="{BASE}/h5/board">失物招领</a>'
    assert f"{BASE}/h5/work" in happen(cast.cleaner, "CLICK", EventKey="unknown")


def test_english_is_spoken_to_who_chose_it(cast: Cast) -> None:
    User.objects.filter(pk=cast.cleaner.pk).update(language="en")
    assert "h5/work" in say(cast.cleaner)


def test_the_last_unsubscribe_stands_in_whatever_order_they_arrive(cast: Cast) -> None:
    now = int(time.time())
    happen(cast.resident, "unsubscribe", CreateTime=str(now - 10))
    happen(cast.resident, "subscribe", CreateTime=str(now - 60))
    assert contact_of(cast.resident).subscribed is False
    happen(cast.resident, "subscribe", CreateTime=str(now - 5))
    assert contact_of(cast.resident).subscribed is True


def test_a_message_after_unfollowing_means_a_follow_was_lost(cast: Cast) -> None:
    now = int(time.time())
    happen(cast.resident, "unsubscribe", CreateTime=str(now - 60))
    say(cast.resident, CreateTime=str(now - 90))
    assert contact_of(cast.resident).subscribed is False
    say(cast.resident, CreateTime=str(now - 30))
    assert contact_of(cast.resident).subscribed is True


def test_messages_and_actions_open_their_windows(cast: Cast) -> None:
    now = int(time.time())
    say(cast.resident, CreateTime=str(now - 30))
    say(cast.resident, CreateTime=str(now - 90))
    happen(cast.resident, "VIEW", EventKey="http://x", CreateTime=str(now - 1))
    contact = contact_of(cast.resident)
    assert contact.last_message_at is not None
    assert (contact.last_message_at.timestamp(), contact.last_action_at) == (now - 30, None)
    happen(cast.resident, "CLICK", EventKey="k", CreateTime=str(now - 2))
    tapped = contact_of(cast.resident).last_action_at
    assert tapped is not None
    assert tapped.timestamp() == now - 2


def test_a_time_in_the_far_future_counts_as_now(cast: Cast) -> None:
    happen(cast.resident, "unsubscribe", CreateTime="9999999999")
    happen(cast.resident, "subscribe", CreateTime=str(int(time.time()) + 2))
    assert contact_of(cast.resident).subscribed is True


def test_a_finish_event_makes_no_person(cast: Cast) -> None:
    before = User.objects.count()
    assert post(makers.event("MASSSENDJOBFINISH", FromUserName="mphelper", MsgID="5", Status="send success")).content
    assert (User.objects.count(), Contact.objects.count()) == (before, 0)
