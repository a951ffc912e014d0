"""The acts of a report's page where no script arrived: the button leads to a page with the form, and that is sent."""

import re
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from reports.models import Report, ReportEvent
from reports.services import transitions
from reports.services.clock import fire_deadlines
from tests.factories import Cast

from .opening import Page, browser_of, open_page


def path(report: Report, act: str) -> str:
    return f"reports/{report.pk}/act/{act}"


def send(person: User, report: Report, act: str, **words: str) -> Page:
    """The form of an act, sent as a browser without scripts does."""
    answer = Client.post(browser_of(person), f"/h5/{path(report, act)}", words)
    return Page(answer.status_code, answer.content.decode(), answer.headers.get("Location", ""))


def claimed(cast: Cast) -> Report:
    report = cast.report()
    return transitions.claim_report(actor=cast.cleaner, report_id=report.pk)


def resolved(cast: Cast) -> Report:
    return transitions.resolve_report(actor=cast.cleaner, report_id=claimed(cast).pk, note="好了")


def test_a_whole_life_without_scripts(cast: Cast) -> None:
    report = cast.report()
    other = cast.report(by=cast.neighbour, title="门口的垃圾桶满了")
    steps = [
        (cast.resident, "comment", {"note": "还是这样"}, "补充说明已发出"),
        (cast.manager, "recategorize", {"category": "repair", "reason": "是水管"}, "已改分类，会通知相应的人"),
        (cast.manager, "assign", {"user": str(cast.plumber.pk)}, "已指派，会通知对方"),
        (cast.plumber, "progress", {"note": "已到现场"}, "进展已发给上报人"),
        (cast.plumber, "release", {"reason": "缺少配件"}, "已退回，会通知能接的同事"),
        (cast.manager, "dismiss", {"reason": "不在范围内"}, "已驳回，会告诉上报人"),
        (cast.manager, "restore", {"reason": "弄错了"}, "已恢复，重新等待接单"),
        (cast.manager, "assign", {"user": str(cast.plumber.pk)}, "已指派，会通知对方"),
        (cast.plumber, "resolve", {"note": "换了水管"}, "结果已提交，等待上报人确认"),
        (cast.resident, "reopen", {"reason": "问题还在"}, "已告诉处理人，会继续处理"),
        (cast.plumber, "resolve", {"note": "又换了"}, "结果已提交，等待上报人确认"),
        (cast.resident, "confirm", {"score": "4", "comment": "谢谢"}, "已完成，谢谢"),
    ]
    for person, act, words, said in steps:
        page = open_page(person, path(report, act))
        assert page.status == 200, act
        assert f'action="/h5/reports/{report.pk}/act/{act}"' in page.html
        answer = send(person, report, act, **words)
        assert (answer.status, answer.location) == (302, f"/h5/reports/{report.pk}?did={act}"), act
        assert said in open_page(person, answer.location.removeprefix("/h5/")).words
    assert list(ReportEvent.objects.filter(report=report).order_by("pk").values_list("kind", flat=True))[1:] == [
        act for _person, act, _words, _said in steps
    ]
    report.refresh_from_db()
    assert (report.status, report.rating.score, report.rating.comment) == ("closed", 4, "谢谢")
    assert send(cast.manager, other, "merge", into=str(cast.report().pk)).status == 302
    assert send(cast.resident, cast.report(), "withdraw", reason="").status == 302


@pytest.mark.parametrize(
    ("person", "act", "words", "said", "kept"),
    [
        ("cleaner", "release", {"reason": ""}, "请说明退回的原因", ""),
        ("cleaner", "resolve", {"note": " "}, "请写一句处理结果，或附上图片", ""),
        ("manager", "recategorize", {"category": "hygiene", "reason": "水管"}, "请选择另一个分类", 'value="水管"'),
        ("manager", "assign", {"user": "nobody"}, "编号无效", ""),
        ("manager", "dismiss", {"reason": "长" * 2001}, "最多 2000 个字", "长" * 2001),
        ("manager", "merge", {"into": ""}, "请选择本小区的另一条报单", ""),
    ],
)
def test_what_is_refused_comes_back_with_what_was_typed(
    cast: Cast, person: str, act: str, words: dict[str, str], said: str, kept: str
) -> None:
    report = claimed(cast)
    page = send(getattr(cast, person), report, act, **words)
    assert page.status == 400
    assert said in page.words
    assert kept in unescape(page.html)
    report.refresh_from_db()
    assert report.status == "claimed"


def test_stars_that_were_forgotten_are_asked_for_beside_what_was_typed(cast: Cast) -> None:
    report = resolved(cast)
    page = send(cast.resident, report, "confirm", comment="师傅很好")
    assert page.status == 400
    assert "请打 1 到 5 分" in page.words
    assert 'value="师傅很好"' in page.html
    assert 'name="score" value="5"' in page.html


def test_who_came_too_late_keeps_what_was_typed_and_reads_why(cast: Cast) -> None:
    report = resolved(cast)
    page = send(cast.cleaner, report, "progress", note="写了很久的话")
    assert page.status == 409
    assert "待确认" in page.words
    assert "写了很久的话" in page.words
    assert open_page(cast.cleaner, path(report, "progress")).location == f"/h5/reports/{report.pk}"


def test_strangers_learn_nothing_from_it(cast: Cast) -> None:
    report = cast.report()
    for act in ("comment", "claim", "nonsense"):
        assert open_page(cast.other_manager, path(report, act)).status == 404
        assert send(cast.other_manager, report, act, note="x").status == 404
    assert send(cast.neighbour, report, "withdraw").status == 404
    assert send(cast.cleaner, report, "dismiss", reason="x").status == 403


def test_neighbours_talk_about_a_post(cast: Cast) -> None:
    post = cast.report("lost", by=cast.resident, title="捡到一串钥匙")
    begun = open_page(cast.neighbour, path(post, "talk") + "?note=这是我的。")
    assert "这是我的。</textarea>" in begun.html
    assert send(cast.neighbour, post, "talk", note="这是我的。").location.endswith("?did=talk")
    empty = send(cast.resident, post, "talk", note="", to=str(cast.neighbour.pk))
    assert empty.status == 400
    assert f'name="to" value="{cast.neighbour.pk}"' in empty.html
    assert send(cast.resident, post, "talk", note="今晚七点", to=str(cast.neighbour.pk)).status == 302
    assert "今晚七点" in open_page(cast.neighbour, f"reports/{post.pk}").words


def test_an_eager_hand_is_slowed_and_loses_nothing(cast: Cast, settings: Any) -> None:
    settings.THROTTLE_SCALE = 0.01  # one a minute; of three, two are in the same
    report = cast.report()
    pages = [send(cast.resident, report, "comment", note="又来了") for _again in range(3)]
    (slowed, *_rest) = [page for page in pages if page.status == 429]
    assert "又来了</textarea>" in slowed.html
    assert "操作太频繁" in slowed.words


def test_every_button_of_the_page_works_without_scripts(cast: Cast) -> None:
    html = open_page(cast.manager, f"reports/{claimed(cast).pk}").html
    assert html.count('<button type="submit"') >= 5
    outside = html.split("<noscript>")[2]
    assert 'formaction="/h5/reports/' in outside
    assert "/act/dismiss" in outside


def test_whether_a_post_still_stands_can_be_answered_both_ways(cast: Cast) -> None:
    post = cast.report("lost", title="捡到一串钥匙")
    assert "还需要继续展示" not in open_page(cast.resident, f"reports/{post.pk}").words
    fire_deadlines(timezone.now() + timedelta(days=31))
    page = open_page(cast.resident, f"reports/{post.pk}")
    assert "还需要继续展示吗？" in page.words
    assert page.html.split('class="offcanvas')[0].count("btn-main") == 1  # the answer, not the usual green button
    assert f'formaction="/h5/reports/{post.pk}/act/confirm"' in page.html
    assert "继续展示" not in open_page(cast.neighbour, f"reports/{post.pk}").words
    (note,) = re.findall(r'name="note" value="([^"]+)"', page.html)
    assert send(cast.resident, post, "comment", note=note).status == 302
    assert "还需要继续展示吗？" not in open_page(cast.resident, f"reports/{post.pk}").words
    fire_deadlines(timezone.now() + timedelta(days=62))
    post.refresh_from_db()
    assert post.status == "submitted"


def test_who_urged_is_told_from_when_they_may_again(cast: Cast) -> None:
    report = claimed(cast)
    answer = browser_of(cast.resident).post(f"/h5/reports/{report.pk}/do", {"do": "urge"})
    assert answer.headers["Location"] == f"/h5/reports/{report.pk}?did=urge"
    now = timezone.localtime(Report.objects.get(pk=report.pk).urged_at)
    again = now + timedelta(minutes=30)
    words = open_page(cast.resident, f"reports/{report.pk}?did=urge").words
    assert "已催办，会再提醒工作人员" in words
    assert f"{again:%H:%M} 后可以再催一次" in words
    assert "催一下" not in words
    assert "后可以再催" not in open_page(cast.cleaner, f"reports/{report.pk}").words
    Report.objects.filter(pk=report.pk).update(urged_at=now - timedelta(minutes=31))
    later = open_page(cast.resident, f"reports/{report.pk}").words
    assert "后可以再催" not in later
    assert "催一下" in later
