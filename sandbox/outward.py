"""Who is not WeChat: the group robots of WeCom, Feishu and DingTalk, and a gateway for short messages.

Each answers as its vendor documents it: WeCom at `/cgi-bin/webhook/send?key=`, DingTalk at
`/robot/send?access_token=`, Feishu at `/open-apis/bot/v2/hook/<token>`, the gateway at `/sms/send`. A robot whose key
or token is `gone` does not exist; one whose name ends in `-signed` wants the signature of `SECRET`. Twenty posts a
minute; beyond that the vendor's refusal. Faults work as for the platform's own calls. What was taken is in the journal
as a `message` of channel `robot` or `sms`.
"""

import base64
import hashlib
import hmac
import json
import time
from collections import deque
from typing import Any

from aiohttp import web

from sandbox import faults
from sandbox.world import World

SECRET = "SEC-sandbox"
PER_MINUTE = 20
WECOM, FEISHU, DINGTALK, SMS = "/cgi-bin/webhook/send", "/open-apis/bot/v2/hook/", "/robot/send", "/sms/send"
PATHS = (WECOM, FEISHU, DINGTALK, SMS)
HOUR = 3600


async def handle(world: World, request: web.Request) -> web.StreamResponse:
    raw = await request.read()
    started = time.monotonic()
    fault = world.faults.take("api", request.path, raw.decode(errors="replace"))

    async def answer() -> web.StreamResponse:
        return web.json_response(_answer(world, request, _object(raw)))

    response = await (faults.spoil(fault, request, answer) if fault else answer())
    said = _object(response.body) if isinstance(response, web.Response) and isinstance(response.body, bytes) else {}
    world.journal.add(
        "api",
        method=request.method,
        path=FEISHU if request.path.startswith(FEISHU) else request.path,
        status=response.status,
        errcode=said.get("errcode", said.get("code", 0)),
        answer=said,
        body=_object(raw),
        phone="",
        fault=fault.id if fault else None,
        seconds=round(time.monotonic() - started, 4),
    )
    return response


def _object(raw: object) -> dict[str, Any]:
    try:
        found = json.loads(raw) if isinstance(raw, bytes) else {}
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _answer(world: World, request: web.Request, body: dict[str, Any]) -> dict[str, Any]:
    if request.path == SMS:
        return _sms(world, body)
    if request.path == WECOM:
        return _wecom(world, request.query.get("key", ""), body)
    if request.path == DINGTALK:
        return _dingtalk(world, request, body)
    return _feishu(world, request.path.removeprefix(FEISHU), body)


def _sms(world: World, body: dict[str, Any]) -> dict[str, Any]:
    phone, text = str(body.get("phone", "")), str(body.get("text", ""))
    if not phone or not text:
        return {"code": 400, "message": "phone and text are needed"}
    number = world.state.next_id("sms")
    world.journal.add("message", channel="sms", phone="", number=phone, text=text)
    return {"code": 0, "message": "ok", "msgid": str(number)}


def _wecom(world: World, key: str, body: dict[str, Any]) -> dict[str, Any]:
    """https://developer.work.weixin.qq.com/document/path/91770"""
    text = _text(body, "msgtype", "text", "content")
    if not key or key == "gone":
        return {"errcode": 93000, "errmsg": "invalid webhook url"}
    if not text:
        return {"errcode": 40008, "errmsg": "invalid message type"}
    if len(text.encode()) > 2048:
        return {"errcode": 40058, "errmsg": "content exceed max length. max:2048"}
    if not _room(world, f"wecom:{key}"):
        return {"errcode": 45009, "errmsg": "api freq out of limit"}
    return _posted(world, "wecom", text, {"errcode": 0, "errmsg": "ok"})


def _dingtalk(world: World, request: web.Request, body: dict[str, Any]) -> dict[str, Any]:
    """https://open.dingtalk.com/document/robots/custom-robot-access"""
    token, text = request.query.get("access_token", ""), _text(body, "msgtype", "text", "content")
    stamp = request.query.get("timestamp", "")
    if not token or token == "gone":
        return {"errcode": 300001, "errmsg": "token is not exist"}
    if token.endswith("-signed") and not _fresh(stamp, 1000):
        return {"errcode": 310000, "errmsg": "invalid timestamp"}
    if token.endswith("-signed") and request.query.get("sign") != _sign(SECRET, f"{stamp}\n{SECRET}"):
        return {"errcode": 310000, "errmsg": "sign not match"}
    if not text:
        return {"errcode": 400105, "errmsg": "unsupported msgtype"}
    if not _room(world, f"dingtalk:{token}"):
        return {"errcode": 130101, "errmsg": "send too fast, exceed 20 times per minute"}
    return _posted(world, "dingtalk", text, {"errcode": 0, "errmsg": "ok"})


def _feishu(world: World, token: str, body: dict[str, Any]) -> dict[str, Any]:
    """https://open.feishu.cn/document/client-docs/bot-v3/add-custom-bot"""
    text, stamp = _text(body, "msg_type", "content", "text"), str(body.get("timestamp", ""))
    if token == "gone":
        return {"code": 19001, "msg": "param invalid: incoming webhook access token invalid"}
    if token.endswith("-signed") and not (_fresh(stamp, 1) and body.get("sign") == _sign(f"{stamp}\n{SECRET}", "")):
        return {"code": 19021, "msg": "sign match fail or timestamp is not within one hour from current time"}
    if not text:
        return {"code": 9499, "msg": "Bad Request", "data": {}}
    if not _room(world, f"feishu:{token}"):
        return {"code": 11232, "msg": "frequency limited"}
    return _posted(world, "feishu", text, {"code": 0, "msg": "success", "data": {}})


def _text(body: dict[str, Any], kind: str, holder: str, name: str) -> str:
    content = body.get(holder)
    return str(content.get(name, "")) if body.get(kind) == "text" and isinstance(content, dict) else ""


def _posted(world: World, vendor: str, text: str, answer: dict[str, Any]) -> dict[str, Any]:
    world.journal.add("message", channel="robot", vendor=vendor, phone="", text=text)
    return answer


def _room(world: World, robot: str) -> bool:
    now = world.clock.now()
    posts: deque[float] = world.remembered("robots").setdefault(robot, deque())
    while posts and posts[0] <= now - 60:
        posts.popleft()
    if len(posts) >= PER_MINUTE:
        return False
    posts.append(now)
    return True


def _fresh(stamp: str, per_second: int) -> bool:
    return stamp.isdigit() and abs(time.time() - int(stamp) / per_second) < HOUR


def _sign(key: str, message: str) -> str:
    return base64.b64encode(hmac.new(key.encode(), message.encode(), hashlib.sha256).digest()).decode()
