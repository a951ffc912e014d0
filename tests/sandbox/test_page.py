"""The JS-SDK and the page of the phones, in Chromium."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from devtools import chromium
from sandbox.client import SandboxClient
from tests.sandbox.conftest import Platform
from tests.sandbox.stub import Reply, StubApplication
from tests.sandbox.web import WebApplication

pytestmark = pytest.mark.browser
expect.set_options(timeout=20_000)  # milliseconds; a busy machine is late, what is wrong stays wrong
#: A picture in full, opened and closed.
PICTURE = """() => {
    window.addEventListener("popstate", () => (document.documentElement.dataset.closed = ""));
    history.pushState({ picture: true }, "");
    history.back();
}"""
TEMPLATE = {"id": "tpl", "title": "新工单提醒", "content": "标题:{{thing1.DATA}}"}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=str(chromium.find()), args=["--no-sandbox"])
        yield started
        started.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    # A page that still slides in is clicked beside: Playwright waits for what moves within a frame, not for the frame.
    context = browser.new_context(viewport={"width": 1600, "height": 1000}, locale="zh-CN", reduced_motion="reduce")
    yield context.new_page()
    context.close()


@pytest.fixture
def web(stub: StubApplication, platform: Platform) -> WebApplication:
    return WebApplication(stub, platform)


@pytest.fixture
def desk(page: Page, sandbox: SandboxClient, web: WebApplication) -> Page:
    """The page of the phones, unscaled: Playwright does not find its targets inside a scaled frame."""
    port = sandbox.url.rsplit(":", 1)[1]
    page.goto(f"http://localhost:{port}/?scale=1")
    expect(page.locator("html[data-live]")).to_be_attached()
    expect(page.locator(".phone")).to_have_count(4)
    return page


def open_page(page: Page, sandbox: SandboxClient, host: str = "li") -> None:
    page.goto(f"{sandbox.phone(host)['url']}/h5/first")
    expect(page.locator("html[data-sdk]")).to_be_attached()


def run(page: Page, name: str, **options: Any) -> dict[str, Any]:
    return dict(page.evaluate("([name, options]) => run(name, options)", [name, options]))


def test_sdk_takes_a_picture_to_the_platform(
    page: Page, sandbox: SandboxClient, web: WebApplication, platform: Platform
) -> None:
    open_page(page, sandbox)
    assert page.evaluate("results[0][0]") == "ready"
    chosen = run(page, "chooseImage", count=1)
    assert chosen["errMsg"] == "chooseImage:ok"
    (local,) = chosen["localIds"]
    assert "\n" in run(page, "getLocalImgData", localId=local)["localData"]
    uploaded = run(page, "uploadImage", localId=local, isShowProgressTips=0)
    got = platform.response("GET", "/cgi-bin/media/get", params={"media_id": uploaded["serverId"]})
    assert got.content.startswith(b"\xff\xd8")


def test_sdk_records_a_voice(page: Page, sandbox: SandboxClient, web: WebApplication, platform: Platform) -> None:
    open_page(page, sandbox, "zhang")
    assert run(page, "startRecord")["errMsg"] == "startRecord:ok"
    local = run(page, "stopRecord")["localId"]
    uploaded = run(page, "uploadVoice", localId=local)
    got = platform.response("GET", "/cgi-bin/media/get", params={"media_id": uploaded["serverId"]})
    assert got.content.startswith(b"#!AMR\n")


def test_sdk_uploads_one_at_a_time(page: Page, sandbox: SandboxClient, web: WebApplication) -> None:
    open_page(page, sandbox)
    (local,) = run(page, "chooseImage", count=1)["localIds"]
    both = "(localId) => Promise.all([run('uploadImage', { localId }), run('uploadImage', { localId })])"
    messages = sorted(result["errMsg"] for result in page.evaluate(both, local))
    assert messages == ["uploadImage:fail, another upload is running", "uploadImage:ok"]


def test_sdk_refuses_what_was_not_listed(page: Page, sandbox: SandboxClient, web: WebApplication) -> None:
    open_page(page, sandbox)
    refused = run(page, "openLocation", latitude=30, longitude=120)
    assert refused["errMsg"] == "openLocation:the permission value is offline verifying"
    checked = run(page, "checkJsApi", jsApiList=["chooseImage", "teleport"])
    assert checked["checkResult"] == {"chooseImage": True, "teleport": False}


def test_sdk_is_dead_after_a_wrong_signature(page: Page, sandbox: SandboxClient, web: WebApplication) -> None:
    web.broken_signature = True
    open_page(page, sandbox)
    assert page.evaluate("results") == [["error", {"errMsg": "config:invalid signature"}]]
    assert run(page, "chooseImage")["errMsg"] == "chooseImage:the permission value is offline verifying"


def test_chat_goes_both_ways(desk: Page, sandbox: SandboxClient, platform: Platform, li: str) -> None:
    phone = desk.locator('[data-phone="li"]')
    phone.locator(".input input").fill("楼道漏水")
    phone.get_by_role("button", name="发送").click()
    expect(phone.locator(".mine .bubble")).to_have_text("楼道漏水")
    platform.custom(li, '<a href="http://x.test/h5/">您收到消息</a>，<b>请查看</b>')
    expect(phone.locator(".row:not(.mine) .bubble")).to_have_text("您收到消息，<b>请查看</b>")
    expect(desk.locator(".feed .name").first).to_have_text("message/custom/send")


def test_a_link_opens_the_page_over_the_chat_and_logs_in(
    desk: Page, sandbox: SandboxClient, platform: Platform, stub: StubApplication
) -> None:
    sandbox.call("POST", "templates", json=TEMPLATE)
    zhang = sandbox.phone("zhang")["openid"]
    data = {"thing1": {"value": "楼道漏水"}}
    body = {"touser": zhang, "template_id": "tpl", "url": f"{stub.url}/h5/first", "data": data}
    assert platform.post("/cgi-bin/message/template/send", body)["errcode"] == 0
    phone = desk.locator('[data-phone="zhang"]')
    phone.locator(".card.template").click()
    bar = phone.locator(".browser .navigation")
    expect(bar.locator(".title")).to_have_text("/h5/first")
    frame = phone.frame_locator("iframe")
    frame.get_by_text("下一页").click()
    expect(bar.locator(".title")).to_have_text("/h5/second")
    assert "csrftoken=c5rf" in frame.locator("body").evaluate("() => document.cookie")
    frame.locator("body").evaluate(PICTURE)
    expect(frame.locator("html[data-closed]")).to_be_attached()  # and the page is still there
    frame.locator("body").evaluate("() => setTimeout(() => location.replace('/h5/second?sent=1'))")
    expect(frame.locator("html:not([data-closed])")).to_be_attached()
    expect(bar.locator(".title")).to_have_text("/h5/second")
    bar.get_by_role("button", name="返回").click()
    expect(bar.locator(".title")).to_have_text("/h5/first")
    sandbox.settings(enforce=False)
    platform.custom(zhang, "又一条")
    phone.locator(".banner").click()
    expect(phone.locator("iframe")).to_have_count(0)
    expect(phone.locator(".log")).to_contain_text("又一条")


def test_the_album_is_the_phones_own(desk: Page, sandbox: SandboxClient, stub: StubApplication) -> None:
    desk.evaluate("localStorage.setItem('tabs', '[\"visits\"]')")
    platform_menu = {"button": [{"type": "view", "name": "上报", "url": f"{stub.url}/h5/first"}]}
    Platform(sandbox.url).post("/cgi-bin/menu/create", platform_menu)
    phone = desk.locator('[data-phone="li"]')
    phone.get_by_role("button", name="上报").click()
    frame = phone.frame_locator("iframe").locator("body")
    expect(phone.locator(".browser .title")).to_have_text("/h5/first")
    frame.evaluate("() => new Promise((resolve) => wx.ready(resolve))")
    frame.evaluate("() => { window.picked = run('chooseImage', { count: 3 }); }")
    album = phone.get_by_role("dialog")
    album.get_by_role("button", name="路灯不亮").click()
    album.get_by_role("button", name="捡到钥匙").click()
    album.get_by_role("button", name="完成 (2)").click()
    assert len(frame.evaluate("() => window.picked.then((result) => result.localIds)")) == 2
    frame.evaluate("() => { window.picked = run('chooseImage', { count: 1 }); }")
    album.get_by_role("button", name="取消").click()
    assert frame.evaluate("() => window.picked.then((result) => result.errMsg)") == "chooseImage:cancel"
    assert [entry["event"] for entry in sandbox.journal(kind="callback")] == ["VIEW"]


def test_tour_follows_what_happens(
    desk: Page, sandbox: SandboxClient, platform: Platform, stub: StubApplication, li: str
) -> None:
    sandbox.settings(enforce=False)
    stub.answers["/api/v1/reports"] = lambda _: Reply("{}", status=201)
    done = desk.locator(".tour li.done h3")
    expect(desk.locator(".tour li.now")).to_contain_text("业主报单")
    sandbox.browse("li", "/api/v1/reports", "POST", json={})
    expect(done).to_have_count(1)
    for host in ("zhang", "wang"):
        platform.custom(sandbox.phone(host)["openid"])
    expect(done).to_have_count(2)
    sandbox.browse("wang", "/api/v1/reports/r1/claim", "POST", json={})
    expect(desk.locator(".tour li.now")).to_contain_text("在王师傅的手机上打开")
    sandbox.browse("wang", "/api/v1/reports/r1/resolve", "POST", json={})
    sandbox.browse("li", "/api/v1/reports/r1/confirm", "POST", json={})
    expect(desk.locator(".tour .finish")).to_be_visible()
    desk.get_by_role("button", name="重新开始").click()
    expect(done).to_have_count(0)


def test_trouble_is_made_and_ended(desk: Page, sandbox: SandboxClient) -> None:
    slow = desk.get_by_role("button", name="微信变慢")
    slow.click()
    expect(slow).to_have_attribute("aria-pressed", "true")
    (fault,) = sandbox.state()["faults"]
    assert (fault["kind"], fault["seconds"]) == ("slow", 4)
    slow.click()
    expect(slow).to_have_attribute("aria-pressed", "false")
    assert sandbox.state()["faults"] == []
    desk.get_by_role("button", name="张师傅取关").click()
    expect(desk.locator('[data-phone="zhang"]').get_by_role("button", name="关注公众号")).to_be_visible()
    assert sandbox.phone("zhang")["subscribed"] is False
    expect(desk.locator('[data-phone="zhang"] figcaption')).to_contain_text("已取消关注")


def test_what_to_watch_is_said_though_the_news_come_late(desk: Page) -> None:
    said = desk.evaluate(
        """async () => {
            const { Trouble } = await import("/static/trouble.js");
            const world = { state: { faults: [] }, phones: new Map() };
            const trouble = new Trouble(world);
            trouble.hint = "slow";
            trouble.draw();
            world.state.faults = [{ kind: "slow", match: "/cgi-bin/message/" }];
            trouble.draw();
            return document.getElementById("trouble-hint").textContent;
        }"""
    )
    assert said != ""


def test_a_phone_that_is_asked_for_is_seen(desk: Page) -> None:
    desk.set_viewport_size({"width": 1280, "height": 800})
    desk.get_by_role("button", name="赵先生 · ").click()
    expect(desk.locator('[data-phone="zhao"]')).to_be_in_viewport(ratio=0.5)


def test_the_other_language(desk: Page) -> None:
    desk.get_by_role("button", name="English").click()
    expect(desk.get_by_role("heading", name="Guided tour")).to_be_visible()
    expect(desk.locator("html")).to_have_attribute("lang", "en")
    expect(desk.get_by_role("navigation", name="Phones")).to_be_attached()
    expect(desk.locator('[data-phone="li"] figcaption')).to_have_text("李Mrs LiResident")
    expect(desk.get_by_role("button", name="Mr Zhao · Resident")).to_be_visible()
    desk.reload()
    expect(desk.locator(".tour li.now")).to_contain_text("The resident reports")


def test_scanning_a_code_that_the_account_made(desk: Page, sandbox: SandboxClient, platform: Platform) -> None:
    scene = {"action_name": "QR_LIMIT_STR_SCENE", "action_info": {"scene": {"scene_str": "c_fuchen"}}}
    platform.post("/cgi-bin/qrcode/create", scene)
    phone = desk.locator('[data-phone="chen"]')
    phone.get_by_role("button", name="返回").click()
    phone.get_by_role("button", name="扫一扫").click()
    phone.get_by_role("dialog").get_by_role("button", name="c_fuchen").click()
    (entry,) = sandbox.journal(wait=5, kind="callback", phone="chen")
    assert entry["event"] == "SCAN"
