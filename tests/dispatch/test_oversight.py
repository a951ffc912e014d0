"""What managers see of messages: who was told of a report, who cannot be reached, and sending again."""

import pytest
from django.test import Client

from accounts.models import User
from dispatch.models import Contact, Delivery
from tests.dispatch.ledger import WeChat, only, route_all, send_all
from tests.factories import Cast
from tests.pages.opening import open_page

pytestmark = pytest.mark.django_db


def back_office(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="accounts.auth.ManagerBackend")
    return client


def test_a_manager_sees_on_the_report_who_was_told_and_what_became_of_it(cast: Cast, wechat: WeChat) -> None:
    Contact.objects.create(user=cast.cleaner2, subscribed=False)
    report = cast.report()
    send_all()
    words = open_page(cast.manager, f"reports/{report.pk}").words
    told = words.partition("通知了谁")[2]
    assert "张师傅 新报单 未读 已发送 · 客服消息" in told
    assert "赵师傅 新报单 未读 未推送 · 没有关注公众号" in told
    open_page(cast.cleaner, f"inbox/{only(cast.cleaner).pk}")
    assert "张师傅 新报单 已读" in open_page(cast.manager, f"reports/{report.pk}").words


def test_nobody_else_sees_it(cast: Cast) -> None:
    report = cast.report()
    route_all()
    for person in (cast.resident, cast.cleaner):
        assert "通知了谁" not in open_page(person, f"reports/{report.pk}").words


def test_the_back_office_shows_it_on_the_report(cast: Cast) -> None:
    Contact.objects.create(user=cast.cleaner, subscribed=False)
    report = cast.report()
    route_all()
    page = back_office(cast.manager).get(f"/admin/reports/report/{report.pk}/change/").content.decode()
    assert "没有关注公众号" in page
    assert "deliveries-TOTAL_FORMS" in page
    assert back_office(cast.other_manager).get(f"/admin/reports/report/{report.pk}/change/").status_code == 302


def test_people_without_a_way_are_listed_once_with_the_reason(cast: Cast) -> None:
    Contact.objects.create(user=cast.cleaner, subscribed=False)
    User.objects.filter(pk=cast.cleaner2.pk).update(openid=None)
    for title in ("一号", "二号"):
        cast.report(title=title)
    route_all()
    page = open_page(cast.manager, "manage/unreached")
    assert (page.words.count("张师傅"), page.words.count("赵师傅")) == (1, 1)
    assert "没有关注公众号 · 另有 1 条" in page.words
    assert "没有用微信登录过 · 另有 1 条" in page.words
    assert "tel:13800000001" in page.links()


def test_who_is_off_duty_or_does_not_want_it_can_be_reached(cast: Cast) -> None:
    cast.cleaner.memberships.update(on_duty=False)
    User.objects.filter(pk=cast.cleaner2.pk).update(muted_kinds=["new_report"])
    cast.report()
    route_all()
    assert "消息都送到了" in open_page(cast.manager, "manage/unreached").words


def test_what_died_is_sent_again_from_the_back_office(cast: Cast, wechat: WeChat) -> None:
    cast.report()
    send_all()
    assert len(wechat.texts) == 2
    dead = only(cast.cleaner)
    Delivery.objects.filter(pk=dead.pk).update(status=Delivery.Status.DEAD, code="45015")
    everything = [str(pk) for pk in Delivery.objects.values_list("pk", flat=True)]
    chosen = {"action": "send_again", "_selected_action": everything}
    back_office(cast.other_manager).post("/admin/dispatch/delivery/", chosen)
    assert only(cast.cleaner).status == Delivery.Status.DEAD
    chosen["apply"] = "1"
    answer = back_office(cast.manager).post("/admin/dispatch/delivery/?status__exact=dead", chosen, follow=True)
    assert "将重新发送 1 条" in answer.content.decode()
    send_all()
    assert [openid for openid, _ in wechat.texts].count(cast.cleaner.openid) == 2
    assert [openid for openid, _ in wechat.texts].count(cast.cleaner2.openid) == 1
    assert only(cast.cleaner).status == Delivery.Status.SENT
