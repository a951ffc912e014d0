"""message/template/send and message/subscribe/bizsend, their rules and finish events (wechat.md section 6)."""

from typing import Any

from sandbox import template_rules
from sandbox.api.registry import Call, interface
from sandbox.errors import WeChatError
from sandbox.state import Phone, Template

SUPPRESS_SECONDS = 600
MESSAGE_ID_START = 3_000_000_000_000_000_001


def wanted(call: Call, kind: str) -> Template:
    template = call.world.state.templates.get(str(call.json.get("template_id")))
    if template is None or template.kind != kind:
        raise WeChatError(40037)
    return template


def show(call: Call, phone: Phone, template: Template, values: dict[str, str], channel: str, url: str) -> None:
    lines = template_rules.render(template.content, values)
    about = {"title": template.title, "lines": lines, "url": url, "template_id": template.id, "data": values}
    call.world.account_says(phone, channel, "template", **about)


@interface("/cgi-bin/message/template/send", daily=100_000)
async def send(call: Call) -> dict[str, Any]:
    phone, template = call.recipient(), wanted(call, "template")
    values = template_rules.check(template.content, call.json.get("data"))
    if not phone.subscribed:
        raise WeChatError(43004)
    number = _repeated(call, phone)
    if number is None:
        number = call.world.state.next_id("template", MESSAGE_ID_START)
        _remember(call, phone, number)
        _deliver(call, phone, template, values, number)
    return {"errcode": 0, "errmsg": "ok", "msgid": number}


def _deliver(call: Call, phone: Phone, template: Template, values: dict[str, str], number: int) -> None:
    """What a person has muted fails later, by the finish event."""
    status = "failed:user block" if phone.mutes_templates else "success"
    if not phone.mutes_templates:
        show(call, phone, template, values, "template", str(call.json.get("url") or ""))
    event = {"MsgType": "event", "Event": "TEMPLATESENDJOBFINISH", "MsgID": number, "Status": status}
    call.pusher.later(phone, event, call.world.config.finish_delay)


def _repeated(call: Call, phone: Phone) -> int | None:
    """The message id of the same client_msg_id to the same person within ten minutes."""
    key = f"{phone.openid}\n{call.json.get('client_msg_id')}"
    known = call.world.remembered("client_msg_id").get(key)
    if not call.json.get("client_msg_id") or not known or call.world.clock.now() - known[0] > SUPPRESS_SECONDS:
        return None
    call.about["suppressed"] = True
    return int(known[1])


def _remember(call: Call, phone: Phone, number: int) -> None:
    key = f"{phone.openid}\n{call.json.get('client_msg_id')}"
    call.world.remembered("client_msg_id")[key] = (call.world.clock.now(), number)


@interface("/cgi-bin/message/subscribe/bizsend")
async def bizsend(call: Call) -> dict[str, Any]:
    phone, template = call.recipient(), wanted(call, "subscription")
    values = template_rules.check(template.content, call.json.get("data"))
    if phone.subscriptions.get(template.id, 0) < 1:
        raise WeChatError(43101)
    phone.subscriptions[template.id] -= 1
    show(call, phone, template, values, "bizsend", str(call.json.get("page") or ""))
    sent = {"TemplateId": template.id, "MsgID": call.world.state.next_id("template", MESSAGE_ID_START)}
    event: dict[str, Any] = {"MsgType": "event", "Event": "subscribe_msg_sent_event"}
    event["SubscribeMsgSentEvent"] = {"List": sent | {"ErrorCode": 0, "ErrorStatus": "success"}}
    call.pusher.later(phone, event, call.world.config.finish_delay)
    return {"errcode": 0, "errmsg": "ok"}


@interface("/cgi-bin/template/get_all_private_template", "GET")
async def all_templates(call: Call) -> dict[str, Any]:
    templates = [item for item in call.world.state.templates.values() if item.kind == "template"]
    more = {"primary_industry": "", "deputy_industry": "", "example": ""}
    listed = [{"template_id": item.id, "title": item.title, "content": item.content} | more for item in templates]
    return {"template_list": listed}
