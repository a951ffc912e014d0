"""The back office's first page: charts that are drawn, tables that say the same, a range that lives in the address."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("demo")]
Desk = Callable[[str], Page]

#: How many pixels of a canvas have any colour.
INK = """canvas => canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data
  .filter((value, at) => at % 4 === 3 && value > 0).length"""


def test_the_first_page_draws_what_its_tables_say(open_desk: Desk) -> None:
    page = open_desk("/admin/")
    charts = page.locator("canvas[data-chart]")
    expect(charts.first).to_be_visible()
    assert charts.count() >= 3
    for chart in charts.all():
        expect(chart).to_have_js_property("isConnected", True)
        page.wait_for_function(f"canvas => ({INK})(canvas) > 500", arg=chart.element_handle())
    trend = page.locator(".desk-pair", has=page.locator("[data-chart=trend]")).locator("tbody tr")
    filed = sum(int(row.locator("td").first.inner_text()) for row in trend.all())
    total = page.locator(".desk-span", has_text="上报的报单").locator("dd").first
    assert filed == int(total.inner_text()) > 0


def test_a_range_lives_in_the_address_and_what_waits_leads_to_its_list(open_desk: Desk) -> None:
    page = open_desk("/admin/")
    page.get_by_role("link", name="近 7 天").click()
    page.wait_for_url("**days=7**")
    trend = page.locator(".desk-pair", has=page.locator("[data-chart=trend]")).locator("tbody tr")
    expect(trend).to_have_count(7)
    waiting = page.locator(".desk-waiting a").first
    number = int(waiting.locator("b").inner_text())
    waiting.click()
    expect(page.locator("#result_list tbody tr")).to_have_count(number)


def test_the_charts_follow_the_theme(open_desk: Desk) -> None:
    page = open_desk("/admin/")
    chart = page.locator("[data-chart=trend]")
    page.wait_for_function(f"canvas => ({INK})(canvas) > 500", arg=chart.element_handle())
    light = chart.evaluate("canvas => canvas.toDataURL()")
    page.evaluate("document.documentElement.classList.toggle('dark')")
    page.wait_for_function("([canvas, before]) => canvas.toDataURL() !== before", arg=[chart.element_handle(), light])
    assert chart.evaluate("canvas => canvas.toDataURL()") != light
