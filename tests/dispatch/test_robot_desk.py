"""Group robots at the desk: taken away with their history kept, and sent again by the rule of all messages."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import Record
from dispatch.kinds import Kind
from dispatch.models import GroupRobot, Outbox, RobotPost, Trouble
from dispatch.services import alarms
from dispatch.wording import sentence
from reports.services import transitions
from tests.dispatch.test_oversight import back_office
from tests.factories import Cast, role_of

pytestmark = pytest.mark.django_db
LIST, POSTS = "/admin/dispatch/grouprobot/", "/admin/dispatch/robotpost/"


@pytest.fixture
def robot(cast: Cast) -> GroupRobot:
    made = GroupRobot.objects.create(
        community=cast.community,
        name="保洁群",
        vendor="wecom",
        address="https://x/?key=geheim",
        secret="s",
        active=True,
    )
    made.roles.add(role_of(cast.community, "cleaner"))
    return made


def post(robot: GroupRobot, report: Any, text: str, **fields: Any) -> RobotPost:
    number = Outbox.objects.count()
    box = Outbox.objects.create(key=f"p:{number}", kind=Kind.NEW_REPORT, community=robot.community, report=report)
    values = {"status": "dead", "code": "93000", **fields}
    return RobotPost.objects.create(outbox=box, robot=robot, text=text, path="/", due_at=timezone.now(), **values)


def test_a_robot_that_has_posted_goes_and_its_posts_stay(cast: Cast, robot: GroupRobot) -> None:
    said = post(robot, cast.report(), "说过的话", status="sent", code="")
    waits = post(robot, cast.report(), "没说的话", status="pending", code="")
    client = back_office(cast.manager)
    assert "保洁群" in client.get(f"{LIST}{robot.pk}/delete/").content.decode()
    assert client.post(f"{LIST}{robot.pk}/delete/", {"post": "yes"}).status_code == 302
    assert "保洁群" not in client.get(LIST).content.decode().partition("result_list")[2]
    robot.refresh_from_db()
    assert (robot.active, robot.address, robot.secret) == (False, "", "")
    for row in (said, waits):
        row.refresh_from_db()
    assert (said.status, waits.status, waits.code) == ("sent", "dead", "robot_removed")
    page = client.get(POSTS).content.decode()
    assert all(words in page for words in ("说过的话", "没说的话", "群机器人已删除", "保洁群"))
    for action in ("admin_delete", "robot_removed"):
        assert Record.objects.filter(action=action, actor=cast.manager, community=cast.community).count() == 1


def test_many_at_once_go_the_same_way(cast: Cast, robot: GroupRobot) -> None:
    post(robot, cast.report(), "说过的话")
    chosen = {"action": "delete_selected", "_selected_action": str(robot.pk), "post": "yes"}
    assert back_office(cast.manager).post(LIST, chosen).status_code == 302
    assert GroupRobot.objects.get().removed_at is not None
    assert RobotPost.objects.count() == 1


def test_a_group_is_told_again_what_is_still_true(cast: Cast, robot: GroupRobot) -> None:
    claimed = cast.report()
    transitions.claim_report(actor=cast.cleaner, report_id=claimed.pk)
    off = GroupRobot.objects.create(community=cast.community, name="停用群", vendor="wecom", address="https://x/")
    rows = {
        "": post(robot, cast.report(), "还在"),
        "over": post(robot, claimed, "已接"),
        "sent": post(robot, cast.report(), "已发", status="sent", code=""),
        "off": post(off, cast.report(), "停用"),
        "old": post(robot, cast.report(), "很久"),
    }
    RobotPost.objects.filter(pk=rows["old"].pk).update(created_at=timezone.now() - timedelta(days=30))
    client = back_office(cast.manager)
    chosen = {"action": "send_again", "_selected_action": str(rows[""].pk), "select_across": "1"}
    page = client.post(POSTS, chosen).content.decode()
    for words in ("内容已经过时", "已经发出", "群机器人已停用或删除", "最近七天的，1 条", "全部，2 条"):
        assert words in page
    assert not RobotPost.objects.filter(status="pending").exists()
    client.post(POSTS, {**chosen, "apply": "1", "within": "week"})
    assert list(RobotPost.objects.filter(status="pending")) == [rows[""]]
    assert Record.objects.filter(action="sent_again", actor=cast.manager).count() == 1
    by_hand = {"action": "send_again", "_selected_action": [str(row.pk) for row in rows.values()], "apply": "1"}
    client.post(POSTS, {**by_hand, "one_by_one": "on"})
    assert set(RobotPost.objects.filter(status="pending")) == {rows[""], rows["over"], rows["old"]}


def test_managers_read_in_words_why_a_robot_is_stopped(cast: Cast, robot: GroupRobot) -> None:
    Outbox.objects.all().delete()
    now = timezone.now()
    Trouble.objects.create(key=f"93000:robot:{robot.pk}", since=now, last_at=now)
    alarms.tell_of_troubles(now)
    said = sentence(Outbox.objects.get())
    assert said == (
        "消息推送故障：群机器人「保洁群」发不出去：群机器人的地址、密钥或设置有误（93000）。请联系系统管理员"
    )
