"""Agreeing to a subscription message by WeChat's own button, and being sent it."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from .conftest import Demo

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("demo")]


def test_a_resident_agrees_and_the_account_counts_it(demo: Demo, phone: Callable[[str], Page]) -> None:
    page = phone("li")
    page.goto(demo.page_of("li", "/h5/me"))
    offer = page.locator("#subscribe")
    expect(offer).to_be_visible()
    before = offer.inner_text()  # how many are left, where there are some
    began = demo.sandbox.last()
    offer.get_by_role("button", name="通知我").tap()
    page.get_by_role("button", name="允许").tap()
    expect(page.get_by_text("好的，有进展会通知您")).to_be_visible()
    assert demo.sandbox.journal(after=began, wait=10, kind="callback", event="subscribe_msg_popup_event")
    page.reload()
    expect(offer).to_contain_text("还会提醒")
    assert offer.inner_text() != before
