"""The phone's side of the JS-SDK: what the script of `static/jweixin.js` asks of it (wechat.md section 3), under
/__phone__/jssdk/ of a phone's host."""

import base64
import json
import math
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from sandbox import photos, voices
from sandbox.callbacks import Pusher
from sandbox.crypto import jsapi_signature, same
from sandbox.media import recognise
from sandbox.rewrite import Origins
from sandbox.state import Phone
from sandbox.world import World

LINE = 76


@dataclass
class Ask:
    world: World
    pusher: Pusher
    phone: Phone
    request: web.Request
    body: dict[str, Any]


Answer = dict[str, Any]
ACTIONS: dict[str, Callable[[Ask], Awaitable[Answer]]] = {}


class Refused(Exception):
    """The text that follows `<api>:` in errMsg."""


def action(name: str) -> Callable[[Callable[[Ask], Awaitable[Answer]]], Callable[[Ask], Awaitable[Answer]]]:
    def register(handler: Callable[[Ask], Awaitable[Answer]]) -> Callable[[Ask], Awaitable[Answer]]:
        ACTIONS[name] = handler
        return handler

    return register


async def handle(world: World, pusher: Pusher, phone: Phone, request: web.Request, name: str) -> web.Response:
    """Answers `{"ok": true, …}` or `{"ok": false, "error": "…"}`."""
    if name not in ACTIONS:
        return web.json_response({"ok": False, "error": "function not exist"})
    body = await request.json() if request.can_read_body else {}
    try:
        answer: Answer = {"ok": True} | await ACTIONS[name](Ask(world, pusher, phone, request, body))
    except Refused as error:
        answer = {"ok": False, "error": str(error)}
    shown = {key: value for key, value in answer.items() if key not in ("localData", "albums")}
    world.journal.add("jssdk", phone=phone.host, call=name, **shown)
    return web.json_response(answer)


@action("config")
async def config(ask: Ask) -> Answer:
    """The signature must be that of the page's live address under the public host, with a living ticket. A new page
    ends a recording that an earlier one left running."""
    ask.world.remembered("recording").pop(ask.phone.host, None)
    given, origins = ask.body, Origins.of(ask.world, ask.request.host)
    url = origins.to_public(str(given.get("url", ""))).split("#")[0]
    if ask.phone.snapshot or not url.startswith(ask.world.config.public_base_url + "/"):
        raise Refused("invalid url domain")
    if given.get("appId") != ask.world.config.app_id:
        raise Refused("invalid appid")
    signed = (str(given.get("nonceStr", "")), str(given.get("timestamp", "")), url)
    wanted = [jsapi_signature(ticket, *signed) for ticket in ask.world.tokens.tickets()]
    if not any(same(item, str(given.get("signature", ""))) for item in wanted):
        raise Refused("invalid signature")
    return {"platform": ask.phone.platform}


@action("album")
async def album(ask: Ask) -> Answer:
    return {"photos": [{"name": name, "title": photos.title(name)} for name in photos.names()]}


@action("choose")
async def choose(ask: Ask) -> Answer:
    """`names` as picked in the album; left out, the next `count` pictures in turn (one unless asked for more)."""
    chosen = ask.body.get("names")
    if not chosen:
        turn = ask.world.remembered("album").get(ask.phone.host, 0)
        count = min(int(ask.body.get("auto", 1)), int(ask.body.get("count", 9)))
        chosen = [photos.names()[(turn + step) % len(photos.names())] for step in range(count)]
        ask.world.remembered("album")[ask.phone.host] = turn + count
    pictures = [photos.photo(name) for name in chosen if name in photos.names()]
    return {"localIds": [ask.world.local.add(ask.phone.platform, item, "image/jpeg") for item in pictures]}


@action("image-data")
async def image_data(ask: Ask) -> Answer:
    """iOS puts a prefix with its misspelt type before the base64; Android has none, and line breaks inside."""
    local = ask.world.local.find(ask.body.get("localId"))
    if local is None:
        raise Refused("fail, file not exist")
    text = base64.b64encode(local.content).decode()
    if ask.phone.platform == "ios":
        return {"localData": "data:image/jgp;base64," + text}
    return {"localData": "\n".join(text[start : start + LINE] for start in range(0, len(text), LINE))}


@action("upload-image")
async def upload_image(ask: Ask) -> Answer:
    return {"serverId": _upload(ask, "image")}


@action("upload-voice")
async def upload_voice(ask: Ask) -> Answer:
    return {"serverId": _upload(ask, "voice")}


@action("download-voice")
async def download_voice(ask: Ask) -> Answer:
    """What a page uploaded comes back onto the phone."""
    media = ask.world.state.media.get(str(ask.body.get("serverId")))
    if media is None or media.type != "voice":
        raise Refused("fail, media not exist")
    return {"localId": ask.world.local.add(ask.phone.platform, ask.world.media.read(media), media.content_type)}


def _upload(ask: Ask, kind: str) -> str:
    local = ask.world.local.find(ask.body.get("localId"))
    if local is None:
        raise Refused("fail, file not exist")
    about = {"source": "jssdk", "phone": ask.phone.host, "content_type": local.content_type}
    return ask.world.media.add(kind, local.content, **about).id


@action("record-start")
async def record_start(ask: Ask) -> Answer:
    recording = ask.world.remembered("recording")
    if ask.phone.host in recording and time.monotonic() - recording[ask.phone.host] < 60:
        raise Refused("fail, recording")
    recording[ask.phone.host] = time.monotonic()
    return {}


@action("record-stop")
async def record_stop(ask: Ask) -> Answer:
    """`seconds` replaces the time that passed, for those who cannot wait."""
    started = ask.world.remembered("recording").pop(ask.phone.host, None)
    if started is None:
        raise Refused("fail, not recording")
    seconds = float(ask.body.get("seconds") or time.monotonic() - started)
    voice = voices.record(seconds)
    key = ask.world.local.add(ask.phone.platform, voice, "audio/amr", voices.duration(voice))
    return {"localId": key, "seconds": voices.duration(voice)}


@action("translate")
async def translate(ask: Ask) -> Answer:
    if ask.world.local.find(ask.body.get("localId")) is None:
        raise Refused("fail, file not exist")
    return {"translateResult": ask.phone.transcript}


@action("location")
async def location(ask: Ask) -> Answer:
    point = ask.phone.latitude, ask.phone.longitude
    latitude, longitude = to_gcj02(*point) if ask.body.get("type") == "gcj02" else point
    return {"latitude": latitude, "longitude": longitude, "speed": 0, "accuracy": 30}


@action("scan")
async def scan(ask: Ask) -> Answer:
    """`result` as picked on the page; left out, what the phone was told to see next."""
    result = ask.body.get("result") or ask.phone.next_scan
    if not result:
        raise Refused("cancel")
    return {"resultStr": result}


@action("subscribe")
async def subscribe(ask: Ask) -> Answer:
    """`<wx-open-subscribe>`: the account's subscription templates among `templates`, each allowed or (without `allow`)
    not; WeChat tells the account. https://developers.weixin.qq.com/doc/service/guide/h5/opentag
    """
    known = ask.world.state.templates
    wanted = [key for key in ask.body.get("templates", [])[:3] if key in known and known[key].kind == "subscription"]
    if not wanted:
        raise Refused("no such template")
    status = "accept" if ask.body.get("allow") else "reject"
    entries = [{"TemplateId": key, "SubscribeStatusString": status, "PopupScene": 1} for key in wanted]
    if status == "accept":
        for key in wanted:
            ask.phone.subscriptions[key] = ask.phone.subscriptions.get(key, 0) + 1
        ask.world.phone_changed(ask.phone)
    event = {"MsgType": "event", "Event": "subscribe_msg_popup_event", "SubscribeMsgPopupEvent": {"List": entries}}
    ask.pusher.later(ask.phone, event, 0)
    details = {key: json.dumps({"status": status}) for key in wanted}
    return {"subscribeDetails": json.dumps(details)}


def local_file(world: World, key: str) -> web.Response:
    """What a phone holds, as a browser shows it (voice becomes WAV)."""
    local = world.local.find(key)
    if local is None:
        return web.Response(status=404)
    if local.content_type.startswith("audio/"):
        return web.Response(body=voices.to_wav(local.content), content_type="audio/wav")
    return web.Response(body=local.content, content_type=recognise(local.content) or "image/jpeg")


def to_gcj02(latitude: float, longitude: float) -> tuple[float, float]:
    """The published approximation of China's map shift, good to a metre or two."""
    x, y, pi = longitude - 105.0, latitude - 35.0, math.pi
    wave = (20 * math.sin(6 * x * pi) + 20 * math.sin(2 * x * pi)) * 2 / 3
    north = -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * math.sqrt(abs(x)) + wave
    north += (20 * math.sin(y * pi) + 40 * math.sin(y / 3 * pi)) * 2 / 3
    north += (160 * math.sin(y / 12 * pi) + 320 * math.sin(y * pi / 30)) * 2 / 3
    east = 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * math.sqrt(abs(x)) + wave
    east += (20 * math.sin(x * pi) + 40 * math.sin(x / 3 * pi)) * 2 / 3
    east += (150 * math.sin(x / 12 * pi) + 300 * math.sin(x / 30 * pi)) * 2 / 3
    radians, axis, flat = math.radians(latitude), 6378245.0, 0.00669342162296594323
    magic = 1 - flat * math.sin(radians) ** 2
    north = north * 180 / (axis * (1 - flat) / (magic * math.sqrt(magic)) * pi)
    east = east * 180 / (axis / math.sqrt(magic) * math.cos(radians) * pi)
    return round(latitude + north, 6), round(longitude + east, 6)
