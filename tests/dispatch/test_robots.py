"""Group chats: what they are told, and that nothing of it is lost."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from unittest.mock import patch

import pytest
from celery import Task
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Membership, Record, User
from dispatch import tasks
from dispatch.kinds import Kind
from dispatch.models import GroupRobot, Outbox, RobotPost, Trouble
from dispatch.services import robots, routing
from notices.services import publish_notice, remind_unread
from reports.models import Report
from tests.dispatch.groups import WEBHOOK, Group, make_robot
from tests.dispatch.ledger import WeChat, later, route_all
from tests.factories import Cast
from tests.wechat.platform import Answer, error, serve

pytestmark = pytest.mark.django_db


@pytest.fixture
def group(settings: Any) -> Iterator[Group]:
    with serve(Group()) as group:
        settings.OUTWARD_ORIGINS = [group.url]
        settings.WECHAT_TIMEOUT_SECONDS = 1
        settings.PUBLIC_BASE_URL = "https://xq.example.com"
        yield group


@pytest.fixture
def robot(group: Group, cast: Cast) -> GroupRobot:
    return make_robot(group, cast.community)


def post_all(seconds: float = 0) -> None:
    route_all()
    with later(seconds):
        robots.work(timezone.now())


def only() -> RobotPost:
    return RobotPost.objects.get()


def test_a_group_of_staff_is_told_of_their_reports(group: Group, robot: GroupRobot, cast: Cast) -> None:
    report = cast.report()
    cast.report(category="repair", title="水管漏水")
    post_all()
    page = f"https://xq.example.com/h5/reports/{report.pk}"
    assert group.posts == [f"府琛花园\n新报单【卫生清理】「垃圾未及时清理」，请及时处理\n{page}"]
    assert (only().status, only().code, only().attempts) == ("sent", "", 1)


def test_where_nobody_of_the_role_is_left_the_managers_group_is_told(
    group: Group, robot: GroupRobot, cast: Cast
) -> None:
    make_robot(group, cast.community, "manager", address=f"{group.url}{WEBHOOK}?key=managers")
    Membership.objects.filter(role__slug="cleaner").delete()
    cast.report()
    post_all()
    assert [call.query["key"] for call in group.to(WEBHOOK)] == ["managers"]


@pytest.mark.parametrize("fields", [{"active": False}, {"kinds": [Kind.OVERDUE]}])
def test_what_a_robot_does_not_serve(group: Group, cast: Cast, fields: dict[str, Any]) -> None:
    make_robot(group, cast.community, **fields)
    cast.report()
    post_all()
    assert group.posts == []
    assert not RobotPost.objects.exists()


def test_another_communitys_robot_hears_nothing(group: Group, cast: Cast) -> None:
    make_robot(group, cast.other_community, "manager")
    make_robot(group, cast.community)
    cast.report()
    post_all()
    assert RobotPost.objects.get().robot.community == cast.community


def test_a_binding_is_told_without_a_name(group: Group, cast: Cast) -> None:
    make_robot(group, cast.community, "manager")
    membership = Membership.objects.get(user=cast.resident)
    data = {"occasion": "binding_requested"}
    Outbox.objects.create(
        key="b", kind=Kind.BINDING_PENDING, community=cast.community, membership=membership, data=data
    )
    post_all()
    assert "有新的身份绑定申请，请审核\nhttps://xq.example.com/h5/manage/people" in group.posts[0]
    assert "李阿姨" not in group.posts[0]


def test_a_reminder_of_a_notice_is_for_each_and_not_for_the_group(group: Group, cast: Cast) -> None:
    make_robot(group, cast.community, kinds=[Kind.NOTICE])
    notice = publish_notice(actor=cast.manager, community=cast.community, title="停水", body="明早")
    post_all()
    with later(90_000):
        remind_unread(actor=cast.manager, notice_id=notice.pk)
        post_all()
    assert len(group.posts) == 1


def test_it_is_written_down_with_the_deliveries_or_not_at_all(robot: GroupRobot, cast: Cast) -> None:
    cast.report()
    with (
        patch("dispatch.services.group_posts.RobotPost.objects.bulk_create", side_effect=ZeroDivisionError),
        pytest.raises(ZeroDivisionError),
    ):
        route_all()
    assert not Outbox.objects.get().deliveries.exists()
    route_all()
    routing.route(Outbox.objects.get().pk)
    assert Outbox.objects.get().robot_posts.count() == 1


def test_what_is_due_together_is_one_post(group: Group, robot: GroupRobot, cast: Cast) -> None:
    for letter in "甲乙丙丁戊己庚辛":
        cast.report(title=f"楼道{letter}" + "很长" * 35)
    post_all()
    for _ in range(3):
        post_all()
    assert all(len(post.encode()) <= 2048 for post in group.posts)
    told = "\n".join(group.posts)
    assert [told.count(f"楼道{letter}") for letter in "甲乙丙丁戊己庚辛"] == [1] * 8
    assert len(group.posts) == 2
    assert set(RobotPost.objects.values_list("status", flat=True)) == {"sent"}


def test_twenty_posts_a_minute_and_the_rest_after_it(group: Group, robot: GroupRobot, cast: Cast) -> None:
    for _ in range(22):
        cast.report()
        post_all()
    assert len(group.posts) == 20
    post_all(61)
    assert len(group.posts) == 21
    assert "\n".join(group.posts).count("新报单") == 22


@pytest.mark.parametrize("answer", [Answer(b"", 503), Answer(b"<html>", 200), error(-1)])
def test_what_may_pass_is_tried_again_soon(group: Group, robot: GroupRobot, cast: Cast, answer: Answer) -> None:
    group.on(WEBHOOK, answer)
    cast.report()
    post_all()
    row = only()
    assert (row.status, row.attempts) == ("pending", 1)
    assert row.due_at - timezone.now() < timedelta(seconds=2)
    group.on(WEBHOOK, error(0))
    post_all(2)
    assert (only().status, only().attempts, only().code) == ("sent", 2, "")
    assert not Trouble.objects.exists()  # WeChat is not silent because a group's vendor is


def test_after_a_day_it_is_given_up(group: Group, robot: GroupRobot, cast: Cast) -> None:
    group.on(WEBHOOK, Answer(b"", 503))
    cast.report()
    post_all()
    post_all(86_000)
    assert only().status == "pending"
    post_all(87_000)
    assert (only().status, only().code) == ("dead", "503")


def test_a_vendor_whose_answers_are_lost_is_posted_to_three_times(group: Group, robot: GroupRobot, cast: Cast) -> None:
    group.on(WEBHOOK, Answer(b"", 502))
    cast.report()
    for seconds in (0, 2, 30, 61, 100, 300, 380, 3600, 86_000):
        post_all(seconds)
    assert len(group.posts) == 3
    assert (only().status, only().code) == ("dead", "answer_lost")


def test_too_often_waits_as_long_as_the_vendor_says(group: Group, robot: GroupRobot, cast: Cast) -> None:
    group.on(WEBHOOK, error(45009))
    cast.report()
    post_all()
    post_all(55)
    assert len(group.posts) == 1
    post_all(62)
    assert len(group.posts) == 2
    assert only().status == "pending"


def test_a_text_that_the_vendor_refuses_takes_no_other_with_it(group: Group, robot: GroupRobot, cast: Cast) -> None:
    def picky(call: Any) -> Answer:
        return error(40058) if "坏词" in call.json["text"]["content"] else error(0)

    group.on(WEBHOOK, picky)
    for title in ("一号", "坏词", "三号"):
        cast.report(title=title)
    for _ in range(4):
        post_all()
    assert {row.text.partition("「")[2][:2]: row.status for row in RobotPost.objects.all()} == {
        "一号": "sent",
        "坏词": "dead",
        "三号": "sent",
    }


def test_killed_between_post_and_record_it_is_posted_again(group: Group, robot: GroupRobot, cast: Cast) -> None:
    cast.report()
    route_all()
    with patch("dispatch.services.robots.record"):
        robots.work(timezone.now())
    post_all()
    assert len(group.posts) == 1
    post_all(31)
    assert len(group.posts) == 2
    assert only().status == "sent"


def test_a_robot_that_is_refused_stops_until_one_post_works(group: Group, robot: GroupRobot, cast: Cast) -> None:
    group.on(WEBHOOK, error(93000, "invalid webhook url"))
    cast.report()
    post_all()
    assert Trouble.objects.get().key == f"93000:robot:{robot.pk}"
    cast.report()
    post_all(5)
    assert len(group.posts) == 1
    group.on(WEBHOOK, error(0))
    post_all(11)
    assert len(group.posts) == 2
    assert not Trouble.objects.exists()
    assert set(RobotPost.objects.values_list("status", flat=True)) == {"sent"}


def test_the_pulse_finds_what_no_task_posted(
    group: Group, wechat: WeChat, robot: GroupRobot, report: Report, monkeypatch: pytest.MonkeyPatch
) -> None:
    route_all()
    asked: list[Task] = []
    monkeypatch.setattr(tasks, "enqueue_now", lambda task, *args: asked.append(task))
    with later(1):
        tasks.pulse()
        assert asked == [tasks.send_robot_posts]
        tasks.send_robot_posts()
    assert len(group.posts) == 1
    assert not robots.waiting(timezone.now())


def back_office(user: User) -> Client:
    User.objects.filter(pk=user.pk).update(username=user.phone)  # as admin_login leaves it
    client = Client()
    client.force_login(user, backend="accounts.auth.ManagerBackend")
    return client


def form(cast: Cast, **changes: Any) -> dict[str, Any]:
    role = Membership.objects.get(user=cast.cleaner).role
    values = {
        "community": cast.community.pk,
        "name": "保洁群",
        "vendor": "wecom",
        "address": "https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=KEY-77",
        "secret": "SEC-77",
        "roles": [role.pk],
        "kinds": ["new_report"],
        "active": "on",
    }
    return values | changes


def test_a_manager_sets_up_a_robot_whose_secrets_are_never_shown(cast: Cast) -> None:
    client = back_office(cast.manager)
    assert client.post("/admin/dispatch/grouprobot/add/", form(cast)).status_code == 302
    robot = GroupRobot.objects.get()
    assert (robot.secret, robot.kinds, robot.active) == ("SEC-77", ["new_report"], True)
    page = f"/admin/dispatch/grouprobot/{robot.pk}/change/"
    for shown in (page, "/admin/dispatch/grouprobot/", f"/admin/dispatch/grouprobot/{robot.pk}/history/"):
        words = client.get(shown).content.decode()
        assert "KEY-77" not in words
        assert "SEC-77" not in words
    client.post(page, form(cast, address="", secret="", name="新名字"))
    robot.refresh_from_db()
    assert (robot.name, robot.secret, robot.address.endswith("KEY-77")) == ("新名字", "SEC-77", True)


def test_a_robot_posts_nowhere_else_and_to_staff_alone(cast: Cast) -> None:
    client = back_office(cast.manager)
    resident = Membership.objects.get(user=cast.resident).role
    foreign = Membership.objects.get(user=cast.other_manager).role
    for changes in (
        {"address": "http://169.254.169.254/x"},
        {"roles": [resident.pk]},
        {"roles": [foreign.pk]},
        {"community": cast.other_community.pk},
        {"kinds": ["binding_decided"]},
        {"address": ""},
    ):
        assert client.post("/admin/dispatch/grouprobot/add/", form(cast, **changes)).status_code == 200
    assert not GroupRobot.objects.exists()
    assert back_office(cast.cleaner).get("/admin/dispatch/grouprobot/").status_code == 302


def test_what_was_given_up_is_posted_again(group: Group, robot: GroupRobot, cast: Cast) -> None:
    group.on(WEBHOOK, error(40058))
    cast.report()
    post_all()
    assert only().status == "dead"
    group.on(WEBHOOK, error(0))
    chosen = {"action": "send_again", "_selected_action": [str(only().pk)], "apply": "1"}
    back_office(cast.manager).post("/admin/dispatch/robotpost/", chosen)
    post_all()
    assert only().status == "sent"


def test_a_manager_sends_a_test_post_and_sees_what_was_answered(
    group: Group, robot: GroupRobot, cast: Cast, client: Client
) -> None:
    address = f"/admin/dispatch/grouprobot/{robot.pk}/test/"
    client.force_login(cast.other_manager, backend="accounts.auth.ManagerBackend")
    assert client.post(address).status_code == 404
    client.force_login(cast.manager, backend="accounts.auth.ManagerBackend")
    assert client.get(address).status_code == 405
    assert group.posts == []
    assert "已发到群里" in client.post(address, follow=True).content.decode()
    assert group.posts == ["府琛花园：这是一条测试消息，群机器人工作正常"]
    group.on(WEBHOOK, error(93000, "invalid webhook url"))
    assert "群机器人的地址、密钥或设置有误（93000）" in client.post(address, follow=True).content.decode()
    assert Trouble.objects.get().key == f"93000:robot:{robot.pk}"
    recorded = Record.objects.filter(action="robot_tested")
    assert {(row.actor, row.subject, row.community) for row in recorded} == {(cast.manager, robot.name, cast.community)}
    assert recorded.count() == 2


def test_the_figures_of_a_robot_are_of_seven_days(group: Group, robot: GroupRobot, cast: Cast, client: Client) -> None:
    client.force_login(cast.manager, backend="accounts.auth.ManagerBackend")
    posts = [cast.report(title=str(number)) for number in range(4)]
    route_all()
    rows = list(RobotPost.objects.order_by("created_at"))
    assert len(rows) == len(posts)
    now = timezone.now()
    RobotPost.objects.filter(pk=rows[0].pk).update(status="sent", sent_at=now - timedelta(days=8), attempts=1)
    RobotPost.objects.filter(pk=rows[1].pk).update(status="sent", sent_at=now, attempts=1)
    RobotPost.objects.filter(pk=rows[2].pk).update(attempts=2, code="45009")
    with CaptureQueriesContext(connection) as one:
        page = client.get("/admin/dispatch/grouprobot/").content.decode()
    make_robot(group, cast.community, "plumber")
    with CaptureQueriesContext(connection) as two:
        client.get("/admin/dispatch/grouprobot/")
    assert len(two) == len(one)
    assert "发出 1，失败 0，等待重发 1" in page
    assert "群机器人发得太多，平台暂不接收（45009）" in page
    RobotPost.objects.filter(pk=rows[3].pk).update(status="dead", attempts=1, code="404")
    page = client.get(f"/admin/dispatch/grouprobot/{robot.pk}/change/").content.decode()
    assert "发出 1，失败 1，等待重发 1" in page
    assert "发送失败 · 群机器人的平台出错（HTTP 404）" in page


@pytest.mark.parametrize("answer", [error(0, "ok"), error(93000, "invalid webhook url")])
def test_a_robot_that_is_removed_while_it_posts_has_its_last_word(
    group: Group, robot: GroupRobot, cast: Cast, answer: Answer
) -> None:
    group.on(WEBHOOK, answer)
    cast.report()
    route_all()
    (lot,) = robots._take(timezone.now())
    outcome = robots._post(lot)
    robots.remove_robot(actor=cast.manager, robot=robot)
    robots.record(lot, outcome)
    assert (only().status, only().code, only().sent_at) == ("dead", "robot_removed", None)
    assert not Trouble.objects.exists()
    robots.remove_robot(actor=cast.manager, robot=robot)
    assert Record.objects.filter(action="robot_removed", actor=cast.manager).count() == 1
