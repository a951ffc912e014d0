"""access_token in its two forms, and the jsapi ticket (wechat.md sections 2 and 3)."""

from typing import Any

from sandbox.api.registry import Call, interface
from sandbox.errors import WeChatError


def check_account(call: Call, given: dict[str, Any], grant_type: str) -> None:
    """Raises WeChatError 40002, 41002, 40013, 41004 or 40125."""
    config = call.world.config
    if given.get("grant_type") != grant_type:
        raise WeChatError(40002)
    if not given.get("appid"):
        raise WeChatError(41002)
    if given["appid"] != config.app_id:
        raise WeChatError(40013)
    if not given.get("secret"):
        raise WeChatError(41004)
    if given["secret"] != config.app_secret:
        raise WeChatError(40125)


@interface("/cgi-bin/token", "GET", token=False)
async def token(call: Call) -> dict[str, Any]:
    check_account(call, call.query, "client_credential")
    fetched = call.world.tokens.fetch()
    return {"access_token": fetched.value, "expires_in": call.world.tokens.left(fetched)}


@interface("/cgi-bin/stable_token", token=False)
async def stable_token(call: Call) -> dict[str, Any]:
    """A call without `force_refresh` gets 41002, as accounts in the community report it."""
    check_account(call, call.json, "client_credential")
    force = call.json.get("force_refresh")
    if not isinstance(force, bool):
        raise WeChatError(41002, "force_refresh")
    fetched = call.world.tokens.stable(force)
    return {"access_token": fetched.value, "expires_in": call.world.tokens.left(fetched)}


@interface("/cgi-bin/ticket/getticket", "GET")
async def ticket(call: Call) -> dict[str, Any]:
    if call.query.get("type") != "jsapi":
        raise WeChatError(40097, "type")
    fetched = call.world.tokens.ticket()
    return {"errcode": 0, "errmsg": "ok", "ticket": fetched.value, "expires_in": call.world.tokens.left(fetched)}
