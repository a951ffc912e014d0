"""Web login: the authorize page of a phone's browser and the server's exchange of the code (wechat.md section 5)."""

import html
import re
import secrets
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from aiohttp import web

from sandbox.api.auth import check_account
from sandbox.api.registry import Call, interface
from sandbox.errors import WeChatError
from sandbox.rewrite import Origins
from sandbox.state import Phone
from sandbox.world import World

ORDER = ["appid", "redirect_uri", "response_type", "scope", "state"]
OPTIONAL = {"connect_redirect", "forcePopup", "forceSnapShot"}
STATE = re.compile(r"[a-zA-Z0-9]{1,128}")
SCOPES = {"snsapi_base", "snsapi_userinfo"}
CODE_LIFE = 300
TOKEN_LIFE = 7200
WHOSE_PHONE = "网页要在某一部手机上打开（程序可用 X-Sandbox-Phone 指明是谁）："
PAGE = """<!doctype html><html lang="zh-CN"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>{title}</title><body style="font:17px/1.6 sans-serif;text-align:center;padding:18vh 24px 0;color:#333">
<h1 style="font-size:20px">{title}</h1><p style="color:#888;font-size:15px">{text}</p>{more}</body></html>"""


def authorize(world: World, phone: Phone | None, request: web.Request) -> web.Response:
    """Redirects back with a code, asks for consent (snsapi_userinfo), or shows why not."""
    if phone is None:
        return _not_in_wechat(world, request)
    query = parse_qsl(request.query_string, keep_blank_values=True)
    origins = Origins.of(world, request.host)
    values = dict(query) | {"redirect_uri": origins.to_public(dict(query).get("redirect_uri", ""))}
    problem = _problem(world, [name for name, _ in query], values)
    if problem:
        world.journal.add("oauth", phone=phone.host, ok=False, problem=problem)
        return page(problem, "redirect_uri: " + values["redirect_uri"], status=400)
    if values["scope"] == "snsapi_userinfo" and request.method == "GET":
        return _consent(world)
    target = _with_code(values, issue_code(world, phone, values["scope"]))
    world.journal.add("oauth", phone=phone.host, ok=True, scope=values["scope"], snapshot=phone.snapshot)
    return web.Response(status=302, headers={"Location": origins.to_phone(target)})


def _not_in_wechat(world: World, request: web.Request) -> web.Response:
    """WeChat's refusal of an ordinary browser, and the phones on which the application opens."""
    port = f":{request.url.port}" if request.url.port else ""
    links = [
        f'<a href="http://{phone.host}.localhost{port}/">{html.escape(phone.name)}</a>'
        for phone in world.state.phones.values()
    ]
    more = f'<p>{" · ".join(links)}</p><p><a href="/">所有手机 All phones</a></p>'
    return page("请在微信客户端打开链接", WHOSE_PHONE, more=more, status=403)


def _problem(world: World, names: list[str], values: dict[str, str]) -> str:
    """Empty, or the words of WeChat's error page."""
    required, rest = names[: len(ORDER)], set(names[len(ORDER) :])
    if required != ORDER and required != ORDER[:-1]:
        return "参数错误 (order)"
    if rest - OPTIONAL:
        return "参数错误 (unknown)"
    if values["appid"] != world.config.app_id:
        return "AppID 参数错误 (10013)"
    if values["response_type"] != "code" or values["scope"] not in SCOPES:
        return "Scope 参数错误或没有 Scope 权限 (10005)"
    if not STATE.fullmatch(values.get("state", "0")):
        return "state 参数错误"
    wanted, given = urlsplit(world.config.public_base_url), urlsplit(values["redirect_uri"])
    if given.scheme not in ("http", "https") or given.netloc != wanted.netloc:
        return "redirect_uri 域名与后台配置不一致 (10003)"
    return ""


def _with_code(values: dict[str, str], code: str) -> str:
    """`code` and `state` join the query, before the fragment."""
    address, _, fragment = values["redirect_uri"].partition("#")
    joint = "&" if "?" in address else "?"
    state = values.get("state", "")
    return f"{address}{joint}code={code}&state={state}" + (f"#{fragment}" if fragment else "")


def issue_code(world: World, phone: Phone, scope: str = "snsapi_base") -> str:
    code = "0" + secrets.token_hex(15) + "w3"
    openid = f"oSNAPSHOT{secrets.token_urlsafe(14)}"[:28] if phone.snapshot else phone.openid
    details = {"phone": phone.host, "openid": openid, "scope": scope, "snapshot": phone.snapshot}
    world.oauth_codes[code] = details | {"used": False, "until": world.clock.now() + CODE_LIFE}
    return code


def _consent(world: World) -> web.Response:
    form = '<form method="post"><button style="font:inherit;background:#07c160;color:#fff;border:0;border-radius:8px;'
    form += 'padding:10px 56px">允许</button></form>'
    name = html.escape(world.state.account.name)
    return page(f"{name} 申请", "获取你的昵称、头像", more=form)


def page(title: str, text: str, *, more: str = "", status: int = 200) -> web.Response:
    body = PAGE.format(title=html.escape(title), text=html.escape(text), more=more)
    return web.Response(status=status, text=body, content_type="text/html")


@interface("/sns/oauth2/access_token", "ANY", token=False)
async def access_token(call: Call) -> dict[str, Any]:
    check_account(call, call.query, "authorization_code")
    given = call.query.get("code")
    if not given:
        raise WeChatError(41008)
    code = call.world.oauth_codes.get(given)
    if code is None:
        raise WeChatError(40029)
    if code["used"]:
        raise WeChatError(40163)
    if code["until"] < call.world.clock.now():
        raise WeChatError(42003)
    code["used"] = True
    call.about["phone"] = code["phone"]
    return _tokens(call, code)


def _tokens(call: Call, code: dict[str, Any]) -> dict[str, Any]:
    value = "88_" + secrets.token_urlsafe(64)
    call.world.oauth_tokens[value] = code | {"until": call.world.clock.now() + TOKEN_LIFE}
    answer = {"access_token": value, "expires_in": TOKEN_LIFE, "refresh_token": "88_" + secrets.token_urlsafe(64)}
    answer |= {"openid": code["openid"], "scope": code["scope"]}
    return answer | ({"is_snapshotuser": 1} if code["snapshot"] else {})


@interface("/sns/userinfo", "GET", token=False)
async def userinfo(call: Call) -> dict[str, Any]:
    token = call.world.oauth_tokens.get(call.query.get("access_token", ""))
    if token is None or token["until"] < call.world.clock.now():
        raise WeChatError(40001 if token is None else 42001)
    if call.query.get("openid") != token["openid"]:
        raise WeChatError(40003)
    if token["scope"] != "snsapi_userinfo":
        raise WeChatError(48001)
    name = "微信用户" if token["snapshot"] else call.world.state.phones[token["phone"]].name
    blank = {"sex": 0, "province": "", "city": "", "country": "", "headimgurl": "", "privilege": []}
    return {"openid": token["openid"], "nickname": name} | blank
