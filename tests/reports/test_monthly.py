"""The monthly report: a month's figures, named, in a workbook that can be filed."""

import io
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from openpyxl import load_workbook

from accounts.models import Record, User
from community_report.core.errors import Invalid
from reports.models import Category, Report
from reports.monthly import month_of, monthly, workbook
from reports.services import transitions as verbs
from tests.factories import Cast, refile

OCTOBER = date(2026, 10, 1)


def filed(cast: Cast, day: str, **fields: Any) -> Report:
    report = cast.report(**fields)
    at = datetime.fromisoformat(f"{day}T00:00").replace(tzinfo=ZoneInfo("Asia/Shanghai"))
    refile(report, at)
    return report


def rows(report: Any, name: str) -> dict[str, list[Any]]:
    return {row[0]: row[1:] for table in report.tables if table.name == name for row in table.rows}


def test_a_month_and_the_one_before_on_the_communitys_calendar(cast: Cast) -> None:
    for day in ("2026-10-01", "2026-10-31", "2026-09-30", "2026-11-01"):
        filed(cast, day)
    report = monthly(cast.community, OCTOBER)
    assert rows(report, "概览")["报单总数"] == [2, 1]
    assert rows(report, "按分类")["卫生保洁"] == [2, "100.0%"]
    assert rows(report, "概览")["平均评分"] == ["—", "—"]


def test_categories_of_one_name_are_two_rows(cast: Cast) -> None:
    Category.objects.create(community=cast.community, slug="indoor", name="卫生保洁")
    for category in ("hygiene", "indoor", "indoor"):
        filed(cast, "2026-10-02", category=category)
    found = rows(monthly(cast.community, OCTOBER), "按分类")
    assert (found["卫生保洁 (hygiene)"][0], found["卫生保洁 (indoor)"][0]) == (1, 2)
    assert sum(row[0] for row in found.values()) == 3


def test_a_score_of_few_is_not_shown(cast: Cast) -> None:
    report = filed(cast, "2026-10-02")
    verbs.claim_report(actor=cast.cleaner, report_id=report.pk)
    verbs.resolve_report(actor=cast.cleaner, report_id=report.pk, note="好了")
    verbs.confirm_report(actor=cast.resident, report_id=report.pk, score=2)
    found = monthly(cast.community, OCTOBER)
    assert rows(found, "按人员")["张师傅"] == [1, 1, "—", 1]
    assert rows(found, "概览")["平均评分"] == ["—", "—"]


def test_the_workbook_has_a_sheet_for_each_table(cast: Cast) -> None:
    filed(cast, "2026-10-02")
    with workbook(monthly(cast.community, OCTOBER)) as file:
        book = load_workbook(file)
    assert book.sheetnames == ["概览", "按分类", "按状态", "按楼栋", "按人员"]
    assert book["概览"]["A1"].value == "府琛花园 2026-10 物业服务月报"
    assert [cell.value for cell in book["概览"][5]] == ["报单总数", 1, 0]


@pytest.mark.parametrize("word", ["2026-13", "x", "1999-01", "2999-01"])
def test_a_month_that_is_none_is_refused(cast: Cast, word: str) -> None:
    with pytest.raises(Invalid):
        month_of(word, cast.community)


def test_the_command_writes_the_file(cast: Cast, tmp_path: Path) -> None:
    call_command("monthly_report", "fuchen", month="2026-10", output=tmp_path / "r.xlsx")
    assert load_workbook(tmp_path / "r.xlsx").sheetnames[0] == "概览"
    with pytest.raises(CommandError):
        call_command("monthly_report", "nowhere")


def get(person: User, address: str) -> Any:
    client = Client()
    client.force_login(person, backend="accounts.auth.ManagerBackend")
    return client.get(address)


def test_the_back_office_shows_it_to_the_own_managers(cast: Cast) -> None:
    filed(cast, "2026-10-02")
    page = get(cast.manager, "/admin/monthly?community=fuchen&month=2026-10")
    assert "府琛花园 2026-10 物业服务月报" in page.content.decode()
    answer = get(cast.manager, "/admin/monthly?month=2026-10&form=xlsx")
    assert load_workbook(io.BytesIO(b"".join(answer.streaming_content))).sheetnames[0] == "概览"
    assert Record.objects.filter(action="export", actor=cast.manager).count() == 1
    assert get(cast.manager, "/admin/monthly?month=x").status_code == 400
    assert get(cast.other_manager, "/admin/monthly?community=fuchen").status_code == 403
    assert get(cast.resident, "/admin/monthly?community=fuchen").status_code == 302
