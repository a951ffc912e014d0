"""One server for the platform, the phones and the page, told apart by the Host header."""

import asyncio
import contextlib
import logging
import threading
from collections.abc import AsyncIterator

from aiohttp import ClientSession, DummyCookieJar, TCPConnector, web

from sandbox import oauth, outward, pages, proxy
from sandbox.api import dispatch
from sandbox.api.registry import INTERFACES
from sandbox.callbacks import Pusher
from sandbox.config import Config
from sandbox.control import Control, Handler
from sandbox.state import Phone
from sandbox.world import World

PLATFORM_PATHS = ("/connect/", "/open/js/", "/mmbiz/", "/cgi-bin/showqrcode")
LARGEST_BODY = 32 * 1024 * 1024
SHUTDOWN_SECONDS = 0.5
logger = logging.getLogger(__name__)


class Server:
    """Bound by `start()`, which fills in `config.port`; `stop()` ends everything that it began."""

    def __init__(self, config: Config) -> None:
        self.world = World(config)
        self._runner: web.AppRunner | None = None

    async def start(self) -> None:
        self._session = ClientSession(
            connector=TCPConnector(limit=0),
            cookie_jar=DummyCookieJar(),
            auto_decompress=False,
            headers={"Accept-Encoding": "identity"},
        )
        self._pusher = Pusher(self.world, self._session)

        @web.middleware
        async def by_host(request: web.Request, handler: Handler) -> web.StreamResponse:
            return await self._by_host(request, handler)

        application = web.Application(client_max_size=LARGEST_BODY, middlewares=[by_host])
        self._add_routes(application.router)
        self._runner = web.AppRunner(application, access_log=None, shutdown_timeout=SHUTDOWN_SECONDS)
        await self._runner.setup()
        config = self.world.config
        await web.TCPSite(self._runner, config.host, config.port, reuse_address=True).start()
        config.port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        if self._runner:
            await self._runner.cleanup()
        await self._pusher.stop()
        await self._session.close()
        self.world.store.close()

    def _add_routes(self, router: web.UrlDispatcher) -> None:
        Control(self.world, self._pusher).add_routes(router)
        router.add_get("/", self._index)
        router.add_get("/static/{name}", self._static)
        router.add_get("/album/{name}", pages.album)
        router.add_get("/__sandbox__/events", self._events)
        router.add_get("/open/js/{name}", self._script)
        router.add_get("/mmbiz/{id}/{size}", self._picture)
        router.add_route("*", "/connect/oauth2/authorize", self._authorize)
        router.add_route("*", "/{path:.*}", self._api)

    async def _by_host(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        phone = self.world.phone_at(request.host)
        if phone and request.path.startswith("/__phone__/"):
            return await pages.of_phone(self.world, self._pusher, phone, request)
        if phone and not request.path.startswith(PLATFORM_PATHS):
            return await proxy.handle(self.world, self._session, phone, request)
        if not phone and request.host.split(":")[0].endswith(".localhost"):
            raise web.HTTPNotFound(text="no such phone")
        return await handler(request)

    async def _events(self, request: web.Request) -> web.StreamResponse:
        return await pages.events(self.world, request)

    async def _index(self, request: web.Request) -> web.StreamResponse:
        return pages.file("index.html")

    async def _static(self, request: web.Request) -> web.StreamResponse:
        return pages.file(request.match_info["name"])

    async def _script(self, request: web.Request) -> web.StreamResponse:
        return pages.script(self.world)

    async def _picture(self, request: web.Request) -> web.StreamResponse:
        media = self.world.state.media.get(request.match_info["id"])
        if media is None:
            raise web.HTTPNotFound
        return web.Response(body=self.world.media.read(media), content_type=media.content_type)

    async def _authorize(self, request: web.Request) -> web.StreamResponse:
        """Who is asking is known by the phone's host; a program without one names it in X-Sandbox-Phone."""
        phone: Phone | None = self.world.phone_at(request.host)
        phone = phone or self.world.state.phones.get(request.headers.get("X-Sandbox-Phone", ""))
        return oauth.authorize(self.world, phone, request)

    async def _api(self, request: web.Request) -> web.StreamResponse:
        if request.path.startswith(outward.PATHS):
            return await outward.handle(self.world, request)
        known = request.path in INTERFACES or request.path.startswith(("/cgi-bin/", "/sns/", "/wxaapi/"))
        if not known:
            raise web.HTTPNotFound
        return await dispatch.handle(self.world, self._pusher, request)


@contextlib.asynccontextmanager
async def running(config: Config) -> AsyncIterator[Server]:
    server = Server(config)
    await server.start()
    try:
        yield server
    finally:
        await server.stop()


class ThreadedServer:
    """A sandbox in a thread of this process, for tests: a context manager whose `url` is its address."""

    def __init__(self, config: Config) -> None:
        self.config = config
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()), daemon=True)
        self._error: BaseException | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.config.port}"

    def __enter__(self) -> "ThreadedServer":
        self._thread.start()
        self._ready.wait(15)
        if self._error:
            raise self._error
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._end.set)
        self._thread.join(10)

    async def _run(self) -> None:
        self._loop, self._end = asyncio.get_running_loop(), asyncio.Event()
        try:
            async with running(self.config):
                self._ready.set()
                await self._end.wait()
        except OSError as error:
            self._error = error
        finally:
            self._ready.set()
