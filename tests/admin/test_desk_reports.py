"""Reports at the desk: found, moved on with a reason, and shown whole; the first page; queries that do not grow."""

import io
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from openpyxl import Workbook, load_workbook

from accounts.models import Membership
from dispatch.models import Outbox
from dispatch.services.routing import route
from reports.models import Report, ReportEvent
from reports.services import transitions
from reports.services.submit import Caller
from reports.statistics.book import write_book
from tests.admin.test_admin import client_of
from tests.factories import Cast

LIST = "/admin/reports/report/"


def found(cast: Cast, query: str) -> set[str]:
    answer = client_of(cast.manager).get(f"{LIST}?{query}")
    assert answer.status_code == 200
    return {report.number for report in answer.context["cl"].result_list}


def rated(cast: Cast, score: int, comment: str = "") -> Report:
    report = cast.report()
    transitions.claim_report(actor=cast.cleaner, report_id=report.pk)
    transitions.resolve_report(actor=cast.cleaner, report_id=report.pk, note="好了")
    return transitions.confirm_report(actor=cast.resident, report_id=report.pk, score=score, comment=comment)


def do(cast: Cast, verb: str, *reports: Report, **fields: str) -> None:
    chosen = {"action": verb, "apply": "1", "_selected_action": [str(report.pk) for report in reports]}
    client_of(cast.manager).post(LIST, {**chosen, **fields})
    for report in reports:
        report.refresh_from_db()


@pytest.mark.parametrize("words", ["李阿姨", "3900000001", "垃圾", "6幢4层", "李阿姨 垃圾"])
def test_a_search_finds_words_address_name_and_phone(cast: Cast, words: str) -> None:
    mine, other = (
        cast.report(),
        cast.report("repair", by=cast.neighbour, title="灯坏了", description="", address="门口"),
    )
    assert found(cast, f"q={words}") == {mine.number}
    assert found(cast, f"q={other.number}") == {other.number}
    assert found(cast, "q=李阿姨 灯坏了") == set()


def test_a_search_finds_the_bound_name_and_who_telephoned(cast: Cast) -> None:
    report, telephoned = cast.report(), cast.report(by=cast.neighbour)
    Membership.objects.filter(user=cast.resident).update(name="李桂芳")
    Report.objects.filter(pk=telephoned.pk).update(reporter=None, caller={"name": "钱奶奶", "phone": "0571-8899"})
    assert found(cast, "q=李桂芳") == {report.number}
    assert found(cast, "q=钱奶奶") == found(cast, "q=0571-88") == {telephoned.number}


def test_a_search_finds_the_home_of_who_reported_or_telephoned(cast: Cast) -> None:
    report = cast.report(address="北门")
    caller = Caller("钱奶奶", "0571-8899", {"building": "6幢", "unit": "1单元", "room": "999"})
    telephoned = cast.report(by=cast.manager, address="北门", on_behalf_of=caller)
    assert found(cast, "q=6幢1单元401") == {report.number}
    assert found(cast, "q=6幢1单元999") == {telephoned.number}
    assert found(cast, "q=6幢1单元 北门") == {report.number, telephoned.number}
    assert found(cast, "q=6幢1单元402") == set()


def test_what_needs_a_manager_is_one_click_away(cast: Cast) -> None:
    late, disputed, bad, fine = (cast.report() for _ in range(4))
    Report.objects.filter(pk=late.pk).update(claim_due_at="2026-01-01T00:00Z", due_at="2026-01-01T00:00Z")
    for report, score in ((disputed, None), (bad, 2), (fine, 3)):
        transitions.claim_report(actor=cast.cleaner, report_id=report.pk)
        transitions.resolve_report(actor=cast.cleaner, report_id=report.pk, note="好了")
        if score:
            transitions.confirm_report(actor=cast.resident, report_id=report.pk, score=score)
        else:
            transitions.reopen_report(actor=cast.resident, report_id=report.pk, reason="还是脏")
    assert found(cast, "need=unclaimed") == found(cast, "need=overdue") == {late.number}
    assert found(cast, "need=reopened") == {disputed.number}
    assert found(cast, "need=low_score") == {bad.number}
    assert found(cast, "need=open") == {late.number, disputed.number}
    page = client_of(cast.manager).get(LIST).content.decode()
    assert "超时没人接单 1" in page
    assert "业主说没解决 1" in page


def test_assigning_many_with_a_reason(cast: Cast) -> None:
    reports = [cast.report(), cast.report()]
    do(cast, "assign", *reports, user=str(cast.cleaner.pk), reason="今天他在")
    assert {report.claimed_by for report in reports} == {cast.cleaner}
    assert list(ReportEvent.objects.filter(kind="assign").values_list("note", flat=True)) == ["今天他在"] * 2


def test_recategorizing_many_with_a_reason(cast: Cast) -> None:
    reports = [cast.report(), cast.report()]
    repair = cast.community.categories.get(slug="repair")
    do(cast, "recategorize", *reports, category=str(repair.pk))
    assert {report.category.slug for report in reports} == {"hygiene"}
    do(cast, "recategorize", *reports, category=str(repair.pk), reason="是水管")
    assert {report.category.slug for report in reports} == {"repair"}


def test_merging_many_into_one_of_them(cast: Cast) -> None:
    into, *others = (cast.report(by=person) for person in (cast.resident, cast.neighbour, cast.neighbour))
    do(cast, "merge", into, *others, into=into.number, reason="同一件事")
    assert (into.status, {report.status for report in others}) == ("submitted", {"merged"})
    assert set(into.follows.values_list("user", flat=True)) == {cast.neighbour.pk}
    assert set(ReportEvent.objects.filter(kind="merge").values_list("note", flat=True)) == {"同一件事"}


def test_a_duplicate_leads_to_what_it_went_into_and_back(cast: Cast) -> None:
    into, other = cast.report(), cast.report(by=cast.neighbour)
    client = client_of(cast.manager)
    assert "合并和关注" not in client.get(f"{LIST}{into.pk}/change/").content.decode()
    do(cast, "merge", other, into=into.number, reason="同一件事")
    merged, kept = (client.get(f"{LIST}{report.pk}/change/").content.decode() for report in (other, into))
    assert merged.count(f'<a href="{LIST}{into.pk}/change/">{into.number}</a>') == 2  # beside its words, and in 经过
    assert f'<a href="{LIST}{other.pk}/change/">{other.number}</a>' in kept
    assert "关注的人" in kept
    assert "王先生" in kept


def test_too_many_at_once_are_refused(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("reports.admin.report.MOST_AT_ONCE", 1)
    reports = [cast.report(), cast.report()]
    do(cast, "dismiss", *reports, reason="重复")
    assert {report.status for report in reports} == {"submitted"}


def test_one_page_shows_all_of_a_report_and_what_can_be_done(cast: Cast) -> None:
    report, client = cast.report(), client_of(cast.manager)
    address = f"{LIST}{report.pk}/"
    transitions.claim_report(actor=cast.cleaner, report_id=report.pk)
    for box in Outbox.objects.filter(report=report):
        route(box.pk)
    page = client.get(f"{address}change/")
    assert [name for name, _label, _icon in page.context["verbs"]] == ["assign", "recategorize", "merge", "dismiss"]
    for words in ("待处理 → 处理中", "张师傅", "13900000001", "新报单"):
        assert words in page.content.decode()
    assert 'name="reason"' in client.get(f"{address}do/dismiss/").content.decode()
    client.post(f"{address}do/dismiss/", {"apply": "1", "reason": "不属实"})
    report.refresh_from_db()
    assert report.status == "dismissed"
    assert [verb[0] for verb in client.get(f"{address}change/").context["verbs"]] == ["restore"]
    assert client.get(f"{address}do/nonsense/").status_code == 404


def test_the_first_page_shows_the_figures_of_the_chosen_community_and_days(cast: Cast) -> None:
    cast.report()
    client = client_of(cast.manager)
    found = client.get("/admin/").context
    assert [item.count for item in found["waiting"]] == [1, 0, 0, 0, 0, 0]
    assert found["choice"].days == 30
    past = client.get("/admin/?since=2020-01-01&until=2020-01-05").context["found"]
    assert (past["totals"]["filed"], len(past["trend"]), past["now"]["open"]) == (0, 5, 1)
    foreign = client_of(cast.other_manager).get("/admin/?community=fuchen").context
    assert [item.count for item in foreign["waiting"]] == [0] * 6


@pytest.mark.parametrize(
    "query", ["since=x", "until=2026-13-01", "days=-1", "days=9999", "since=2026-02-01&until=2026-01-01"]
)
def test_days_that_make_no_sense_are_the_usual_ones(cast: Cast, query: str) -> None:
    """And the page says so where they were typed."""
    page = client_of(cast.manager).get(f"/admin/?{query}")
    assert page.context["choice"].days == 30
    assert ("下面是最近 30 天" in page.content.decode()) == ("since" in query or "until" in query)


@pytest.mark.parametrize(("number", "score"), [(4, "暂无"), (5, "3.0")])
def test_few_ratings_are_no_score(cast: Cast, number: int, score: str) -> None:
    for _ in range(number):
        rated(cast, 3)
    client = client_of(cast.manager)
    page = client.get("/admin/").context
    assert dict(page["totals"])[f"满意度（{number} 次评分）"] == score
    sheet = dict(row[:2] for row in _book(page["found"])["概况"].iter_rows(values_only=True))
    assert sheet["满意度"] == (3 if number == 5 else None)


def _book(found: Any) -> Workbook:
    return load_workbook(io.BytesIO(write_book(found)))


def test_who_may_not_see_figures_sees_none(cast: Cast) -> None:
    cast.manager.groups.clear()
    answer = client_of(cast.manager).get("/admin/")
    assert answer.status_code == 200
    assert "desk-charts" not in answer.content.decode()


LISTS = [
    "/admin/",
    LIST,
    f"{LIST}?need=unclaimed",
    f"{LIST}?q=垃圾",
    "/admin/reports/reportevent/",
    "/admin/reports/claim/",
    "/admin/dispatch/delivery/",
    "/admin/accounts/membership/",
    "/admin/accounts/rosterentry/",
    "/admin/accounts/user/",
]


def test_queries_do_not_depend_on_the_rows(cast: Cast) -> None:
    client = client_of(cast.manager)

    def queries() -> dict[str, int]:
        found = {}
        for address in LISTS:
            client.get(address)
            with CaptureQueriesContext(connection) as captured:
                client.get(address)
            found[address] = len(captured)
        return found

    def add(number: int) -> None:
        for report in [cast.report(by=cast.neighbour) for _ in range(number)]:
            transitions.claim_report(actor=cast.cleaner2, report_id=report.pk)

    add(2)
    few = queries()
    add(8)
    many = queries()
    assert {address: number for address, number in many.items() if number > few[address]} == {}


def test_a_report_shows_what_its_reporter_said_of_the_work(cast: Cast) -> None:
    report = rated(cast, 5, "又快又好")
    page = client_of(cast.manager).get(f"{LIST}{report.pk}/change/").content.decode()
    assert "5 · 又快又好" in page
