"""/h5/me: who one is here, what one is told, one's data, and leaving."""

import json
import re

import pytest

from accounts.models import Membership, User
from tests.factories import Cast, bind, role_of

from .opening import browser_of, open_page


def switch(html: str, kind: str) -> str:
    found = re.search(rf'<input[^>]*data-kind="{kind}"[^>]*>', html)
    assert found, kind
    return found[0]


def test_it_shows_homes_with_what_became_of_them(cast: Cast) -> None:
    Membership.objects.create(
        user=cast.resident,
        community=cast.community,
        role=role_of(cast.community, "resident"),
        status="pending",
        stated_home={"building": "9幢", "unit": "1单元", "room": "101"},
    )
    words = open_page(cast.resident, "me").words
    assert "李阿姨" in words
    assert "6幢1单元401" in words
    assert "9幢1单元101 等待审核" in words
    assert "绑定另一套房屋" in words


def test_staff_see_their_roles(cast: Cast) -> None:
    bind(cast.cleaner, role_of(cast.community, "plumber"))
    assert "府琛花园 保洁员 · 府琛花园 水电工" in open_page(cast.cleaner, "me").words


@pytest.mark.parametrize(
    ("person", "told", "not_told"),
    [
        ("resident", {"claimed", "resolved", "notice", "board_post"}, {"new_report", "overdue"}),
        ("cleaner", {"new_report", "assigned", "urged", "notice"}, {"claimed", "overdue", "board_post"}),
        ("manager", {"unclaimed", "overdue", "binding_pending"}, {"new_report", "resolved", "board_post"}),
    ],
)
def test_each_role_mutes_what_it_is_told(cast: Cast, person: str, told: set[str], not_told: set[str]) -> None:
    html = open_page(getattr(cast, person), "me").html
    offered = set(re.findall(r'data-kind="(\w+)"', html))
    assert told <= offered
    assert not offered & not_told


def test_what_is_muted_is_off(cast: Cast) -> None:
    User.objects.filter(pk=cast.resident.pk).update(muted_kinds=["claimed"])
    html = open_page(cast.resident, "me").html
    assert "checked" not in switch(html, "claimed")
    assert "checked" in switch(html, "resolved")
    assert "checked" in switch(html, "board_post")
    assert json.dumps(["claimed"]) in html


def test_the_board_begins_switched_off(cast: Cast) -> None:
    assert "checked" not in switch(open_page(cast.resident, "me").html, "board_post")


def test_quiet_hours_are_shown_as_they_are(cast: Cast) -> None:
    off = open_page(cast.resident, "me").html
    assert 'id="quiet-times" hidden' in off
    User.objects.filter(pk=cast.resident.pk).update(quiet_hours=["21:30", "06:45"])
    on = open_page(cast.resident, "me").html
    assert 'id="quiet-times" hidden' not in on
    assert 'value="21:30"' in on
    assert 'value="06:45"' in on


def test_who_is_bound_nowhere_yet_chooses_large_type_and_language_without_scripts(cast: Cast) -> None:
    for page in ("", "bind", "bind?community=fuchen"):
        assert 'action="/h5/me/comfort"' in open_page(cast.stranger, page).html
    browser = browser_of(cast.stranger)
    answer = browser.post("/h5/me/comfort", {"type": "large", "next": "/h5/bind"})
    assert (answer.status_code, answer["Location"]) == (302, "/h5/bind")
    assert browser.cookies["type"]["max-age"] == 365 * 24 * 3600
    assert 'data-type="large"' in open_page(None, "bind", browser).html
    browser.post("/h5/me/comfort", {"language": "en", "next": "https://elsewhere.example"})
    page = open_page(None, "", browser)
    assert ('lang="en"' in page.html, "简体中文" in page.words) == (True, True)
    assert browser.post("/h5/me/comfort", {"type": "usual"}).status_code == 204
    assert 'data-type="large"' not in open_page(None, "", browser).html
    assert browser_of(None).post("/h5/me/comfort", {"type": "large"}).status_code == 302


def test_large_type_is_the_cookies(cast: Cast) -> None:
    client = browser_of(cast.resident)
    assert 'data-type="large"' not in open_page(None, "me", client).html
    client.cookies["type"] = "large"
    html = open_page(None, "me", client).html
    assert 'data-type="large"' in html
    assert 'id="large" checked' in html


def test_it_speaks_the_persons_language(cast: Cast) -> None:
    User.objects.filter(pk=cast.resident.pk).update(language="en")
    html = open_page(cast.resident, "me").html
    assert '<html lang="en"' in html
    assert 'value="en" id="l-en" checked' in html


def test_data_can_be_taken_along_and_leaving_is_explained_first(cast: Cast) -> None:
    page = open_page(cast.resident, "me")
    assert "/api/v1/me/export" in page.links()
    assert "不能恢复。" in page.words
    assert 'name="sure"' in page.html


def test_who_is_nobody_yet_has_the_page_too(cast: Cast) -> None:
    page = open_page(cast.stranger, "me")
    assert page.status == 200
    assert "还没有绑定小区" in page.words
    assert "/h5/bind" in page.links()


@pytest.mark.parametrize("page", ["me", "inbox", "notices", "manage", "work"])
def test_no_page_has_inline_code_or_looks(cast: Cast, page: str) -> None:
    cast.report()
    bind(cast.manager, role_of(cast.community, "cleaner"))
    html = open_page(cast.manager, page).html
    assert not re.findall(r"<script(?![^>]*(?:src=|application/json))[^>]*>|\sstyle=|\son\w+=|<style", html)
