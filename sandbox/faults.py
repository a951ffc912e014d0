"""Trouble on purpose: rules that match a request's path and spoil its answer."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from typing import Any

from aiohttp import web

from sandbox.errors import error_body

KINDS = {"json", "http", "html", "drop", "slow", "nothing", "drip", "truncate"}
Answer = Callable[[], Awaitable[web.StreamResponse]]


@dataclass
class Fault:
    """`match` is a regular expression searched in the path, `body` one searched in the request's body. `times` of
    None lasts until cleared. `after` does what was asked before spoiling the answer. `scope` is `api` or `h5`."""

    id: int
    kind: str
    match: str = ""
    body: str = ""
    scope: str = "api"
    times: int | None = None
    after: bool = False
    errcode: int = -1
    status: int = 500
    text: str = "<html><body>502 Bad Gateway</body></html>"
    seconds: float = 0.0
    hits: int = 0

    def fits(self, scope: str, path: str, body: str) -> bool:
        if self.scope != scope or self.times == 0:
            return False
        return bool(re.search(self.match, path)) and bool(re.search(self.body, body))


class Faults:
    def __init__(self) -> None:
        self.rules: dict[int, Fault] = {}
        self._last = 0

    def add(self, values: dict[str, Any]) -> Fault:
        """Raises ValueError (or re.error, TypeError) for a rule that cannot be."""
        if values.get("kind") not in KINDS:
            raise ValueError(f"kind is one of {', '.join(sorted(KINDS))}")
        re.compile(values.get("match", "")), re.compile(values.get("body", ""))
        self._last += 1
        fault = Fault(self._last, **values)
        self.rules[fault.id] = fault
        return fault

    def clear(self, number: int | None = None) -> None:
        if number is None:
            self.rules.clear()
        else:
            self.rules.pop(number, None)

    def view(self) -> list[dict[str, Any]]:
        return [asdict(fault) for fault in self.rules.values()]

    def take(self, scope: str, path: str, body: str = "") -> Fault | None:
        """The first rule that fits, counted as used."""
        for fault in self.rules.values():
            if fault.fits(scope, path, body):
                fault.hits += 1
                if fault.times is not None:
                    fault.times -= 1
                return fault
        return None


async def spoil(fault: Fault, request: web.Request, answer: Answer) -> web.StreamResponse:
    """Answers as the fault says; `slow` and the `after` faults let the real work happen first or last."""
    if fault.kind == "slow":
        await asyncio.sleep(fault.seconds)
        return await answer()
    real = await answer() if fault.after or fault.kind in ("drip", "truncate") else None
    if fault.kind == "json":
        return web.json_response(error_body(fault.errcode))
    if fault.kind == "http":
        return web.Response(status=fault.status, text=fault.text, content_type="text/html")
    if fault.kind == "html":
        return web.Response(text=fault.text, content_type="text/html")
    if fault.kind == "nothing":
        await _until_gone(request, fault.seconds or 120)
    elif isinstance(real, web.Response) and fault.kind in ("drip", "truncate"):
        return await _piecemeal(fault, request, real)
    return _cut(request)


async def _until_gone(request: web.Request, seconds: float) -> None:
    for _ in range(int(seconds * 10)):
        if request.transport is None or request.transport.is_closing():
            return
        await asyncio.sleep(0.1)


async def _piecemeal(fault: Fault, request: web.Request, real: web.Response) -> web.StreamResponse:
    """A byte every `seconds` (drip), or half of the body under the length of the whole (truncate)."""
    body = real.body if isinstance(real.body, bytes) else b""
    response = web.StreamResponse(headers={"Content-Type": real.content_type})
    response.content_length = len(body)
    await response.prepare(request)
    if fault.kind == "truncate":
        await response.write(body[: len(body) // 2])
        _cut(request)
        return response
    for byte in body:
        await response.write(bytes([byte]))
        await asyncio.sleep(fault.seconds or 1.0)
    await response.write_eof()
    return response


def _cut(request: web.Request) -> web.Response:
    if request.transport is not None:
        request.transport.close()
    return web.Response(status=500)
