"""How an interface is declared: a path, a method, and a function from a call to an answer."""

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from sandbox.callbacks import Pusher
from sandbox.errors import WeChatError
from sandbox.state import Phone
from sandbox.world import World

Handler = Callable[["Call"], Awaitable[dict[str, Any] | web.StreamResponse]]


@dataclass
class Call:
    """One request of the account's server. `about` goes into the journal beside what every call records."""

    world: World
    pusher: Pusher
    request: web.Request
    raw: bytes = b""
    about: dict[str, Any] = field(default_factory=dict)
    _json: Any = None

    @property
    def query(self) -> dict[str, str]:
        return dict(self.request.query)

    @property
    def json(self) -> dict[str, Any]:
        """The body as a JSON object. Raises WeChatError 47001."""
        if self._json is None:
            try:
                self._json = json.loads(self.raw)
            except ValueError as error:
                raise WeChatError(47001) from error
            if not isinstance(self._json, dict):
                raise WeChatError(47001)
        return self._json

    def recipient(self) -> Phone:
        """The phone of `touser`. Raises WeChatError 40003."""
        phone = self.world.state.phone_of(self.json.get("touser"))
        if phone is None:
            raise WeChatError(40003)
        self.about["phone"] = phone.host
        return phone


@dataclass(frozen=True)
class Interface:
    path: str
    method: str
    handler: Handler
    needs_token: bool
    daily: int
    quiet: bool


INTERFACES: dict[str, Interface] = {}


def interface(
    path: str, method: str = "POST", *, token: bool = True, daily: int = 0, quiet: bool = False
) -> Callable[[Handler], Handler]:
    """`method` may be `ANY`; `daily` is the cap of a new account (wechat.md section 2), 0 for none;
    `quiet` ones are not in the journal."""

    def register(handler: Handler) -> Handler:
        INTERFACES[path] = Interface(path, method, handler, token, daily, quiet)
        return handler

    return register
