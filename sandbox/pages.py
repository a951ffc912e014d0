"""The page with the phones, its live events, and the few pages of a phone's own."""

import asyncio
import json
import re
from pathlib import Path
from typing import Any

from aiohttp import web

from sandbox import jssdk, oauth, photos
from sandbox.callbacks import Pusher
from sandbox.state import Phone
from sandbox.world import World

STATIC = Path(__file__).with_name("static")
TYPES = {".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}
HEARTBEAT = 15.0
FRESH = {"Cache-Control": "no-cache"}
#: Drawn anew at every turn of the page, which would ask for it each time.
SOON_OLD = {"icons.svg": {"Cache-Control": "max-age=60"}}
#: What the page of the phones loads in one request each. A module comes after those that it imports.
JOINED = {
    "all.css": ("page.css", "phone.css", "chat.css"),
    "all.js": (
        "dom.js",
        "i18n.js",
        "sheets.js",
        "browser.js",
        "chat.js",
        "phone.js",
        "feed.js",
        "tour.js",
        "trouble.js",
        "app.js",
    ),
}
#: In one file the modules see each other's names.
BETWEEN_MODULES = re.compile(r"^import .*\n|^export ", re.MULTILINE)


def file(name: str) -> web.Response:
    """A static file by name, or several as one. Raises HTTPNotFound."""
    parts = [STATIC / part for part in JOINED.get(name, (name,))]
    kind = TYPES.get(Path(name).suffix)
    if kind is None or not all(part.parent == STATIC and part.is_file() for part in parts):
        raise web.HTTPNotFound
    text = "\n".join(part.read_text("utf-8") for part in parts)
    if name in JOINED and name.endswith(".js"):
        text = BETWEEN_MODULES.sub("", text)
    return _packed(web.Response(text=text, content_type=kind, headers=SOON_OLD.get(name, FRESH)))


def answer(values: dict[str, Any]) -> web.Response:
    """JSON that can be long."""
    return _packed(web.json_response(values))


def _packed(response: web.Response) -> web.Response:
    """Compressed where who asks can read it."""
    response.enable_compression()
    return response


def script(world: World) -> web.Response:
    """The JS-SDK under every name that res.wx.qq.com has for it. Pages of other origins may load it."""
    response = file("jweixin.js")
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response


async def album(request: web.Request) -> web.Response:
    name = request.match_info["name"]
    if name not in photos.names():
        raise web.HTTPNotFound
    headers = {"Cache-Control": "max-age=3600"}
    content = await asyncio.to_thread(photos.thumbnail, name)
    return web.Response(body=content, content_type="image/jpeg", headers=headers)


async def events(world: World, request: web.Request) -> web.StreamResponse:
    """Server-sent events: journal, chat, phone, menu, qrcode, faults, cleared."""
    response = web.StreamResponse(
        headers={"Content-Type": "text/event-stream; charset=utf-8", "Cache-Control": "no-store"}
    )
    await response.prepare(request)
    queue = world.hub.open()
    try:
        await response.write(b": hello\n\n")
        while world.hub.is_open(queue):
            await response.write(await _next(queue))
    except (ConnectionError, asyncio.CancelledError):
        pass
    finally:
        world.hub.close(queue)
    return response


async def _next(queue: "asyncio.Queue[tuple[str, object]]") -> bytes:
    try:
        name, data = await asyncio.wait_for(queue.get(), HEARTBEAT)
    except TimeoutError:
        return b": still here\n\n"
    return f"event: {name}\ndata: {json.dumps(data, ensure_ascii=False)}\n\n".encode()


async def of_phone(world: World, pusher: Pusher, phone: Phone, request: web.Request) -> web.StreamResponse:
    """What a phone's host serves under /__phone__/ ."""
    part = request.path.removeprefix("/__phone__/")
    if part == "bridge.js":
        return file("bridge.js")
    if part.startswith("jssdk/") and request.method == "POST":
        return await jssdk.handle(world, pusher, phone, request, part.removeprefix("jssdk/"))
    if part == "local":
        return jssdk.local_file(world, request.query.get("id", ""))
    if part == "no-fragment":
        return oauth.page("参数错误", "授权链接缺少 #wechat_redirect", status=400)
    if part == "closed":
        return oauth.page("页面已关闭", "网页调用了 closeWindow")
    raise web.HTTPNotFound
