"""A phone's browser: everything on a phone's host that is not the sandbox's own is asked of the application, which sees
its public address and WeChat's user agent; what comes back is turned to the phone's host."""

import re
import time
from urllib.parse import urlsplit

from aiohttp import ClientError, ClientResponse, ClientSession, ClientTimeout, web
from multidict import CIMultiDict
from yarl import URL

from sandbox import faults
from sandbox.oauth import page
from sandbox.rewrite import Origins
from sandbox.state import Phone
from sandbox.world import World

AGENTS = {
    "android": "Mozilla/5.0 (Linux; Android 14; V2324A) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0"
    " Chrome/126.0 Mobile Safari/537.36 XWEB/1260 MMWEBSDK/20250101 MicroMessenger/8.0.56.2800 WeChat/arm64"
    " NetType/WIFI Language/zh_CN",
    "ios": "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko)"
    " Mobile/15E148 MicroMessenger/8.0.56(0x18003830) NetType/WIFI Language/zh_CN",
}
HOP = {
    "connection",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
}
NOT_SENT = HOP | {"host", "accept-encoding", "user-agent", "content-length", "x-forwarded-for", "x-forwarded-proto"}
NOT_RETURNED = HOP | {
    "content-length",
    "content-encoding",
    "x-frame-options",
    "strict-transport-security",
    "set-cookie",
    "date",
    "server",
}
TEXT = re.compile(
    r"text/(?!event-stream)|application/(json|javascript|xml|xhtml\+xml|manifest\+json|problem\+json)|image/svg"
)
FORM = re.compile(r"application/(json|x-www-form-urlencoded)|text/plain")
FRAMED = "sandbox_framed"
BRIDGE = '<script src="/__phone__/bridge.js"></script>'
TIMEOUT = ClientTimeout(total=120, connect=5)


async def handle(world: World, session: ClientSession, phone: Phone, request: web.Request) -> web.StreamResponse:
    started = time.monotonic()
    fault = world.faults.take("h5", request.path)

    async def answer() -> web.StreamResponse:
        return await _forward(world, session, phone, request)

    response = await (faults.spoil(fault, request, answer) if fault else answer())
    if not request.path.startswith("/static/"):
        values = {"phone": phone.host, "method": request.method, "path": request.path, "status": response.status}
        world.journal.add("h5", **values, seconds=round(time.monotonic() - started, 3))
    return response


async def _forward(world: World, session: ClientSession, phone: Phone, request: web.Request) -> web.StreamResponse:
    origins = Origins.of(world, request.host)
    url = URL(world.config.app_url + origins.to_public(request.raw_path), encoded=True)
    headers, body = _request_headers(world, phone, request, origins), await _request_body(request, origins)
    if body is request.content:
        headers["Content-Length"] = str(request.content_length)
    try:
        async with session.request(
            request.method, url, headers=headers, data=body, allow_redirects=False, timeout=TIMEOUT
        ) as answered:
            return await _respond(request, answered, origins)
    except (ClientError, TimeoutError) as error:
        return page("网页无法打开", f"应用没有回答 ({type(error).__name__})，请稍后再试。", status=502)


def _request_headers(world: World, phone: Phone, request: web.Request, origins: Origins) -> CIMultiDict[str]:
    headers = CIMultiDict((name, value) for name, value in request.headers.items() if name.lower() not in NOT_SENT)
    for name in ("Origin", "Referer"):
        if name in headers:
            headers[name] = origins.to_public(headers[name])
    cookies = [part.strip() for part in headers.get("Cookie", "").split(";") if part.strip()]
    kept = [part for part in cookies if not part.startswith(FRAMED + "=")]
    headers.popall("Cookie", None)
    if kept:
        headers["Cookie"] = "; ".join(kept)
    headers.update({"User-Agent": AGENTS.get(phone.platform, AGENTS["android"]), "Accept-Encoding": "identity"})
    headers.update(world.config.front_headers)
    return headers


async def _request_body(request: web.Request, origins: Origins) -> object:
    """Forms and JSON with their addresses swapped; anything else streams through."""
    if not request.can_read_body:
        return None
    if FORM.match(request.content_type):
        raw = await request.read()
        return origins.to_public(raw.decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape")
    return request.content if request.content_length is not None else await request.read()


async def _respond(request: web.Request, answered: ClientResponse, origins: Origins) -> web.StreamResponse:
    framed = _is_framed(request)
    headers = _response_headers(answered, origins, framed)
    if TEXT.match(answered.content_type) and answered.status != 206 and request.method != "HEAD":
        return await _text(request, answered, origins, headers, framed)
    response = web.StreamResponse(status=answered.status, headers=headers)
    if request.method == "HEAD" or answered.content_length is not None:
        response.content_length = answered.content_length
    await response.prepare(request)
    async for chunk in answered.content.iter_chunked(64 * 1024):
        await response.write(chunk)
    await response.write_eof()
    return response


async def _text(
    request: web.Request, answered: ClientResponse, origins: Origins, headers: CIMultiDict[str], framed: bool
) -> web.Response:
    charset = answered.charset or "utf-8"
    text = origins.to_phone((await answered.read()).decode(charset, "surrogateescape"))
    if framed and answered.content_type == "text/html":
        text = _with_bridge(text)
    return web.Response(status=answered.status, headers=headers, body=text.encode(charset, "surrogateescape"))


def _with_bridge(text: str) -> str:
    """First in the head, so that it is there before the page's own scripts."""
    found = re.search(r"<head[^>]*>", text, re.IGNORECASE)
    return text[: found.end()] + BRIDGE + text[found.end() :] if found else BRIDGE + text


def _response_headers(answered: ClientResponse, origins: Origins, framed: bool) -> CIMultiDict[str]:
    headers: CIMultiDict[str] = CIMultiDict()
    for name, value in answered.headers.items():
        lower = name.lower()
        if lower in NOT_RETURNED:
            continue
        if lower.startswith("content-security-policy"):
            value = origins.policy(value)
        elif lower in ("location", "content-location", "link", "refresh", "access-control-allow-origin"):
            value = _location(origins, value)
        headers.add(name, value)
    for cookie in answered.headers.getall("Set-Cookie", []):
        headers.add("Set-Cookie", _cookie(cookie, framed))
    if framed:
        headers.add("Set-Cookie", _cookie(f"{FRAMED}=1; Path=/; HttpOnly", framed))
    return headers


def _location(origins: Origins, value: str) -> str:
    """WeChat's login wants `#wechat_redirect` on its address; without it the phone shows an error."""
    swapped = origins.to_phone(value)
    parts = urlsplit(swapped)
    if parts.path == "/connect/oauth2/authorize" and parts.fragment != "wechat_redirect":
        return origins.phone + "/__phone__/no-fragment"
    return swapped


def _is_framed(request: web.Request) -> bool:
    """Pages inside the demo page: their frame is cross-site, so that only partitioned cookies reach them."""
    if request.headers.get("Sec-Fetch-Dest") == "document":
        return False
    return request.headers.get("Sec-Fetch-Dest") == "iframe" or FRAMED in request.cookies


def _cookie(raw: str, framed: bool) -> str:
    """Without Domain and Secure; in a frame with what browsers ask of a third party's cookies."""
    parts = [part.strip() for part in raw.split(";")]
    dropped = ("domain", "secure", "partitioned") + (("samesite",) if framed else ())
    kept = [part for number, part in enumerate(parts) if number == 0 or part.split("=")[0].lower() not in dropped]
    if not framed:
        kept = ["SameSite=Lax" if part.lower() == "samesite=none" else part for part in kept]
    return "; ".join(kept + (["SameSite=None", "Secure", "Partitioned"] if framed else []))
