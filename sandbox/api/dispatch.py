"""The way of every call: fault, method, token, quota, handler, journal."""

import json
import time
from typing import Any

from aiohttp import web

from sandbox import faults
from sandbox.api import account, auth, custom, mass, media, menu, qrcode, template, users
from sandbox.api.registry import INTERFACES, Call, Interface
from sandbox.callbacks import Pusher
from sandbox.errors import WeChatError, error_body
from sandbox.world import World

TOPICS = (account, auth, custom, mass, media, menu, qrcode, template, users)
HIDDEN = {"secret", "access_token", "refresh_token", "ticket", "code"}
SHOWN_BODY = 4000
BODY_LIMIT = 12 * 1024 * 1024


async def handle(world: World, pusher: Pusher, request: web.Request) -> web.StreamResponse:
    call = Call(world, pusher, request, await request.content.read(BODY_LIMIT) if _is_json(request) else b"")
    started = time.monotonic()
    fault = world.faults.take("api", request.path, call.raw.decode(errors="replace"))

    async def answer() -> web.StreamResponse:
        return await _answer(call)

    response = await (faults.spoil(fault, request, answer) if fault else answer())
    wanted = INTERFACES.get(request.path)
    if wanted is None or not wanted.quiet:
        _record(call, response, time.monotonic() - started, fault.id if fault else None)
    return response


async def _answer(call: Call) -> web.StreamResponse:
    wanted = INTERFACES.get(call.request.path)
    if wanted is None:
        return web.json_response(error_body(40066), status=404)
    try:
        _admit(call, wanted)
        result = await wanted.handler(call)
    except WeChatError as error:
        return web.json_response(error.body())
    return result if isinstance(result, web.StreamResponse) else web.json_response(result)


def _admit(call: Call, wanted: Interface) -> None:
    if wanted.method != "ANY" and call.request.method != wanted.method:
        raise WeChatError(43002 if wanted.method == "POST" else 43001)
    if not wanted.needs_token:
        return
    call.world.tokens.check(call.query.get("access_token", ""))
    today = call.world.calls_today
    today[wanted.path] = today.get(wanted.path, 0) + 1
    if wanted.daily and today[wanted.path] > wanted.daily:
        raise WeChatError(45009)


def _is_json(request: web.Request) -> bool:
    return request.can_read_body and not request.content_type.startswith("multipart/")


def _record(call: Call, response: web.StreamResponse, seconds: float, fault: int | None) -> None:
    request = call.request
    answer = _shown(response.body) if isinstance(response, web.Response) else None
    values: dict[str, Any] = {"method": request.method, "path": request.path, "status": response.status, "phone": ""}
    values |= {"query": _mask_all(dict(request.query)), "body": _mask_all(_shown(call.raw))}
    values |= {"errcode": answer.get("errcode", 0) if isinstance(answer, dict) else 0, "answer": _mask_all(answer)}
    call.world.journal.add("api", **(values | call.about), fault=fault, seconds=round(seconds, 4))


def _shown(raw: object) -> Any:
    if not isinstance(raw, bytes) or not raw or len(raw) > SHOWN_BODY:
        return None
    try:
        return json.loads(raw)
    except ValueError:
        return None


def _mask_all(value: Any) -> Any:
    return {key: _masked(key, item) for key, item in value.items()} if isinstance(value, dict) else value


def _masked(key: str, value: Any) -> Any:
    """Secrets keep their last six characters, so that two of them can be told apart."""
    return f"…{value[-6:]}" if key in HIDDEN and isinstance(value, str) else value
