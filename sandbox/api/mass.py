"""message/mass/send: one message to many, four a month for each person (wechat.md section 6)."""

import time
from typing import Any

from sandbox.api.custom import content_of
from sandbox.api.registry import Call, interface
from sandbox.errors import WeChatError
from sandbox.state import Phone

PER_MONTH = 4
PER_MINUTE = 60
SMALLEST, LARGEST = 2, 10_000
CLIENT_ID_BYTES = 64


@interface("/cgi-bin/message/mass/send", daily=100)
async def send(call: Call) -> dict[str, Any]:
    people = _recipients(call.json.get("touser"))
    kind, content = content_of(call)
    _slow_down(call)
    number = call.world.state.next_id("mass", 3_147_483_001)
    _unheard_of(call, number)
    followers = {phone.openid: phone for phone in call.world.state.phones.values() if phone.subscribed}
    chosen = [followers[openid] for openid in people if openid in followers]
    reached = [phone for phone in chosen if _this_month(call, phone) < PER_MONTH]
    for phone in reached:
        phone.mass_received.append(call.world.clock.now())
        call.world.account_says(phone, "mass", kind, **content)
    _finish(call, number, len(people), len(reached))
    return {"errcode": 0, "errmsg": "send job submission success", "msg_id": number, "msg_data_id": number + 10**6}


@interface("/cgi-bin/message/mass/preview", daily=100)
async def preview(call: Call) -> dict[str, Any]:
    kind, content = content_of(call)
    call.world.account_says(call.recipient(), "preview", kind, **content)
    return {"errcode": 0, "errmsg": "preview success", "msg_id": call.world.state.next_id("mass", 3_147_483_001)}


def _recipients(given: object) -> list[str]:
    if not isinstance(given, list) or not all(isinstance(item, str) for item in given):
        raise WeChatError(40003)
    if not SMALLEST <= len(given) <= LARGEST:
        raise WeChatError(40130)
    return list(dict.fromkeys(given))


def _slow_down(call: Call) -> None:
    recent = call.world.remembered("mass_minute")
    minute = int(call.world.clock.now() // 60)
    recent[str(minute)] = recent.get(str(minute), 0) + 1
    if recent[str(minute)] > PER_MINUTE:
        raise WeChatError(45011)


def _unheard_of(call: Call, number: int) -> None:
    client = call.json.get("clientmsgid")
    if not client:
        return
    if len(str(client).encode()) > CLIENT_ID_BYTES:
        raise WeChatError(45067)
    known = call.world.remembered("clientmsgid")
    if client in known:
        raise WeChatError(45065, msg_id=known[client])
    known[client] = number


def _this_month(call: Call, phone: Phone) -> int:
    month = time.gmtime(call.world.clock.now() + 8 * 3600)[:2]
    return sum(time.gmtime(at + 8 * 3600)[:2] == month for at in phone.mass_received)


def _finish(call: Call, number: int, total: int, sent: int) -> None:
    """The event comes once, from the account itself; it is pushed in the name of any of its people."""
    counts = {"TotalCount": total, "FilterCount": sent, "SentCount": sent, "ErrorCount": 0}
    event = {"MsgType": "event", "Event": "MASSSENDJOBFINISH", "MsgID": number}
    sender = next(iter(call.world.state.phones.values()))
    call.pusher.later(sender, event | {"Status": "send success"} | counts, call.world.config.finish_delay)
