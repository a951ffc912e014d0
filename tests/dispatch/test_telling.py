"""Who is told of what, through the real services: change → outbox → tag → role → person."""

from typing import Any

import pytest
from django.utils import timezone

from accounts.models import Membership, User
from accounts.services.bindings import approve_binding, reject_binding, request_binding
from dispatch import occasions
from dispatch.kinds import Kind
from dispatch.models import Delivery, Outbox
from dispatch.values import values_of
from notices.services import publish_notice
from reports.models import Category, Claim, Report, ReportEvent
from reports.services import transitions as act
from reports.services.attachments import MediaItem, add_attachments, mark_failed
from reports.services.engine import Change
from reports.signals import report_alarmed
from reports.states import Action, Status
from tests.dispatch.ledger import forget, only, route_all, skipped, told
from tests.factories import Cast, bind, make_home, make_person, role_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def report(cast: Cast) -> Report:
    """Filed by the resident, followed by the neighbour, and told already."""
    report = cast.report()
    act.follow_report(actor=cast.neighbour, report_id=report.pk)
    forget()
    return report


def claimed(cast: Cast, report: Report) -> Report:
    act.claim_report(actor=cast.cleaner, report_id=report.pk)
    forget()
    return report


def resolved(cast: Cast, report: Report) -> Report:
    claimed(cast, report)
    act.resolve_report(actor=cast.cleaner, report_id=report.pk, note="清理好了")
    forget()
    return report


def alarm(report: Report, kind: str) -> None:
    event = Change(report, None, timezone.now(), kind).finish()
    report_alarmed.send(sender=Report, report=report, kind=kind, event=event)


def test_every_occasion_tells_a_kind_once() -> None:
    for occasion, tellings in occasions.OCCASIONS.items():
        kinds = [telling.kind for telling in tellings]
        assert len(kinds) == len(set(kinds)), occasion


def test_no_action_is_forgotten() -> None:
    silent = {Action.IGNORE, Action.FOLLOW, Action.UNFOLLOW}
    assert set(Action) - silent <= set(occasions.OCCASIONS)


def test_a_new_report_goes_to_the_staff_of_its_tags(cast: Cast) -> None:
    cast.report()
    assert told() == {"new_report": {"张师傅", "赵师傅"}}


def test_staff_off_duty_find_it_in_the_inbox(cast: Cast) -> None:
    Membership.objects.filter(user=cast.cleaner2).update(on_duty=False)
    cast.report()
    assert told() == {"new_report": {"张师傅"}}
    assert skipped() == {"赵师傅": "off_duty"}


def test_with_nobody_on_duty_all_are_told(cast: Cast) -> None:
    Membership.objects.filter(role__slug="cleaner").update(on_duty=False)
    cast.report()
    assert told() == {"new_report": {"张师傅", "赵师傅"}}


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"muted_kinds": ["new_report"]}, {"张师傅": "muted"}),
        ({"openid": None}, {"张师傅": "no_wechat"}),
        ({"quiet_hours": ["00:00", "23:59"]}, {}),  # in the morning, if nobody has taken it
    ],
)
def test_who_is_on_duty_and_cannot_be_pushed_keeps_it_from_nobody(
    cast: Cast, fields: dict[str, Any], said: dict[str, str]
) -> None:
    Membership.objects.filter(user=cast.cleaner2).update(on_duty=False)
    User.objects.filter(pk=cast.cleaner.pk).update(**fields)
    cast.report()
    assert "赵师傅" in told()["new_report"]
    assert "陈经理" not in told()["new_report"]
    assert skipped() == said


def test_where_no_staff_can_be_pushed_the_managers_are_told_as_well(cast: Cast) -> None:
    User.objects.filter(pk__in=[cast.cleaner.pk, cast.cleaner2.pk]).update(openid=None)
    cast.report()
    assert told() == {"new_report": {"陈经理"}}
    assert skipped() == {"张师傅": "no_wechat", "赵师傅": "no_wechat"}


def test_without_any_staff_the_managers_are_told(cast: Cast) -> None:
    Membership.objects.filter(role__slug="cleaner").update(status=Membership.Status.REVOKED)
    cast.report()
    assert told() == {"new_report": {"陈经理"}}


def test_who_has_ignored_it_is_not_asked_again(cast: Cast, report: Report) -> None:
    act.ignore_report(actor=cast.cleaner2, report_id=report.pk)
    act.claim_report(actor=cast.cleaner, report_id=report.pk)
    forget()
    act.release_report(actor=cast.cleaner, report_id=report.pk, reason="不在班")
    assert told() == {"released": {"李阿姨", "王先生"}, "new_report": {"陈经理"}}


def test_staff_of_two_roles_are_told_once(cast: Cast) -> None:
    bind(cast.cleaner, role_of(cast.community, "plumber"))
    category = Category.objects.get(community=cast.community, slug="hygiene")
    category.tags.add(*role_of(cast.community, "plumber").tags.all())
    cast.report()
    route_all()
    assert Delivery.objects.filter(user=cast.cleaner).count() == 1


def test_the_actor_is_not_told_of_their_own_deed(cast: Cast, report: Report) -> None:
    bind(cast.neighbour, role_of(cast.community, "cleaner"))
    act.claim_report(actor=cast.neighbour, report_id=report.pk)
    assert told() == {"claimed": {"李阿姨"}}


PARTIES = {"李阿姨", "王先生"}  # the reporter and the follower


def test_claim_progress_and_result_reach_reporter_and_followers(cast: Cast, report: Report) -> None:
    act.claim_report(actor=cast.cleaner, report_id=report.pk)
    act.add_progress(actor=cast.cleaner, report_id=report.pk, note="在路上")
    act.resolve_report(actor=cast.cleaner, report_id=report.pk, note="好了")
    assert told() == {"claimed": PARTIES, "progress": PARTIES, "resolved": PARTIES}


def test_release(cast: Cast, report: Report) -> None:
    act.release_report(actor=cast.cleaner, report_id=claimed(cast, report).pk, reason="缺工具")
    assert told() == {"released": PARTIES, "new_report": {"赵师傅"}}


def test_assign_tells_both_staff_members_and_the_parties(cast: Cast, report: Report) -> None:
    act.assign_report(actor=cast.manager, report_id=claimed(cast, report).pk, user_id=cast.plumber.pk)
    assert told() == {"assigned": {"孙师傅"}, "claimed": PARTIES, "released": {"张师傅"}}


def test_dismiss_and_restore(cast: Cast, report: Report) -> None:
    act.dismiss_report(actor=cast.manager, report_id=claimed(cast, report).pk, reason="不属实")
    assert told() == {"dismissed": PARTIES | {"张师傅"}}
    forget()
    act.restore_report(actor=cast.manager, report_id=report.pk, reason="误会")
    assert told() == {"reopened": PARTIES, "new_report": {"张师傅", "赵师傅"}}


def test_another_category_asks_its_staff(cast: Cast, report: Report) -> None:
    act.recategorize_report(actor=cast.manager, report_id=report.pk, category="repair", reason="是漏水")
    assert told() == {"new_report": {"孙师傅"}}


def test_a_claim_beyond_the_new_category_is_given_back(cast: Cast, report: Report) -> None:
    act.recategorize_report(actor=cast.manager, report_id=claimed(cast, report).pk, category="repair", reason="是漏水")
    assert told() == {"new_report": {"孙师傅"}, "released": PARTIES | {"张师傅"}}


def test_merge(cast: Cast, report: Report) -> None:
    other = cast.report(by=cast.neighbour, title="也没清理")
    forget()
    act.merge_report(actor=cast.manager, report_id=report.pk, into_id=other.pk)
    assert told() == {"merged": PARTIES}


def test_a_score_is_told_to_the_claimant_and_the_end_to_the_followers(cast: Cast, report: Report) -> None:
    act.confirm_report(actor=cast.resident, report_id=resolved(cast, report).pk, score=5, comment="很快")
    assert told() == {"rated": {"张师傅"}, "closed": {"王先生"}}
    assert "5 分" in only(cast.cleaner).text


def test_an_automatic_close_is_told_to_everybody(cast: Cast, report: Report) -> None:
    report = resolved(cast, report)
    report.refresh_from_db()
    change = Change(report, None, timezone.now(), "close")
    change.move(Status.CLOSED)
    change.finish()
    assert told() == {"closed": PARTIES | {"张师傅"}}
    forget()
    act.rate_report(actor=cast.resident, report_id=report.pk, score=4)
    assert told() == {"rated": {"张师傅"}}


def test_reopening_goes_back_to_the_claimant(cast: Cast, report: Report) -> None:
    act.reopen_report(actor=cast.resident, report_id=resolved(cast, report).pk, reason="又脏了")
    assert told() == {"reopened": {"张师傅"}}


def test_reopening_without_the_claimant_asks_everybody(cast: Cast, report: Report) -> None:
    resolved(cast, report)
    Membership.objects.filter(user=cast.cleaner).update(status=Membership.Status.REVOKED)
    act.reopen_report(actor=cast.resident, report_id=report.pk, reason="又脏了")
    assert told() == {"new_report": {"赵师傅"}}


def test_withdrawing_is_the_end_for_the_followers(cast: Cast, report: Report) -> None:
    act.withdraw_report(actor=cast.resident, report_id=report.pk)
    assert told() == {"closed": {"王先生"}}
    assert "已撤回" in only().text


def test_urging_reaches_the_claimant_else_the_staff(cast: Cast, report: Report) -> None:
    alarm(report, "urge")
    assert told() == {"urged": {"张师傅", "赵师傅"}}
    claimed(cast, report).refresh_from_db()
    alarm(report, "urge")
    assert told() == {"urged": {"张师傅"}}


def test_a_comment_reaches_the_claimant(cast: Cast, report: Report) -> None:
    act.comment_report(actor=cast.resident, report_id=claimed(cast, report).pk, note="在四楼")
    assert told() == {"progress": {"张师傅"}}
    assert "补充" in only().text


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("unclaimed", {"unclaimed": {"陈经理", "张师傅", "赵师傅"}}),
        ("overdue", {"overdue": {"陈经理"}}),
        ("ignored", {"ignored": {"陈经理"}}),
        ("still_there", {"progress": {"李阿姨"}}),
    ],
)
def test_alarms(cast: Cast, report: Report, kind: str, expected: dict[str, Any]) -> None:
    alarm(report, kind)
    assert told() == expected


def test_alarms_of_a_claimed_report(cast: Cast, report: Report) -> None:
    claimed(cast, report).refresh_from_db()
    alarm(report, "lease")
    alarm(report, "overdue")
    assert told() == {"urged": {"张师傅"}, "overdue": {"张师傅", "陈经理"}}


@pytest.mark.parametrize(("kind", "word"), [("unclaimed", "无人接单"), ("overdue", "超时"), ("ignored", "无人处理")])
def test_templates_can_say_what_an_alarm_is_about(report: Report, kind: str, word: str) -> None:
    """The status alone is the same for all of them."""
    alarm(report, kind)
    told()
    delivery = Delivery.objects.filter(kind=kind).first()
    assert delivery is not None
    values = values_of(delivery, None, glimpse=False)
    assert (values["kind"], values["status"]) == (word, "待处理")


def test_a_lease_that_ran_out_is_told_to_who_lost_it(cast: Cast, report: Report) -> None:
    claimed(cast, report).refresh_from_db()
    change = Change(report, None, timezone.now(), "expire")
    change.let_go(Claim.Outcome.EXPIRED)
    change.move(Status.SUBMITTED)
    change.finish()
    assert told() == {"released": PARTIES | {"张师傅"}, "new_report": {"张师傅", "赵师傅"}}


def test_an_alarm_is_told_once_though_it_is_announced_twice(report: Report) -> None:
    alarm(report, "overdue")
    assert Outbox.objects.count() == 1
    event = ReportEvent.objects.get(kind="overdue")
    report_alarmed.send(sender=Report, report=report, kind="overdue", event=event)
    assert Outbox.objects.count() == 1


def test_a_board_post_goes_to_the_residents_who_want_it(cast: Cast) -> None:
    User.objects.filter(pk=cast.neighbour.pk).update(muted_kinds=[])
    cast.report(category="lost", title="捡到一串钥匙")
    assert told() == {"board_post": {"王先生"}}
    assert skipped() == {}


def test_a_notice_goes_to_its_audience(cast: Cast) -> None:
    publish_notice(actor=cast.manager, community=cast.community, title="停水", body="明天上午")
    names = {"李阿姨", "王先生", "张师傅", "赵师傅", "孙师傅", "陈经理"}
    assert told() == {"notice": names}
    assert only(cast.resident).text == "小区公告：停水"


def test_bindings(cast: Cast) -> None:
    newcomer = make_person("", "13900000077")
    home = {"building": "6幢", "unit": "1单元", "room": "999"}
    membership = request_binding(actor=newcomer, community=cast.community, name="吴先生", phone="13900000077", **home)
    assert told() == {"binding_pending": {"陈经理"}}
    assert only().path == "/h5/manage/people"
    forget()
    approve_binding(actor=cast.manager, membership=membership)
    route_all()
    assert (only().user, only().kind) == (newcomer, Kind.BINDING_DECIDED)
    assert "已通过" in only().text


def test_a_refused_binding_says_why(cast: Cast) -> None:
    newcomer = make_person("", "13900000077")
    membership = request_binding(
        actor=newcomer, community=cast.community, name="吴", phone="13900000077", building="9幢", unit="", room="1"
    )
    forget()
    reject_binding(actor=cast.manager, membership=membership, reason="没有这套房")
    route_all()
    assert "没有这套房" in only().text


def test_an_automatic_binding_is_told_to_the_housemates_without_the_name(cast: Cast) -> None:
    home = make_home(cast.community, room="401")
    home.roster.create(name="陆小明", phone="13900000088")
    newcomer = make_person("", "13900000088")
    request_binding(actor=newcomer, community=cast.community, name="陆小明", phone="13900000088", **home.as_dict())
    assert told() == {"binding_decided": {"李阿姨"}}
    assert "陆**" in only().text
    assert "陆小明" not in only().text


def test_who_is_bound_already_is_told_of_another_claim_on_the_entry(cast: Cast) -> None:
    home = make_home(cast.community, room="401")
    stranger = make_person("", "13900000001")
    request_binding(actor=stranger, community=cast.community, name="李阿姨", phone="13900000001", **home.as_dict())
    assert told() == {"binding_pending": {"陈经理"}, "binding_decided": {"李阿姨"}}


def test_who_sent_a_picture_that_is_lost_is_asked_to_send_it_again(cast: Cast, report: Report) -> None:
    item = MediaItem(kind="image", media_id="gone")
    attachment = add_attachments(uploader=cast.resident, items=[item], report=report)[0]
    mark_failed(attachment.pk, "media_gone")
    assert told() == {"progress": {"李阿姨"}}
    assert only().path == f"/h5/reports/{report.pk}"
    assert "重新发送" in only().text
