"""A notice from the desk to a resident's phone: written beside its preview, counted, with a picture, and withdrawn."""

from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from .conftest import Demo

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("demo")]
Phone = Callable[[str], Page]
Desk = Callable[[str], Page]


@pytest.fixture
def desk(open_desk: Desk) -> Page:
    return open_desk("/admin/notices/notice/add/")


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    file = tmp_path / "pump.jpg"
    Image.new("RGB", (640, 480), "red").save(file)
    return file


def test_from_the_desk_to_the_phone(demo: Demo, desk: Page, phone: Phone, picture: Path, tmp_path: Path) -> None:
    title = f"停水 {uuid4().hex[:6]}"
    seen = desk.frame_locator("[data-phone]")
    desk.locator("[name=title]").fill(title)
    desk.locator("[name=body]").fill("明早九点停水\n详见 https://example.com/water")
    expect(seen.get_by_role("heading", name=title)).to_be_visible()
    expect(seen.get_by_role("link", name="https://example.com/water")).to_be_visible()

    # What is no picture is refused at once; what is one stands in the preview.
    fake = tmp_path / "fake.jpg"
    fake.write_text("<script>alert(1)</script>")
    desk.locator("[data-pictures] input[type=file]").set_input_files([fake, picture])
    expect(desk.locator("[data-problem]")).to_contain_text("fake.jpg")
    expect(desk.locator("[data-tiles] li")).to_have_count(1)
    expect(seen.locator("[data-picture] img")).to_have_count(1)

    # The number follows the choice, and the button says what it will do.
    reach = desk.locator("[data-reach-words] [data-people]")
    everybody = reach.get_attribute("data-people")
    desk.get_by_label("业主", exact=True).check()
    expect(reach).not_to_have_attribute("data-people", str(everybody))
    residents = reach.get_attribute("data-people")
    expect(reach).to_contain_text("能在微信收到")
    send = desk.locator("[data-send]")
    desk.locator("[name=publish_at_0]").fill("2099/01/02")
    desk.locator("[name=publish_at_1]").fill("09:00:00")
    expect(send).to_have_text("定时发布：2099-01-02 09:00")
    for name in ("publish_at_0", "publish_at_1"):
        desk.locator(f"[name={name}]").fill("")
    expect(send).to_have_text("马上发布")
    send.click()
    desk.locator("#result_list").get_by_role("link", name=title).click()
    path = "/h5/notices/" + desk.url.split("/notice/")[1].split("/")[0]

    resident = phone("zhao")
    resident.goto(demo.page_of("zhao", path))
    expect(resident.get_by_role("heading", name=title)).to_be_visible()
    image = resident.locator("[data-picture] img")
    expect(image).to_be_visible(timeout=30_000)  # by itself, once it has arrived
    expect(resident.get_by_role("link", name="https://example.com/water")).to_have_attribute("rel", "nofollow")
    image.tap()
    expect(resident.get_by_role("dialog")).to_be_visible()

    desk.reload()
    figures = desk.locator(".notice-figures")
    expect(figures).to_contain_text("已读1")
    expect(figures.locator("a")).to_have_text(str(int(str(residents)) - 1))
    desk.get_by_role("link", name="撤回").click()
    desk.get_by_role("button", name="撤回").click()
    expect(desk.locator(".notice-state")).to_contain_text("陈经理 在")
    resident.goto(demo.page_of("zhao", path))
    expect(resident.get_by_role("heading", name="这条公告已撤回")).to_be_visible()


def test_on_the_managers_phone_it_is_looked_at_before_it_goes(demo: Demo, phone: Phone, picture: Path) -> None:
    title = f"停电 {uuid4().hex[:6]}"
    page = phone("chen")
    page.context.route("**/jweixin*", lambda route: route.abort())
    page.goto(demo.page_of("chen", "/h5/notices/new"))
    page.get_by_label("标题").fill(title)
    page.get_by_label("正文").fill("今晚停电")
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name="加照片").tap()
    chooser.value.set_files(picture)
    page.get_by_label("到期时间").fill("2020-01-01T08:00")
    page.get_by_role("button", name="预览").tap()
    expect(page.locator("[data-error=expires_at]")).to_have_text("到期时间要晚于发布时间")
    page.get_by_label("到期时间").fill("2099-01-01T08:00")
    page.get_by_role("button", name="预览").tap()
    sheet = page.locator("#preview-sheet")
    expect(sheet.get_by_role("heading", name=title)).to_be_visible()
    expect(sheet.locator("[data-picture] img")).to_be_visible()
    expect(sheet.locator("#what-happens")).to_contain_text("马上发给")
    sheet.get_by_role("button", name="马上发布").tap()
    expect(page.get_by_text("有效期至")).to_be_visible()
    expect(page.locator("[data-picture] img")).to_be_visible(timeout=30_000)
