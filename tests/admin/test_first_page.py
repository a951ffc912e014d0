"""The desk's first page: what waits is counted, and every figure leads to the list of what it counts."""

from datetime import date
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from guardian.shortcuts import remove_perm

from accounts.models import Community, Membership
from dispatch.models import Delivery, Outbox
from reports.models import Report
from reports.services import transitions
from tests.admin.test_admin import client_of
from tests.factories import Cast, bind, make_community, make_home, make_person, role_of


def first_page(cast: Cast, query: str = "") -> Any:
    return client_of(cast.manager).get(f"/admin/{query}").context


def listed(cast: Cast, href: str) -> list[Any]:
    answer = client_of(cast.manager).get(href)
    assert answer.status_code == 200, href
    return list(answer.context["cl"].result_list)


def test_rows_lead_to_the_reports_that_they_count(cast: Cast) -> None:
    for category in ("hygiene", "hygiene", "repair"):
        cast.report(category)
    done = Report.objects.filter(category__slug="repair").get()
    transitions.claim_report(actor=cast.plumber, report_id=done.pk)
    transitions.release_report(actor=cast.plumber, report_id=done.pk, reason="太忙")
    page = first_page(cast)
    rows = [row for table in page["tables"] for row in table["rows"]]
    assert {row["name"]: row["filed"] for row in rows} == {"卫生保洁": 2, "水电报修": 1, "6幢": 3}
    assert {row["name"]: len(listed(cast, row["href"])) for row in rows} == {"卫生保洁": 2, "水电报修": 1, "6幢": 3}
    assert listed(cast, page["staff"][0]["href"]) == [done]
    assert page["charts"]["building"]["hrefs"] == [rows[-1]["href"]]


def test_namesakes_of_two_communities_lead_to_both(cast: Cast) -> None:
    second = make_community("second", "二期")
    bind(cast.manager, role_of(second, "manager"))
    bind(cast.resident, role_of(second, "resident"), make_home(second))
    there = cast.report()
    Report.objects.filter(pk=there.pk).update(community=second, category=second.categories.get(slug="hygiene"))
    cast.report()
    tables = {table["id"]: table["rows"] for table in first_page(cast)["tables"]}
    assert [row["filed"] for row in tables["category"]] == [2]
    assert len(listed(cast, tables["category"][0]["href"])) == 2
    assert [len(listed(cast, row["href"])) for row in tables["community"]] == [1, 1]


@pytest.mark.parametrize(("span", "there"), [("10 12", True), ("10 11", True), ("12 12", False), ("9 10", False)])
def test_a_span_of_days_has_its_last_day_whole(cast: Cast, span: str, there: bool) -> None:
    report = cast.report()
    Report.objects.filter(pk=report.pk).update(created_at="2026-03-11T23:30+08:00")
    first, last = (date(2026, 3, int(day)).isoformat() for day in span.split())
    found = listed(cast, f"/admin/reports/report/?created_at_from={first}&created_at_to={last}")
    assert found == ([report] if there else [])


def test_bindings_and_lost_messages_wait_on_the_first_page(cast: Cast) -> None:
    asking = Membership.objects.create(
        user=cast.stranger,
        community=cast.community,
        role=role_of(cast.community, "resident"),
        name="新住户",
        status="pending",
    )
    elsewhere = make_person("别处的人")
    for user, community in ((cast.neighbour, cast.community), (elsewhere, cast.other_community)):
        box = Outbox.objects.create(kind="assigned", key=f"lost {user.pk}", community=community)
        Delivery.objects.create(
            user=user, community=community, outbox=box, kind="assigned", status="dead", due_at=box.created_at
        )
    waiting = {item.label: item for item in first_page(cast)["waiting"]}
    assert (waiting["待审核的绑定"].count, waiting["消息没有送达"].count) == (1, 1)
    assert listed(cast, waiting["待审核的绑定"].href) == [asking]
    assert [row.user for row in listed(cast, waiting["消息没有送达"].href)] == [cast.neighbour]


def test_a_community_chosen_narrows_what_waits(cast: Cast) -> None:
    bind(cast.manager, role_of(cast.other_community, "manager"))
    page = first_page(cast, f"?community={cast.other_community.slug}")
    other = Community.objects.get(slug="other")
    for item in page["waiting"]:
        assert dict(parse_qsl(urlsplit(item.href).query))["community__id__exact"] == str(other.pk)
        assert listed(cast, item.href) == []


def test_lists_have_the_days_of_the_communitys_clock(cast: Cast) -> None:
    """Counted from midnight in Auckland, which is neither midnight nor the same day for who manages in two zones."""
    Community.objects.filter(pk=cast.community.pk).update(timezone="Pacific/Auckland")
    bind(cast.manager, role_of(cast.other_community, "manager"))
    inside, before = cast.report(), cast.report()
    Report.objects.filter(pk=inside.pk).update(created_at="2026-07-01T12:05Z")
    Report.objects.filter(pk=before.pk).update(created_at="2026-07-01T11:55Z")
    page = first_page(cast, f"?community={cast.community.slug}&since=2026-07-02&until=2026-07-02")
    (row,) = next(table["rows"] for table in page["tables"] if table["id"] == "category")
    assert row["filed"] == 1
    assert listed(cast, row["href"]) == [inside]
    assert len(listed(cast, row["href"].replace("Pacific%2FAuckland", "x"))) == 0  # no such zone: the reader's own day


def test_who_sees_the_figures_of_one_community_is_led_to_its_rows_alone(cast: Cast) -> None:
    """Though they manage the reports of another, too."""
    staff = role_of(cast.other_community, "manager")
    remove_perm("view_statistics", staff.group, cast.other_community)
    bind(cast.manager, staff)
    bind(cast.resident, role_of(cast.other_community, "resident"), make_home(cast.other_community))
    mine, other = cast.report(), cast.report()
    there = cast.other_community.categories.get(slug="hygiene")
    Report.objects.filter(pk=other.pk).update(community=cast.other_community, category=there)
    waiting = first_page(cast)["waiting"][0]
    assert (waiting.count, listed(cast, waiting.href)) == (1, [mine])
