"""The control interface under /__sandbox__/: what tests, tools and the page of the phones use. README.md lists it."""

import base64
import re
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import Any

from aiohttp import web

from sandbox import allowance, oauth, pages, photos, voices
from sandbox.callbacks import Pusher
from sandbox.people import NotPossible, People, find_button
from sandbox.state import Phone, Template
from sandbox.world import World

Act = Callable[["Control", Phone, dict[str, Any]], Awaitable[dict[str, Any]]]
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
FAMILIES = ("token", "stable")
SETTINGS = {
    "app_url",
    "public_base_url",
    "callback_path",
    "callback_mode",
    "finish_delay",
    "push_timeout",
    "app_id",
    "app_secret",
    "token",
    "encoding_aes_key",
}
PHONE_SETTINGS = {
    "name",
    "name_en",
    "role",
    "role_en",
    "show",
    "color",
    "platform",
    "latitude",
    "longitude",
    "place",
    "snapshot",
    "mutes_templates",
    "next_scan",
    "transcript",
    "language",
    "subscriptions",
    "openid",
}


class Control:
    def __init__(self, world: World, pusher: Pusher) -> None:
        self.world, self.pusher = world, pusher
        self.people = People(world, pusher)

    def add_routes(self, router: web.UrlDispatcher) -> None:
        routes: list[tuple[str, str, Handler]] = [
            ("GET", "state", self.state), ("PATCH", "settings", self.settings), ("POST", "reset", self.reset),
            ("GET", "phones", self.phones), ("POST", "phones", self.new_phone),
            ("GET", "phones/{host}", self.phone), ("PATCH", "phones/{host}", self.change_phone),
            ("GET", "phones/{host}/chat", self.chat), ("POST", "phones/{host}/{act}", self.act),
            ("GET", "chats", self.chats),
            ("GET", "journal", self.journal), ("GET", "messages", self.messages),
            ("POST", "media", self.new_media), ("GET", "media/{id}", self.media),
            ("DELETE", "media/{id}", self.no_media),
            ("GET", "faults", self.faults), ("POST", "faults", self.new_fault),
            ("DELETE", "faults", self.no_faults), ("DELETE", "faults/{id}", self.no_faults),
            ("POST", "tokens", self.tokens), ("POST", "clock", self.clock),
            ("POST", "templates", self.new_template), ("DELETE", "templates/{id}", self.no_template),
            ("POST", "callbacks/verify", self.verify), ("POST", "callbacks/raw", self.raw_callback),
            ("POST", "callbacks/{id}/redeliver", self.redeliver),
        ]  # fmt: skip
        for method, path, handler in routes:
            router.add_route(method, f"/__sandbox__/{path}", plain_errors(handler))

    async def state(self, request: web.Request) -> web.Response:
        world = self.world
        values: dict[str, Any] = {"account": asdict(world.state.account), "menu": world.state.menu}
        values["phones"] = [world.phone_view(phone) for phone in world.state.phones.values()]
        values["templates"] = [asdict(item) for item in world.state.templates.values()]
        values["qrcodes"] = [asdict(item) for item in world.living_qrcodes()]
        values |= {
            "faults": world.faults.view(),
            "tour": world.cast.tour,
            "page": world.cast.page,
            "mode": world.config.mode,
        }
        values |= {"app_url": world.config.app_url, "public_base_url": world.config.public_base_url}
        values |= {"enforce": world.enforce, "skew": world.clock.skew, "last": world.journal.last}
        values["albums"] = [{"name": name, "title": photos.title(name)} for name in photos.names()]
        return pages.answer(values)

    async def settings(self, request: web.Request) -> web.Response:
        given = await request.json()
        self.world.enforce = bool(given.pop("enforce", self.world.enforce))
        if unknown := given.keys() - SETTINGS:
            raise ValueError(f"unknown settings: {sorted(unknown)}")
        follows = self.world.config.public_base_url == self.world.config.app_url
        for name, value in given.items():
            setattr(self.world.config, name, value.rstrip("/") if name.endswith("_url") else value)
        if follows and "app_url" in given and "public_base_url" not in given:
            self.world.config.public_base_url = self.world.config.app_url
        return await self.state(request)

    async def reset(self, request: web.Request) -> web.Response:
        """Forgets chats, windows, faults and short-lived notes; people, menu, templates, tokens and journal stay."""
        for phone in self.world.state.phones.values():
            phone.messages, phone.grants, phone.mass_received = [], {}, []
            self.world.hub.publish("cleared", {"host": phone.host})
        self.world.faults.clear()
        self.world.memory.clear()
        self.world.clock.skew = 0.0
        self.world.store.changed()
        return web.json_response({})

    async def phones(self, request: web.Request) -> web.Response:
        return web.json_response([self.world.phone_view(phone) for phone in self.world.state.phones.values()])

    async def new_phone(self, request: web.Request) -> web.Response:
        return web.json_response(self.world.phone_view(self.world.add_phone(await request.json())), status=201)

    async def phone(self, request: web.Request) -> web.Response:
        return web.json_response(self.world.phone_view(self._phone(request)))

    async def change_phone(self, request: web.Request) -> web.Response:
        phone, given = self._phone(request), await request.json()
        if unknown := given.keys() - PHONE_SETTINGS:
            raise ValueError(f"unknown: {sorted(unknown)}")
        for name, value in given.items():
            setattr(phone, name, value)
        self.world.phone_changed(phone)
        return web.json_response(self.world.phone_view(phone))

    async def chat(self, request: web.Request) -> web.Response:
        after = int(request.query.get("after", "0"))
        return web.json_response([item for item in self._phone(request).messages if item["id"] > after])

    async def chats(self, request: web.Request) -> web.Response:
        return pages.answer({host: phone.messages for host, phone in self.world.state.phones.items()})

    async def act(self, request: web.Request) -> web.Response:
        phone, act = self._phone(request), ACTS.get(request.match_info["act"])
        if act is None:
            raise LookupError("no such act")
        return web.json_response(await act(self, phone, await _given(request)))

    async def journal(self, request: web.Request) -> web.Response:
        """`?after=`, `wait=` seconds, `limit=`, and any of kind, path (prefix), phone, openid, event, channel…"""
        wanted = dict(request.query)
        after, wait = int(wanted.pop("after", "0")), min(float(wanted.pop("wait", "0")), 60.0)
        limit = int(wanted.pop("limit", "1000"))
        entries = await self.world.journal.wait(after, wait, **wanted)
        return pages.answer({"entries": entries[:limit], "last": self.world.journal.last})

    async def messages(self, request: web.Request) -> web.Response:
        return await self.journal(request.clone(rel_url=request.rel_url.update_query(kind="message")))

    async def new_media(self, request: web.Request) -> web.Response:
        """A media id as a phone's upload would give it: a file, `photo`, or `seconds` of voice."""
        given = await _given(request)
        kind = given.get("kind") or ("voice" if "seconds" in given else "image")
        content = _picture(given) if kind != "voice" else _sound(given)
        media = self.world.media.add(kind, content, source="jssdk")
        return web.json_response({"media_id": media.id, "type": kind, "content_type": media.content_type}, status=201)

    async def media(self, request: web.Request) -> web.Response:
        """For the page: pictures as they are, voice as WAV."""
        media = self.world.state.media.get(request.match_info["id"])
        if media is None:
            raise LookupError("no such media")
        content = self.world.media.read(media)
        if media.type == "voice":
            return web.Response(body=voices.to_wav(content), content_type="audio/wav")
        return web.Response(body=content, content_type=media.content_type)

    async def no_media(self, request: web.Request) -> web.Response:
        if not self.world.media.forget(request.match_info["id"]):
            raise LookupError("no such media")
        return web.Response(status=204)

    async def faults(self, request: web.Request) -> web.Response:
        return web.json_response(self.world.faults.view())

    async def new_fault(self, request: web.Request) -> web.Response:
        fault = self.world.faults.add(await request.json())
        self.world.hub.publish("faults", self.world.faults.view())
        return web.json_response(asdict(fault), status=201)

    async def no_faults(self, request: web.Request) -> web.Response:
        number = request.match_info.get("id")
        self.world.faults.clear(int(number) if number else None)
        self.world.hub.publish("faults", self.world.faults.view())
        return web.Response(status=204)

    async def tokens(self, request: web.Request) -> web.Response:
        """`action` is `revoke` (40001 from now) or `expire` (42001); `families` among token, stable, jsapi."""
        given = await request.json()
        change = {"revoke": self.world.tokens.revoke, "expire": self.world.tokens.expire}[given["action"]]
        count = change(*given.get("families", FAMILIES))
        self.world.journal.add("control", phone="", text=f"tokens {given['action']}", count=count)
        return web.json_response({"count": count})

    async def clock(self, request: web.Request) -> web.Response:
        given = await request.json()
        self.world.clock.skew = float(given.get("skew", self.world.clock.skew)) + float(given.get("advance", 0))
        return web.json_response({"skew": self.world.clock.skew, "now": self.world.clock.now()})

    async def new_template(self, request: web.Request) -> web.Response:
        template = Template(**await request.json())
        self.world.state.templates[template.id] = template
        self.world.store.changed()
        return web.json_response(asdict(template), status=201)

    async def no_template(self, request: web.Request) -> web.Response:
        if self.world.state.templates.pop(request.match_info["id"], None) is None:
            raise LookupError("no such template")
        self.world.store.changed()
        return web.Response(status=204)

    async def verify(self, request: web.Request) -> web.Response:
        return web.json_response(await self.pusher.verify())

    async def raw_callback(self, request: web.Request) -> web.Response:
        """`phone`, `xml`: pushed as it stands, signed and sealed."""
        given = await request.json()
        phone = self.world.state.phones[given["phone"]]
        return web.json_response(await self.pusher.push_xml(phone, given["xml"], "raw"))

    async def redeliver(self, request: web.Request) -> web.Response:
        """The same message once more, as WeChat does when it saw no answer."""
        entries = self.world.journal.after(int(request.match_info["id"]) - 1, kind="callback")
        if not entries or entries[0]["id"] != int(request.match_info["id"]):
            raise LookupError("no such callback")
        entry = entries[0]
        phone = self.world.state.phones[entry["phone"]]
        return web.json_response(await self.pusher.push_xml(phone, entry["xml"], entry["event"]))

    def _phone(self, request: web.Request) -> Phone:
        phone = self.world.state.phones.get(request.match_info["host"])
        if phone is None:
            raise LookupError("no such phone")
        return phone


def plain_errors(handler: Handler) -> Handler:
    """`{"error": "…"}`: 400 for what was asked wrongly, 404 for what is not there, 409 for what cannot be now."""

    async def guarded(request: web.Request) -> web.StreamResponse:
        try:
            return await handler(request)
        except NotPossible as error:
            return web.json_response({"error": str(error)}, status=409)
        except KeyError as error:
            return web.json_response({"error": f"missing or unknown: {error}"}, status=400)
        except LookupError as error:
            return web.json_response({"error": str(error)}, status=404)
        except (ValueError, TypeError, AttributeError, re.error) as error:
            return web.json_response({"error": str(error)}, status=400)

    return guarded


async def _given(request: web.Request) -> dict[str, Any]:
    """JSON, or a form whose file is under `file`."""
    if not request.can_read_body:
        return {}
    if not request.content_type.startswith("multipart/"):
        given = await request.json()
        return given if isinstance(given, dict) else {}
    form = await request.post()
    return {key: value.file.read() if isinstance(value, web.FileField) else value for key, value in form.items()}


def _picture(given: dict[str, Any]) -> bytes:
    """`file`, `content` (base64), or `photo`: a name of the album."""
    return _bytes(given) or photos.photo(given.get("photo", "leak"))


def _sound(given: dict[str, Any]) -> bytes:
    content = _bytes(given)
    return voices.to_amr(content) if content else voices.record(float(given.get("seconds", 3)))


def _bytes(given: dict[str, Any]) -> bytes:
    return given["file"] if "file" in given else base64.b64decode(given.get("content", ""))


async def _location(control: Control, phone: Phone, given: dict[str, Any]) -> dict[str, Any]:
    latitude, longitude = given.get("latitude", phone.latitude), given.get("longitude", phone.longitude)
    return await control.people.location(phone, float(latitude), float(longitude), given.get("label", phone.place))


async def _grant(control: Control, phone: Phone, given: dict[str, Any]) -> dict[str, Any]:
    """`kind` message or interaction opens that window; null closes every one."""
    phone.grants.clear()
    if given.get("kind"):
        allowance.grant(phone, given["kind"], control.world.clock.now())
    control.world.phone_changed(phone)
    return control.world.phone_view(phone)


async def _code(control: Control, phone: Phone, given: dict[str, Any]) -> dict[str, Any]:
    return {"code": oauth.issue_code(control.world, phone, given.get("scope", "snsapi_base"))}


async def _local_image(control: Control, phone: Phone, given: dict[str, Any]) -> dict[str, Any]:
    return {"localId": control.world.local.add(phone.platform, _picture(given), "image/jpeg")}


ACTS: dict[str, Act] = {
    "text": lambda control, phone, given: control.people.text(phone, given["text"]),
    "image": lambda control, phone, given: control.people.image(phone, _picture(given)),
    "voice": lambda control, phone, given: control.people.voice(phone, _bytes(given) or _sound(given)),
    "location": _location,
    "follow": lambda control, phone, given: control.people.follow(phone),
    "unfollow": lambda control, phone, given: control.people.unfollow(phone),
    "scan": lambda control, phone, given: control.people.scan(phone, given["scene"]),
    "menu": lambda control, phone, given: control.people.tap(
        phone, find_button(control.world.state.menu, str(given["button"]))
    ),
    "event": lambda control, phone, given: control.pusher.push(phone, given),
    "allowance": _grant,
    "oauth-code": _code,
    "local-image": _local_image,
}
