"""Every page of the phones, by who sees it: what the screenshots and the browser tests walk through."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from playwright.sync_api import Locator, Page

#: Phones of sandbox/cast.toml.
RESIDENT, STAFF, MANAGER, NOBODY = "zhao", "liu", "chen", "guest"
#: With what the sandbox makes the last one's phone: the demonstration has none.
NEWCOMER = {"name": "新来的", "openid": "o-demo-nobody-at-all-0008"}
FLAGS = ["--no-sandbox", "--disable-quic", "--disable-background-networking", "--disable-component-update"]
WECHAT = (
    "Mozilla/5.0 (Linux; Android 13; M2012K11AC) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 "
    "Chrome/116.0.0.0 Mobile Safari/537.36 MMWEBID/2247 MicroMessenger/8.0.49.2600(0x28003156) WeChat/arm64"
)
EVERYBODY = {
    "home": "",
    "notices": "notices",
    "inbox": "inbox",
    "me": "me",
    "board": "board",
    "missing": "nothing-here",
}
OWN = {
    RESIDENT: {
        "bind": "bind",
        "new": "reports/new",
        "new-chosen": "reports/new?category=hygiene",
        "mine": "reports",
        "board-searched": "board?q=没有的东西",
        "not-for-you": "manage",
        "used-code": "bind?invite=WRONGCODE",
    },
    STAFF: {"work": "work", "work-mine": "work?tab=mine", "work-done": "work?tab=done", "caller": "reports/new"},
    MANAGER: {
        "manage": "manage",
        "stats": "manage/stats",
        "people": "manage/people",
        "people-invitations": "manage/people?tab=invitations",
        "people-residents": "manage/people?tab=residents",
        "poster": "manage/people/poster",
        "unreached": "manage/unreached",
        "notice-new": "notices/new",
        "notices-over": "notices?show=over",
    },
    NOBODY: {"home": "", "bind": "bind", "new": "reports/new", "me": "me", "board": "board"},
}
#: Addresses of a resident's homes, as the profile names them.
HOMES = """async () => Array.from(
    (await (await fetch("/h5/me")).text()).matchAll(/href="(\\/h5\\/homes\\/[^"]+)"/g), (found) => found[1]
)"""
#: The first of the notices that a manager withdrew.
WITHDRAWN = """async () => {
    const list = await (await fetch("/h5/notices?show=over")).text();
    for (const [path] of list.matchAll(/\\/h5\\/notices\\/[0-9a-f-]{36}/g)) {
        if ((await fetch(path)).status === 410) return path;
    }
    return null;
}"""
#: What happens at a tap; every other act has a form, shown as the page that it is without scripts.
AT_ONCE = {"claim", "urge", "follow", "unfollow"}
SCOPES = {RESIDENT: ("mine", "board"), STAFF: ("open", "claimed", "done"), MANAGER: ("all",)}


@dataclass(frozen=True)
class Stop:
    """One page of one person: `name` for its picture, `path` with /h5/."""

    phone: str
    name: str
    path: str


def stops(phone: str, page: Page) -> Iterator[Stop]:
    """The pages of a phone that has logged in, with a report of every status and scope, and a notice.

    `page` shows one of them; it is asked what there is before anything is walked.
    """
    common = {} if phone == NOBODY else EVERYBODY
    for name, path in {**common, **OWN[phone]}.items():
        yield Stop(phone, name, f"/h5/{path}")
    for scope in SCOPES.get(phone, ()):
        yield from _reports(phone, scope, page)
    if phone in (RESIDENT, MANAGER):
        for notice in _results(page, "/api/v1/notices?limit=1"):
            yield Stop(phone, "notice", f"/h5/notices/{notice['id']}")
            if phone == MANAGER:
                yield Stop(phone, "notice-edit", f"/h5/notices/{notice['id']}/edit")
    if phone == MANAGER and (withdrawn := page.evaluate(WITHDRAWN)):
        yield Stop(phone, "notice-withdrawn", withdrawn)
    if phone == NOBODY:
        yield Stop(phone, "login-problem", "/wechat/oauth/return?state=unknown")
    if phone == RESIDENT:
        for path in page.evaluate(HOMES)[:1]:
            yield Stop(phone, "family", path)


def open_sheets(page: Page, seen: set[str]) -> Iterator[tuple[str, Locator]]:
    """The sheets of the page that is shown, each opened while the caller looks; `seen` grows by their ids."""
    for name in page.locator(".offcanvas[id]").evaluate_all("all => all.map((sheet) => sheet.id)"):
        if name in seen:
            continue
        seen.add(name)
        sheet = page.locator(f"#{name}")
        page.evaluate("id => app.sheet(id).show()", name)
        sheet.and_(page.locator(".show:not(.showing)")).wait_for()
        yield name, sheet
        page.evaluate("id => app.sheet(id).hide()", name)
        sheet.wait_for(state="hidden")


def _reports(phone: str, scope: str, page: Page) -> Iterator[Stop]:
    seen: set[str] = set()
    for report in _results(page, f"/api/v1/reports?scope={scope}&limit=100"):
        path, whose = f"/h5/reports/{report['id']}", "" if report["reporter"] else "-neighbours"
        found = {f"report-{scope}-{report['status']}{whose}": path}
        acts = [name for name in report["allowed_actions"] if name not in AT_ONCE]
        if scope == "board" and report["reporter"] is None and report["status"] == "submitted":
            acts.append("talk")
        found |= {f"act-{name}": f"{path}/act/{name}" for name in acts}
        for name in found.keys() - seen:
            seen.add(name)
            yield Stop(phone, name, found[name])


def _results(page: Page, address: str) -> list[dict[str, Any]]:
    results: list[dict[str, Any]] = page.evaluate("async (a) => (await (await fetch(a)).json()).results", address)
    return results
