"""manage.py report_stats: the desk's figures, as JSON and as a workbook."""

import json
from datetime import date
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from openpyxl import load_workbook

from reports.services import transitions
from reports.statistics.desk import Period, desk_figures
from tests.factories import Cast


def stats(*arguments: str) -> Any:
    out = StringIO()
    call_command("report_stats", *arguments, stdout=out)
    return json.loads(out.getvalue())


def test_json_has_the_figures_of_the_page(cast: Cast) -> None:
    cast.report()
    found = stats("fuchen")
    assert (found["totals"]["filed"], found["now"]["open"], len(found["trend"])) == (1, 1, 30)
    period = Period(date.fromisoformat(found["since"]), date.fromisoformat(found["until"]))
    assert found == json.loads(json.dumps(desk_figures([cast.community.pk], period)))


def test_communities_and_period_narrow_it(cast: Cast) -> None:
    cast.report()
    assert stats()["totals"]["filed"] == 1
    assert stats("other")["totals"]["filed"] == 0
    found = stats("fuchen", "--since", "2020-01-01", "--until", "2020-01-03")
    assert (found["totals"]["filed"], [row["day"] for row in found["trend"]]) == (
        0,
        ["2020-01-01", "2020-01-02", "2020-01-03"],
    )


def test_the_workbook_has_a_sheet_for_each_part(cast: Cast, tmp_path: Path) -> None:
    cast.cleaner.display_name = "=1+1"
    cast.cleaner.save()
    report = cast.report()
    transitions.claim_report(actor=cast.cleaner, report_id=report.pk)
    file = tmp_path / "stats.xlsx"
    call_command("report_stats", "fuchen", "--format", "xlsx", "--output", str(file))
    book = load_workbook(file)
    assert book.sheetnames == ["概况", "每天", "按小区", "按分类", "按楼栋", "按时段", "工作人员"]
    overview = {row[0]: row[1] for row in book["概况"].iter_rows(values_only=True)}
    assert (overview["上报"], overview["现在未完成"], overview["满意度"]) == (1, 1, None)
    assert [row[:3] for row in book["按分类"].iter_rows(min_row=2, values_only=True)] == [("卫生保洁", 1, 1)]
    assert book["工作人员"]["A2"].value == "'=1+1"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nowhere"], "there is no community nowhere"),
        (["--since", "2026-02-01", "--until", "2026-01-01"], "--until is before --since"),
        (["--since", "yesterday"], "is no day like"),
        (["--format", "xlsx", "--output", "/nonexistent/x.xlsx"], "/nonexistent/x.xlsx"),
    ],
)
def test_what_makes_no_sense_is_said(cast: Cast, arguments: list[str], words: str) -> None:
    with pytest.raises(CommandError, match=words):
        call_command("report_stats", *arguments)
