"""Lists of the back office as files: what the list shows, of one's own communities, and recorded."""

import csv
import io
from typing import Any

import pytest
from django.test import Client
from openpyxl import load_workbook

from accounts.models import Community, Membership, Record, User
from community_report.core.admin_export import EXPORTED
from reports.models import Report
from reports.services.transitions import merge_report
from tests.factories import Cast, bind, make_person, role_of


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="accounts.auth.ManagerBackend")
    return client


def address(label: str) -> str:
    return "/admin/{}/{}/".format(*label.lower().split("."))


def table(answer: Any) -> list[list[str]]:
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    return list(csv.reader(io.StringIO(text, newline="")))


def test_reports_as_the_list_has_them(cast: Cast) -> None:
    hidden, shown = cast.report(title="楼道灯不亮"), cast.report(title="=1+1")
    client = client_of(cast.manager)
    assert 'href="/admin/reports/report/export/csv?q=1' in client.get("/admin/reports/report/?q=1").content.decode()
    answer = client.get("/admin/reports/report/export/csv", {"q": shown.number})
    heading, row = table(answer)
    assert (heading[0], row[0], row[4]) == ("编号", shown.number, "'=1+1")
    assert "李阿姨" in row
    assert hidden.number not in row
    assert "attachment" in answer["Content-Disposition"]


def test_times_in_a_file_are_those_of_the_list(cast: Cast) -> None:
    Community.objects.filter(pk=cast.community.pk).update(timezone="Pacific/Auckland")
    report = cast.report()
    Report.objects.filter(pk=report.pk).update(created_at="2026-07-01T20:15Z")
    listed = "/admin/reports/report/"
    client = client_of(cast.manager)
    for day, found in (("2026-07-02", 1), ("2026-07-01", 0)):
        span = {"created_at_from": day, "created_at_to": day}
        assert len(client.get(listed, span).context["cl"].result_list) == found
    _heading, row = table(client.get(f"{listed}export/csv"))
    assert "2026-07-02 08:15" in row
    book = load_workbook(io.BytesIO(b"".join(client.get(f"{listed}export/xlsx").streaming_content)))
    assert "2026-07-02 08:15" in [cell.value for cell in book.worksheets[0][2]]


def test_who_telephoned_the_home_and_what_it_was_merged_into_go_out(cast: Cast) -> None:
    into, merged = cast.report(), cast.report(title="同一件事")
    merge_report(actor=cast.manager, report_id=merged.pk, into_id=into.pk)
    Report.objects.filter(pk=merged.pk).update(filed_by=cast.manager, caller={"name": "钱奶奶", "phone": "0571-8899"})
    heading, row = table(client_of(cast.manager).get("/admin/reports/report/export/csv", {"q": merged.number}))
    found = dict(zip(heading, row, strict=True))
    wanted = {
        "房屋": "6幢1单元401",
        "来电人": "钱奶奶",
        "来电号码": "0571-8899",
        "登记人": "陈经理",
        "合并到": into.number,
    }
    assert {name: found[name] for name in wanted} == wanted


def test_the_file_and_its_sheet_are_called_by_what_is_in_them(cast: Cast) -> None:
    answer = client_of(cast.manager).get("/admin/reports/report/export/xlsx")
    assert "filename*=utf-8''%E6%8A%A5%E5%8D%95-" in answer["Content-Disposition"]  # 报单
    assert load_workbook(io.BytesIO(b"".join(answer.streaming_content))).sheetnames == ["报单"]


def test_the_same_as_a_workbook(cast: Cast) -> None:
    report = cast.report()
    answer = client_of(cast.manager).get("/admin/reports/report/export/xlsx")
    sheet = load_workbook(io.BytesIO(b"".join(answer.streaming_content))).active
    assert [row[0].value for row in sheet.iter_rows()] == ["编号", report.number]


@pytest.mark.parametrize("label", sorted(EXPORTED))
def test_every_export_holds_the_own_communities_only_and_is_recorded(cast: Cast, label: str) -> None:
    report = cast.report()
    for person, sees in ((cast.manager, True), (cast.other_manager, False)):
        words = str(table(client_of(person).get(f"{address(label)}export/csv")))
        assert sees or not any(secret in words for secret in (report.number, "李阿姨", "6幢", "府琛花园"))
    assert Record.objects.filter(action="export", actor=cast.manager, community=cast.community).count() == 1


@pytest.mark.parametrize("label", sorted(EXPORTED))
def test_nobody_else_exports(cast: Cast, label: str) -> None:
    for person in (cast.resident, cast.cleaner, cast.stranger):
        assert client_of(person).get(f"{address(label)}export/csv").status_code == 302


def test_a_roster_that_went_out_comes_back_unchanged(cast: Cast, tmp_path: Any) -> None:
    from accounts.services.roster_file import read_roster_file
    from accounts.services.roster_resource import import_roster

    answer = client_of(cast.manager).get("/admin/accounts/rosterentry/export/csv")
    (tmp_path / "r.csv").write_bytes(b"".join(answer.streaming_content))
    result = import_roster(community=cast.community, rows=read_roster_file(tmp_path / "r.csv"))
    assert (result.added, result.updated, result.unchanged, result.rejected) == (0, 0, 2, [])


def test_people_go_out_with_role_home_and_status_of_the_own_community(cast: Cast) -> None:
    bind(cast.cleaner, role_of(cast.other_community, "manager"))
    waiting = make_person("新来的")
    Membership.objects.create(
        user=waiting, community=cast.community, role=role_of(cast.community, "resident"), status="pending",
        name="周新", phone="13900000099", stated_home={"building": "8幢", "unit": "", "room": "801"},
    )  # fmt: skip
    client = client_of(cast.manager)
    people = {row[0]: row[2:6] for row in table(client.get("/admin/accounts/user/export/csv"))}
    home = str(cast.resident.memberships.get().home)
    assert people["李阿姨"] == ["府琛花园", "业主", home, "有效"]
    assert people["张师傅"] == ["府琛花园", "保洁员", "", "有效"]
    assert people["新来的"] == ["府琛花园", "业主", "", "待审核"]
    bindings = {row[0]: row for row in table(client.get("/admin/accounts/membership/export/csv"))}
    assert bindings["周新"][4:8] == ["8幢", "", "801", "待审核"]
    assert bindings["张师傅"][2] == "保洁员"
