"""Lists of any length: found by words, counted so far, whole page by page; compared with a look at each row."""

import re
from typing import Any

import pytest
from django.contrib import admin
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import Record
from community_report.core import admin as core_admin
from community_report.core.admin import BoundedPaginator
from dispatch.models import Delivery
from reports.models import Report, ReportEvent
from reports.services import transitions
from tests.factories import Cast

from .test_admin import client_of

TITLES = ("水管漏水", "漏", "漏出来的水", "Lift B2 坏了", "lift", "100% 满_了", r"斜\杠", "编号 251130")
WORDS = ("漏水", "漏", "水管漏", "管漏水", "LIFT b2", "lift", "b", "%", "_了", "\\", "251130", "1130", "满", "没有的词")


@pytest.mark.parametrize("words", WORDS)
def test_search_finds_what_holds_every_word_and_nothing_else(cast: Cast, words: str) -> None:
    for title in TITLES:
        cast.report(title=title)
    reports = list(Report.objects.all())
    texts = {report.pk: f"{report.number} {report.title} {report.description} {report.address}" for report in reports}
    for search, hidden in ((Report.objects.search, False), (lambda w: Report.objects.search(w, address=False), True)):
        wanted = {
            report.pk
            for report in reports
            if all(
                word.upper() in (texts[report.pk].removesuffix(report.address) if hidden else texts[report.pk]).upper()
                for word in words.split()
            )
        }
        assert {report.pk for report in search(words)} == wanted


def shown(cast: Cast, path: str, **query: Any) -> str:
    answer = client_of(cast.manager).get(f"/admin/{path}/", query)
    assert answer.status_code == 200, answer.get("Location")
    return answer.content.decode()


def test_lists_are_searched_by_number_people_and_words(cast: Cast) -> None:
    mine, other = cast.report(title="甲"), cast.report(title="乙")
    for report, staff in ((mine, cast.cleaner), (other, cast.cleaner2)):
        transitions.claim_report(actor=staff, report_id=report.pk)
    transitions.resolve_report(actor=cast.cleaner, report_id=mine.pk, note="换了阀门")
    for list_, words in (
        ("reports/reportevent", (mine.number, "阀门", "换")),
        ("reports/claim", (mine.number, "张师傅")),
        ("reports/report", (mine.number, "甲")),
        ("accounts/record", (mine.number, mine.number[-3:], "张师傅", "13800000001")),
    ):
        for word in words:
            page = shown(cast, list_, q=word)
            assert mine.number in page, (list_, word)
            assert other.number not in page, (list_, word)


def test_messages_are_searched_by_person_report_and_code(cast: Cast) -> None:
    report = cast.report()
    Delivery.objects.filter(report=report).delete()
    made = _delivery(cast, report, user=cast.cleaner, status="dead", code="43101")
    _delivery(cast, report, user=cast.plumber, status="delivered", code="")
    for word in ("43101", "张师", "13800000001"):
        page = shown(cast, "dispatch/delivery", q=word)
        assert str(made.pk) in page, word
        assert "孙师傅" not in page.partition("result_list")[2], word
    assert "孙师傅" in shown(cast, "dispatch/delivery", q=report.number).partition("result_list")[2]


def _delivery(cast: Cast, report: Report, **fields: Any) -> Delivery:
    from dispatch.models import Outbox

    box = Outbox.objects.get_or_create(key="x", kind="new_report", community=cast.community, report=report)[0]
    about = {"community": cast.community, "report": report, "kind": "new_report", "channel": "template"}
    return Delivery.objects.create(outbox=box, text="x", path="/", due_at=box.created_at, **about, **fields)


def test_a_count_ends_honestly_and_the_pages_up_to_there_are_whole(cast: Cast, monkeypatch: Any) -> None:
    reports = [cast.report(title=f"第{n}条") for n in range(7)]
    monkeypatch.setattr(admin.site.get_model_admin(Report), "list_per_page", 2)
    newest = [report.number for report in reversed(reports)]
    pages = [re.findall(r"第(\d)条", shown(cast, "reports/report", p=n)) for n in (1, 2, 3, 4)]
    assert [set(page) for page in pages] == [{"6", "5"}, {"4", "3"}, {"2", "1"}, {"0"}]
    monkeypatch.setattr(core_admin, "MOST_COUNTED", 4)
    assert re.search(r"\b4\+", shown(cast, "reports/report"))
    assert newest[3] in shown(cast, "reports/report", p=2)
    answer = client_of(cast.manager).get("/admin/reports/report/", {"p": 3})
    assert (answer.status_code, answer["Location"]) == (302, "/admin/reports/report/?e=1")
    monkeypatch.setattr(core_admin, "MOST_COUNTED", 7)
    assert "7+" not in shown(cast, "reports/report")


def test_no_more_rows_are_counted_than_are_told_of(cast: Cast, monkeypatch: Any) -> None:
    cast.report()
    monkeypatch.setattr(core_admin, "MOST_COUNTED", 3)
    with CaptureQueriesContext(connection) as caught:
        paginator = BoundedPaginator(ReportEvent.objects.select_related("report").order_by("-at"), 50)
        assert paginator.count == ReportEvent.objects.count()
    (counted, *_rest) = caught.captured_queries
    assert "LIMIT 4" in counted["sql"]
    assert "ORDER BY" not in counted["sql"]
    assert "JOIN" not in counted["sql"]


def test_records_of_a_person_are_found_though_the_subject_is_another(cast: Cast) -> None:
    Record.objects.create(community=cast.community, action="role_given", subject="保洁员", person=cast.plumber)
    assert "保洁员" in shown(cast, "accounts/record", q="孙师傅").partition("result_list")[2]
