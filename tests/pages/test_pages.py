"""Every page of residents: for each kind of person, without a session, in both languages, and free of inline code."""

import re
from html import unescape
from urllib.parse import parse_qs, urlsplit

import pytest
from django.conf import settings
from django.test import Client

from tests.factories import Cast

from .opening import browser_of, open_page

PAGES = [
    "",
    "bind",
    "bind?community=fuchen",
    "bind?community=nowhere",
    "bind?invite=nothing",
    "reports/new",
    "reports/new?category=hygiene&community=fuchen",
    "reports",
    "reports?show=followed",
    "board",
    "board?q=x&show=done",
]
PEOPLE = ["resident", "neighbour", "cleaner", "manager", "stranger", "other_manager"]
TITLE = re.compile(r"<title>(.*?)</title>", re.DOTALL)
NAMES = [
    "府琛花园",
    "留香苑",
    "李阿姨",
    "王先生",
    "张师傅",
    "赵师傅",
    "孙师傅",
    "陈经理",
    "周经理",
    "卫生保洁",
    "水电报修",
    "失物招领",
    "保洁员",
    "水电工",
    "简体中文",  # a language names itself
]
#: What the content security policy would refuse: inline scripts, handlers, styles, other origins.
REFUSED = re.compile(
    r"<script(?![^>]*(?:\bsrc=|application/json))|\son\w+=|\sstyle=|javascript:|(?:src|href)=\"https?:"
)


@pytest.mark.parametrize("person", PEOPLE)
def test_everybody_is_answered(cast: Cast, person: str) -> None:
    cast.report()
    cast.report("lost", title="捡到一串钥匙")
    browser = browser_of(getattr(cast, person))
    for path in PAGES:
        page = open_page(None, path, browser)
        assert page.status == 200, path
        title = TITLE.search(page.html)
        assert title is not None
        assert 0 < len(unescape(title.group(1))) <= 8, path
        assert not REFUSED.search(page.html), (path, REFUSED.search(page.html))
        assert "<h1" in page.html, path
    assert "csrftoken" in browser.cookies


@pytest.mark.parametrize("path", PAGES)
def test_without_a_session_the_page_goes_to_the_login(cast: Cast, path: str) -> None:
    page = open_page(None, path)
    assert page.status == 302
    target = urlsplit(page.location)
    assert target.path == "/wechat/oauth/start"
    assert parse_qs(target.query)["next"] == [f"/h5/{path}"]


@pytest.mark.parametrize("person", ["resident", "cleaner", "manager", "stranger"])
def test_english_has_no_chinese_left(cast: Cast, person: str) -> None:
    """Names and what people wrote stay as they are."""
    report = cast.report(title="rubbish", description="since yesterday", address="here")
    browser = browser_of(getattr(cast, person))
    browser.cookies[settings.LANGUAGE_COOKIE_NAME] = "en"
    for path in [*PAGES, f"reports/{report.pk}"]:
        page = open_page(None, path, browser)
        words = page.words.split('{"', 1)[0]  # the catalogue of the scripts maps Chinese to English
        for name in NAMES:
            words = words.replace(name, "")
        left = re.sub(r"\d幢\d单元\d+|\d幢|\d单元", "", words)
        assert not re.findall(r"[\u4e00-\u9fff]+", left), path


def test_a_form_that_stood_open_too_long_says_so(cast: Cast) -> None:
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(cast.resident, backend="accounts.auth.ManagerBackend")
    answer = browser.post(f"/h5/reports/{cast.report().pk}/do", {"do": "urge", "csrfmiddlewaretoken": "old"})
    assert answer.status_code == 403
    assert "刷新后再提交" in answer.content.decode()


def test_the_page_speaks_the_language_of_the_person(cast: Cast) -> None:
    cast.resident.language = "en"
    cast.resident.save()
    page = open_page(cast.resident, "reports/new")
    assert '<html lang="en"' in page.html
    assert "Tap to speak" in page.words


def test_scripts_get_their_english(cast: Cast) -> None:
    browser = browser_of(cast.resident)
    assert 'id="words"' not in open_page(None, "reports/new", browser).html
    browser.cookies[settings.LANGUAGE_COOKIE_NAME] = "en"
    page = open_page(None, "reports/new", browser)
    assert '<script id="words" type="application/json">' in page.html
    assert "Remove this picture" in page.html


def test_large_type_is_remembered_by_a_cookie(cast: Cast) -> None:
    browser = browser_of(cast.resident)
    assert "data-type" not in open_page(None, "", browser).html
    browser.cookies["type"] = "large"
    assert 'data-type="large"' in open_page(None, "", browser).html


@pytest.mark.parametrize(
    ("person", "entries"),
    [
        ("resident", ["/h5/", "/h5/reports", "/h5/notices", "/h5/board", "/h5/me"]),
        ("cleaner", ["/h5/", "/h5/work", "/h5/notices", "/h5/inbox", "/h5/me"]),
        ("manager", ["/h5/", "/h5/manage", "/h5/notices", "/h5/inbox", "/h5/me"]),
        ("stranger", []),
    ],
)
def test_the_bottom_bar_follows_the_role(cast: Cast, person: str, entries: list[str]) -> None:
    html = open_page(getattr(cast, person), "").html
    bar = html.partition('class="nav-bottom"')[2].partition("</nav>")[0]
    assert re.findall(r'<a href="([^"]+)"', bar) == entries
    assert bar.count('aria-current="page"') == (1 if entries else 0)
