"""What belongs to the account as a whole: addresses, network check, quotas."""

from typing import Any

from sandbox.api.registry import INTERFACES, Call, interface
from sandbox.errors import WeChatError

CLEARS_PER_MONTH = 10
ADDRESSES = ["127.0.0.1"]


@interface("/cgi-bin/getcallbackip", "GET")
async def callback_addresses(call: Call) -> dict[str, Any]:
    return {"ip_list": ADDRESSES}


@interface("/cgi-bin/get_api_domain_ip", "GET")
async def api_addresses(call: Call) -> dict[str, Any]:
    return {"ip_list": ADDRESSES}


@interface("/cgi-bin/callback/check")
async def callback_check(call: Call) -> dict[str, Any]:
    """Really asks the account's server: 100 % loss means that it does not answer the check of its address."""
    action = call.json.get("action")
    if action not in ("all", "dns", "ping"):
        raise WeChatError(40097, "action")
    answered = (await call.pusher.verify())["status"] is not None
    loss = "0%" if answered else "100%"
    dns = [{"ip": ADDRESSES[0], "real_operator": "DEFAULT"}]
    ping = [{"ip": ADDRESSES[0], "from_operator": "DEFAULT", "package_loss": loss, "time": "1.0ms"}]
    return ({"dns": dns} if action != "ping" else {}) | ({"ping": ping} if action != "dns" else {})


@interface("/cgi-bin/clear_quota")
async def clear_quota(call: Call) -> dict[str, Any]:
    if call.json.get("appid") != call.world.config.app_id:
        raise WeChatError(40013)
    counters = call.world.remembered("clear_quota")
    if counters.get("used", 0) >= CLEARS_PER_MONTH:
        raise WeChatError(48006)
    counters["used"] = counters.get("used", 0) + 1
    call.world.calls_today.clear()
    return {"errcode": 0, "errmsg": "ok"}


@interface("/cgi-bin/openapi/quota/get")
async def quota(call: Call) -> dict[str, Any]:
    path = str(call.json.get("cgi_path", ""))
    wanted = INTERFACES.get(path if path.startswith("/") else f"/{path}")
    if wanted is None:
        raise WeChatError(40066)
    used, limit = call.world.calls_today.get(wanted.path, 0), wanted.daily or 10_000_000
    figures = {"daily_limit": limit, "used": used, "remain": max(0, limit - used)}
    return {"errcode": 0, "errmsg": "ok", "quota": figures}
