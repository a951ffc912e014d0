"""message/custom/send: free messages inside the windows that a person's own acts open (wechat.md section 6)."""

from collections.abc import Callable
from typing import Any

from sandbox import allowance
from sandbox.api.registry import Call, interface
from sandbox.errors import WeChatError

TEXT_BYTES = 2048


def text(call: Call, body: dict[str, Any]) -> dict[str, Any]:
    content = body.get("content")
    if not isinstance(content, str) or not content:
        raise WeChatError(44004)
    if len(content.encode()) > TEXT_BYTES:
        raise WeChatError(45002)
    return {"text": content}


def media(call: Call, body: dict[str, Any]) -> dict[str, Any]:
    if call.world.media.find(body.get("media_id")) is None:
        raise WeChatError(40007)
    return {"media_id": body["media_id"]}


def news(call: Call, body: dict[str, Any]) -> dict[str, Any]:
    articles = body.get("articles")
    if not isinstance(articles, list) or not articles:
        raise WeChatError(44003)
    if len(articles) > 1:
        raise WeChatError(45008)
    return {"articles": [{key: str(value) for key, value in article.items()} for article in articles]}


def menu(call: Call, body: dict[str, Any]) -> dict[str, Any]:
    lines = [body.get("head_content"), *(item.get("content") for item in body.get("list", []))]
    return {"text": "\n".join(str(line) for line in [*lines, body.get("tail_content")] if line)}


def titled(call: Call, body: dict[str, Any]) -> dict[str, Any]:
    return {"text": str(body.get("title") or body.get("article_id") or body.get("media_id") or "")}


CONTENT: dict[str, Callable[[Call, dict[str, Any]], dict[str, Any]]] = {
    "text": text,
    "image": media,
    "voice": media,
    "video": media,
    "news": news,
    "msgmenu": menu,
    "music": titled,
    "mpnews": titled,
    "mpnewsarticle": titled,
    "wxcard": titled,
    "miniprogrampage": titled,
}


def content_of(call: Call) -> tuple[str, dict[str, Any]]:
    """Type and content of a message body. Raises WeChatError 40008 and what the type has."""
    kind = call.json.get("msgtype")
    if kind not in CONTENT:
        raise WeChatError(40008)
    body = call.json.get(kind)
    return kind, CONTENT[kind](call, body if isinstance(body, dict) else {})


@interface("/cgi-bin/message/custom/send", daily=500_000)
async def send(call: Call) -> dict[str, Any]:
    kind, content = content_of(call)
    phone = call.recipient()
    if call.world.enforce:
        if not phone.subscribed:
            raise WeChatError(45015)
        allowance.spend(phone, call.world.clock.now())
        call.world.phone_changed(phone)
    call.world.account_says(phone, "custom", kind, **content)
    return {"errcode": 0, "errmsg": "ok"}
