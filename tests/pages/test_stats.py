"""/h5/manage/stats: large figures with their trend, charts with their numbers, ranges."""

from datetime import date, datetime, timedelta
from unittest import mock
from zoneinfo import ZoneInfo

import pytest
from django.test import RequestFactory
from django.utils import timezone
from guardian.shortcuts import assign_perm

from reports.models import Report
from reports.services import transitions
from reports.views_stats import Range, _difference, _line, _range, _score_words, minutes_words
from tests.factories import Cast, bind, make_person, role_of

from .opening import open_page

SHANGHAI = ZoneInfo("Asia/Shanghai")
NOW = datetime(2025, 11, 12, 0, 30, tzinfo=SHANGHAI)  # still the eleventh in UTC


def chosen(address: str) -> Range:
    with mock.patch("django.utils.timezone.now", return_value=NOW), timezone.override(SHANGHAI):
        return _range(RequestFactory().get(f"/h5/manage/stats{address}"))


@pytest.mark.parametrize(
    ("address", "first", "last", "days"),
    [
        ("", date(2025, 10, 14), date(2025, 11, 12), 30),
        ("?days=7", date(2025, 11, 6), date(2025, 11, 12), 7),
        ("?days=8", date(2025, 10, 14), date(2025, 11, 12), 30),
        ("?since=2025-11-01&until=2025-11-03", date(2025, 11, 1), date(2025, 11, 3), 0),
        ("?since=2025-11-01", date(2025, 11, 1), date(2025, 11, 12), 0),
        ("?since=2025-11-05&until=2025-11-03", date(2025, 10, 14), date(2025, 11, 12), 30),
        ("?since=2025-11-10&until=2999-01-01", date(2025, 11, 10), date(2025, 11, 12), 0),
        ("?since=0001-01-01", date(2025, 10, 14), date(2025, 11, 12), 30),
        ("?since=2025-02-30", date(2025, 10, 14), date(2025, 11, 12), 30),
        ("?since=rubbish&until=rubbish", date(2025, 10, 14), date(2025, 11, 12), 30),
    ],
)
def test_the_range_is_whole_days_of_the_community(address: str, first: date, last: date, days: int) -> None:
    assert chosen(address) == Range(first, last, days)


def test_a_range_is_compared_with_as_many_days_before() -> None:
    assert chosen("?days=7").before() == Range(date(2025, 10, 30), date(2025, 11, 5), 0)


@pytest.mark.parametrize(
    ("minutes", "words"), [(0.2, "1 分钟"), (12.4, "12 分钟"), (210, "3.5 小时"), (3024, "2.1 天")]
)
def test_spans_are_said_in_their_unit(minutes: float, words: str) -> None:
    assert minutes_words(minutes) == words


@pytest.mark.parametrize(
    ("now", "past", "words"),
    [(4.5, 4.0, "比上期多 0.5 分"), (4.0, 4.5, "比上期少 0.5 分"), (4.0, 4.01, ""), (4.0, None, "")],
)
def test_a_trend_is_said_where_it_shows(now: float, past: float | None, words: str) -> None:
    assert _difference(now, past, _score_words) == words


def test_the_page_shows_figures_charts_and_the_table(cast: Cast) -> None:
    report = cast.report(address="6幢1单元")
    cast.report("repair", by=cast.neighbour)
    transitions.claim_report(actor=cast.cleaner, report_id=report.pk)
    transitions.resolve_report(actor=cast.cleaner, report_id=report.pk, note="好了")
    transitions.confirm_report(actor=cast.resident, report_id=report.pk, score=4, comment="")
    words = open_page(cast.manager, "manage/stats").words
    for said in ("报单 2", "满意度 暂无", "张师傅 1 1 –", "卫生保洁 1", "水电报修 1", "已完成 1", "6幢"):
        assert said in words
    assert "评价不满 5 个，先不算平均分" in words
    assert "比上期" not in words  # there was none


def test_the_count_is_set_against_the_days_before(cast: Cast) -> None:
    for _n in range(3):
        cast.report()
    old = cast.report()
    Report.objects.filter(pk=old.pk).update(created_at=timezone.now() - timedelta(days=10))
    words = open_page(cast.manager, "manage/stats?days=7").words
    assert "报单 3 比上期多 2 条" in words
    assert "“比上期”是" in words


def test_columns_count_days_and_long_ranges_by_several(cast: Cast) -> None:
    cast.report()
    assert "每天的报单" in open_page(cast.manager, "manage/stats?days=30").words
    long = open_page(cast.manager, "manage/stats?days=90")
    assert "每 7 天的报单" in long.words
    assert long.html.count("<rect") - long.html.count("<rect width") == 13


def test_no_reports_is_said_in_words(cast: Cast) -> None:
    page = open_page(cast.manager, "manage/stats")
    assert "这段时间没有报单" in page.words
    assert "满意度 暂无" in page.words


def test_a_day_that_is_none_does_no_harm(cast: Cast) -> None:
    assert open_page(cast.manager, "manage/stats?since=9999-12-31&until=x").status == 200
    assert open_page(cast.manager, "manage/stats?since=0001-01-01").status == 200


@pytest.mark.parametrize(
    ("values", "line"),
    [
        ([1, 3, 2], "0.0,22.0 50.0,2.0 100.0,12.0"),
        ([None, 4, None, 4], "33.3,22.0 100.0,22.0"),
        ([None, 5, None], ""),
        ([None, None], ""),
    ],
)
def test_a_course_is_drawn_over_what_is_known(values: list[float | None], line: str) -> None:
    assert _line(values) == line


def test_a_bar_leads_to_the_reports_that_it_counts(cast: Cast) -> None:
    cast.report("repair", title="水管漏水", address="6幢1单元")
    page = open_page(cast.manager, "manage/stats?days=7")
    links = {link for link in page.links() if link.startswith("/h5/manage?") and "since=" in link}
    assert len(links) == 3
    for link in links:
        assert "水管漏水" in open_page(cast.manager, link.removeprefix("/h5/")).words


def test_who_sees_only_figures_is_offered_no_lists(cast: Cast) -> None:
    person = make_person("会计")
    bind(person, role_of(cast.community, "cleaner"))
    assign_perm("view_statistics", person, cast.community)
    cast.report()
    page = open_page(person, "manage/stats")
    assert "卫生保洁" in page.words
    assert not [link for link in page.links() if link.startswith("/h5/manage?")]
