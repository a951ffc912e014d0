"""Why a message did not arrive, in words: every code that the ledger can hold has some, and they say who said so."""

import ast
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

import dispatch
from accounts.models import User
from community_report.outward.robots import ROBOTS
from community_report.wechat.errors import CODES
from dispatch.models import Contact, Delivery, GroupRobot, Outbox, RobotPost
from dispatch.reasons import code_words, post_words
from tests.dispatch.ledger import WeChat, only, route_all, send_all
from tests.dispatch.test_oversight import back_office
from tests.factories import Cast, make_person
from tests.pages.opening import open_page

#: Functions that give a code, and those that take one as their second argument.
GIVING = {"_reason", "reason_to_skip", "code_of"}
TAKING = {"_give_up", "hand_over", "_hand_over"}


def codes_in_the_sources() -> set[str]:
    """Every word of our own that is written into the `code` of a message, as the sources say."""
    found: set[str] = set()
    constants: dict[str, str] = {}
    trees = [ast.parse(path.read_text()) for path in Path(dispatch.__file__).parent.rglob("*.py")]
    for tree in trees:
        for node in tree.body:
            if isinstance(node, ast.Assign):
                for target, value in pairs(node):
                    constants[target] = value
    for tree in trees:
        for expression in (one for node in ast.walk(tree) for one in written(node)):
            found |= {
                one.value if isinstance(one, ast.Constant) else constants.get(one.id, "")
                for one in ast.walk(expression)
                if (isinstance(one, ast.Constant) and isinstance(one.value, str)) or isinstance(one, ast.Name)
            }
    return found - {""}


def pairs(node: ast.Assign) -> Iterator[tuple[str, str]]:
    """Names and the texts they stand for; of `A, B = "a", "b"` both."""
    target, value = node.targets[0], node.value
    names = target.elts if isinstance(target, ast.Tuple) else [target]
    values = value.elts if isinstance(value, ast.Tuple) and isinstance(target, ast.Tuple) else [value]
    for name, text in zip(names, values, strict=False):
        if isinstance(name, ast.Name) and isinstance(text, ast.Constant) and isinstance(text.value, str):
            yield name.id, text.value


def written(node: ast.AST) -> Iterator[ast.expr]:
    """The expressions of this node that are a code."""
    match node:
        case ast.FunctionDef(name=name) if name in GIVING:
            returned = [one.value for one in ast.walk(node) if isinstance(one, ast.Return) and one.value]
            yield from (branch for one in returned for branch in branches(one))
        case ast.Call(func=ast.Name(id=name), args=[_, code, *_]) if name in TAKING:
            yield from branches(code)
        case ast.Call(func=ast.Attribute(attr="ValidationError") | ast.Name(id="DomainError")):
            return  # a form's or an answer's own code
        case ast.Call(keywords=keywords):
            yield from (branch for one in keywords if one.arg in ("code", "skip") for branch in branches(one.value))
        case ast.Assign(targets=[ast.Attribute(attr="code")], value=value):
            yield from branches(value)
        case ast.Assign(targets=[ast.Tuple(elts=targets)], value=ast.Tuple(elts=values)):
            for target, value in zip(targets, values, strict=True):
                if isinstance(target, ast.Attribute) and target.attr == "code":
                    yield from branches(value)


def branches(value: ast.expr) -> Iterator[ast.expr]:
    """What an expression can come to: either side of an `if`, any part of an `or`."""
    match value:
        case ast.IfExp(body=body, orelse=other):
            yield from (*branches(body), *branches(other))
        case ast.BoolOp(values=values):
            yield from (branch for one in values for branch in branches(one))
        case ast.Constant() | ast.Name():
            yield value


def test_every_word_that_the_code_can_write_is_put_into_words() -> None:
    codes = codes_in_the_sources()
    assert codes >= {
        *("off_duty", "muted", "ignored", "not_member", "erased", "withdrawn", "no_wechat", "unfollowed", "no_channel"),
        *("too_few", "sms_cap", "refused", "unreachable", "user block", "system failed", "45028"),
    }
    said = {code: code_words(code, "template") for code in codes}
    assert {code for code, words in said.items() if code in words and not code.isdecimal()} == set()
    ours = codes - {"45028", "unreachable", "43004", "user block", "system failed"}
    assert {code for code in ours if "微信没有接收" in said[code] or "没有送达" in said[code]} == set()


def test_every_code_of_wechat_is_put_into_words_of_its_class() -> None:
    said = {code: code_words(str(code), "template") for codes in CODES.values() for code in codes}
    assert "额度" in said[45009]
    assert "设置" in said[47003] == code_words("48001").replace("48001", "47003")
    assert "繁忙" in said[-1]
    assert said[43019] != said[40003]
    assert "12345" in code_words("12345")
    assert "send fail" in code_words("send fail")


def test_a_gateway_and_a_robot_answer_for_themselves(db: None) -> None:
    assert {"微信" in code_words(code, "sms") for code in ("503", "401", "unreachable", "refused", "sms_cap")} == {
        False
    }
    assert "503" in code_words("503", "sms")
    for vendor, robot in ROBOTS.items():
        post = RobotPost(robot=GroupRobot(vendor=vendor))
        for code in ("unreachable", "404", "93000", *map(str, robot.codes)):
            post.code = code
            assert "微信" not in post_words(post) != ""


def test_who_got_a_later_message_can_be_reached(cast: Cast, wechat: WeChat) -> None:
    cast.report()
    send_all()
    dead, other = only(cast.cleaner), only(cast.cleaner2)
    Delivery.objects.filter(pk__in=[dead.pk, other.pk]).update(
        status="dead", code="not_member", created_at=timezone.now() - timedelta(hours=1)
    )
    page = open_page(cast.manager, "manage/unreached")
    assert page.words.count("已不是这个小区的成员") == 2
    User.objects.filter(pk=cast.cleaner2.pk).update(muted_kinds=["new_report"])
    cast.report(title="二号")
    send_all()
    words = open_page(cast.manager, "manage/unreached").words
    assert ("张师傅" in words, "赵师傅" in words) == (False, True)


@pytest.fixture
def group(cast: Cast) -> GroupRobot:
    robot = GroupRobot.objects.create(
        community=cast.community, name="保洁群", vendor="wecom", address="https://qyapi.weixin.qq.com/x", active=True
    )
    robot.roles.set(cast.cleaner.memberships.values_list("role", flat=True))
    return robot


def test_a_group_that_was_told_stands_on_the_report(cast: Cast, group: GroupRobot) -> None:
    report = cast.report()
    route_all()
    RobotPost.objects.update(status="sent", sent_at=timezone.now())
    told = open_page(cast.manager, f"reports/{report.pk}").words.partition("通知了谁")[2]
    assert "保洁群 新报单 群消息 已发送" in told
    RobotPost.objects.update(status="dead", code="93000", sent_at=None)
    told = open_page(cast.manager, f"reports/{report.pk}").words.partition("通知了谁")[2]
    assert "发送失败 · 群机器人的地址、密钥或设置有误（93000）" in told
    client = back_office(cast.manager)
    page = client.get(f"/admin/reports/report/{report.pk}/change/").content.decode()
    assert "保洁群 · 发送失败 · 群机器人的地址、密钥或设置有误（93000）" in page
    ledger = client.get("/admin/dispatch/robotpost/").content.decode()
    assert f"/admin/reports/report/{report.pk}/change/" in ledger
    assert report.number in client.get("/admin/dispatch/robotpost/", {"q": report.number}).content.decode()


def test_a_report_of_many_readers_shows_the_newest_and_leads_to_the_rest(cast: Cast) -> None:
    report = cast.report()
    route_all()
    client, address = back_office(cast.manager), f"/admin/reports/report/{report.pk}/change/"
    with CaptureQueriesContext(connection) as few:
        assert "看全部" not in client.get(address).content.decode()
    box = Outbox.objects.get()
    people = [make_person(f"读者{number}") for number in range(60)]
    told = {"outbox": box, "kind": "board_post", "community": cast.community, "report": report}
    Delivery.objects.bulk_create(Delivery(user=one, due_at=timezone.now(), **told) for one in people)
    with CaptureQueriesContext(connection) as many:
        page = client.get(address).content.decode()
    assert len(many) == len(few)
    assert page.count("读者") == 50
    assert "还有 12 条" in page
    filtered = client.get(f"/admin/dispatch/delivery/?report__id__exact={report.pk}")
    assert filtered.context["cl"].result_count == 62


def test_the_ledger_names_channels_and_says_why(cast: Cast) -> None:
    Contact.objects.create(user=cast.cleaner, subscribed=False)
    cast.report()
    route_all()
    Delivery.objects.filter(user=cast.cleaner2).update(status="dead", channel="bizsend", code="47003")
    page = back_office(cast.manager).get("/admin/dispatch/delivery/").content.decode()
    for words in ("订阅消息", "公众号的设置、模板或权限有误（47003）", "没有关注公众号"):
        assert words in page
    narrowed = back_office(cast.manager).get("/admin/dispatch/delivery/?channel=bizsend")
    assert narrowed.context["cl"].result_count == 1
