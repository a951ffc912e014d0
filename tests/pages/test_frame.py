"""The frame of every page: icons that exist, pages of errors, words for times, the arrangement of buttons."""

import re
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.conf import settings
from django.db import OperationalError
from django.test import RequestFactory
from django.utils import translation

from community_report.core import when
from community_report.site.errors import server_error
from reports.buttons import DIRECT, GREEN, ICONS, PLAIN, buttons_for
from reports.sheets import TALK, sheets_of
from reports.states import TABLE, Action, Party, Status
from tests.factories import Cast

from .opening import browser_of

ROOT = Path(settings.BASE_DIR)
SHANGHAI = ZoneInfo("Asia/Shanghai")


def test_every_icon_that_is_named_is_drawn() -> None:
    drawn = set(re.findall(r'<symbol id="([a-z]+)"', (ROOT / "static/img/icons.svg").read_text()))
    templates = "".join(path.read_text() for path in (ROOT / "templates").rglob("*.html"))
    scripts = "".join(path.read_text() for path in (ROOT / "static/js").rglob("*.js"))
    named = set(re.findall(r'{% icon "([a-z]+)"', templates)) | set(re.findall(r'\bicon\("([a-z]+)"', scripts))
    named |= set(re.findall(r'icon_name="([a-z]+)"', templates)) | set(ICONS.values())
    assert named <= drawn


def test_no_template_has_inline_code() -> None:
    for path in (ROOT / "templates").rglob("*.html"):
        text = path.read_text()
        assert not re.search(r"\sstyle=|\son[a-z]+=\"|<style|<script(?![^>]*\bsrc=)", text), path


def test_the_page_of_an_outage_needs_no_database() -> None:
    try:
        raise OperationalError("gone")
    except OperationalError:
        response = server_error(RequestFactory().get("/h5/"))
    assert response.status_code == 503
    assert response["Retry-After"] == "5"
    assert "系统正在恢复" in response.content.decode()


def test_an_address_that_is_none_is_a_page_for_people(cast: Cast) -> None:
    response = browser_of(cast.resident).get("/h5/nowhere")
    assert response.status_code == 404
    assert "没有找到" in response.content.decode()
    assert 'class="nav-bottom"' in response.content.decode()


@pytest.mark.parametrize(
    ("moment", "clock", "ago"),
    [
        ("2026-11-23 12:00:30", "12:00", "刚刚"),
        ("2026-11-23 11:58:00", "11:58", "3 分钟前"),
        ("2026-11-23 09:12:00", "09:12", "2 小时前"),
        ("2026-11-22 09:12:00", "昨天 09:12", "昨天 09:12"),
        ("2026-11-03 09:12:00", "11月3日 09:12", "11月3日 09:12"),
        ("2025-11-03 09:12:00", "2025年11月3日 09:12", "2025年11月3日 09:12"),
    ],
)
def test_the_past_in_words(moment: str, clock: str, ago: str) -> None:
    with time_machine.travel(datetime(2026, 11, 23, 12, 1, 0, tzinfo=SHANGHAI), tick=False):
        at = datetime.fromisoformat(moment).replace(tzinfo=SHANGHAI)
        assert when.clock_words(at) == clock
        assert when.ago_words(at.isoformat()) == ago


@pytest.mark.parametrize(
    ("away", "words"),
    [
        (timedelta(minutes=59), "还剩 59 分钟"),
        (timedelta(hours=47), "还剩 47 小时"),
        (timedelta(hours=48), "还剩 2 天"),
        (timedelta(hours=71, minutes=59, seconds=58), "还剩 3 天"),
        (timedelta(hours=59), "还剩 2 天"),
        (timedelta(minutes=29, seconds=58), "还剩 30 分钟"),
        (timedelta(minutes=-1), "已超时 1 分钟"),
        (timedelta(seconds=20), "还剩 1 分钟"),
    ],
)
def test_the_time_left_in_words(away: timedelta, words: str) -> None:
    with time_machine.travel(datetime(2026, 11, 23, 12, 0, 0, tzinfo=SHANGHAI), tick=False):
        assert when.left_words(datetime.now(SHANGHAI) + away) == words


def test_days_and_english() -> None:
    with time_machine.travel(datetime(2026, 11, 23, 12, 0, 0, tzinfo=SHANGHAI), tick=False):
        now = datetime.now(SHANGHAI)
        assert [when.day_words(now + timedelta(days=n)) for n in (-1, 0, 1, 7)] == ["昨天", "今天", "明天", "11月30日"]
        with translation.override("en"):
            assert when.span_words(60) == "1 minute"
            assert when.span_words(120) == "2 minutes"
            assert when.day_words(now + timedelta(days=18)) == "Dec 11"
            assert when.day_words(now - timedelta(days=365)) == "Nov 23, 2025"
    assert when.clock_words(None) == when.left_words("rubbish") == ""


def test_every_action_of_the_table_has_its_place() -> None:
    """Nothing that may be done is missing from the page, and no more than one is green."""
    for status in Status:
        people = [a for (s, a), rule in TABLE.items() if s == status and rule.parties != {Party.SYSTEM}]
        buttons = buttons_for([action.value for action in people], status)
        shown = [button.name for button in (buttons.green, buttons.plain, *buttons.more) if button]
        hidden = {"claim"} if status == Status.CLAIMED else set()
        assert sorted(shown) == sorted({action.value for action in people} - hidden)
    assert not set(GREEN) & set(PLAIN)


def test_the_arrangement_of_buttons() -> None:
    staff = buttons_for(["claim", "ignore"], "submitted")
    assert staff.green is not None
    assert staff.plain is not None
    assert (staff.green.name, staff.green.direct, staff.plain.name, staff.more) == ("claim", True, "ignore", [])
    mine = buttons_for(["withdraw", "urge", "comment"], "submitted")
    assert mine.green is None
    assert [button.name for button in mine.more] == ["comment", "withdraw"]
    manager = buttons_for(["assign", "dismiss", "merge"], "submitted")
    assert manager.green is not None
    assert manager.green.name == "assign"
    assert not buttons_for(["claim"], "claimed").any
    assert Action.RESOLVE not in DIRECT


def test_every_sheet_has_its_form() -> None:
    sheets = {path.stem for path in (ROOT / "templates/reports/sheets").glob("*.html")}
    people = {a for (_, a), rule in TABLE.items() if rule.parties != {Party.SYSTEM}}
    assert sheets == {action.value for action in people - DIRECT} | {TALK, "form"}
    assert {sheet.name for sheet in sheets_of(sheets)} == sheets - {"form"}
