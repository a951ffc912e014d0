"""Is the official account set up? Each check asks WeChat or the settings, and says how to mend what it finds."""

import re
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import partial
from urllib.parse import urlsplit

from django.conf import settings
from django.utils import timezone

from accounts.calendar import year_without_holidays
from community_report.wechat.client import Client, get_client
from community_report.wechat.errors import WeChatError
from community_report.wechat.handshake import knock
from dispatch.models import SubscriptionTemplate, Template, Trouble

from . import menu, replaying, routing

CONSOLE = "mp.weixin.qq.com"
OK, WARNING, FAILED = "ok", "warning", "failed"
#: How a field stands in the text of a template.
_FIELD = re.compile(r"\{\{\s*(\w+)\.DATA\s*\}\}")

_MEND = {
    40013: f"set WECHAT_APP_ID to the id under {CONSOLE} → 设置与开发 → 开发接口管理",
    40125: f"set WECHAT_APP_SECRET to the secret under {CONSOLE} → 设置与开发 → 开发接口管理, or reset it there",
    40001: "set WECHAT_APP_SECRET to the account's secret",
    40164: f"add this server's address (it is in the message) to the white list: {CONSOLE} → 开发接口管理 → IP白名单",
    40243: f"the secret is frozen: unfreeze it under {CONSOLE} → 开发接口管理",
    48001: "the account has no right to this interface: verify the account (微信认证) or apply for the interface",
    45009: "the day's quota is used up: wait for midnight in China, or clear it (clear_quota, ten times a month)",
    89503: "the account's administrator has to approve this server's address in WeChat",
}


@dataclass(frozen=True)
class Finding:
    """One check: `status` is ok, warning or failed; `mend` says what to do ("" when ok)."""

    check: str
    status: str
    detail: str
    mend: str = ""

    def as_dict(self) -> dict[str, str]:
        return asdict(self)


def examine() -> list[Finding]:
    """Every check in turn; without a token the checks that need one are not made."""
    findings = [_settings()]
    if findings[0].status != OK:
        return findings
    client = get_client()
    findings.append(_asked("token", lambda: _token(client)))
    if findings[-1].status == OK:
        for check, ask in (
            ("js_ticket", _ticket),
            ("menu", _menu),
            ("templates", _templates),
            ("subscriptions", _subscriptions),
            ("callback", _callback),
        ):
            findings.append(_asked(check, partial(ask, client)))
    return [*findings, _address(), _encryption(), _troubles(), _left_over(), _holidays()]


def _asked(check: str, ask: Callable[[], Finding]) -> Finding:
    try:
        return ask()
    except WeChatError as error:
        mend = _MEND.get(error.code or 0, "see the code in WeChat's list of return codes")
        if error.code is None:
            mend = f"WeChat was not reached: check the network, WECHAT_API_BASE_URL ({settings.WECHAT_API_BASE_URL})"
        return Finding(check, FAILED, str(error), mend)


def _settings() -> Finding:
    problems = [f"{name} {problem}" for name, problem in settings.SETTINGS_PROBLEMS]
    problems += [
        f"{name} is empty"
        for name in ("WECHAT_APP_ID", "WECHAT_APP_SECRET", "WECHAT_TOKEN")
        if not getattr(settings, name) and not any(name in problem for problem in problems)
    ]
    if problems:
        return Finding("settings", FAILED, "; ".join(problems), "set them in the environment or in .env")
    return Finding("settings", OK, "all there")


def _token(client: Client) -> Finding:
    return Finding("token", OK, f"good for {client.token_info().seconds_left} s more")


def _ticket(client: Client) -> Finding:
    client.jsapi_ticket()
    return Finding("js_ticket", OK, "the pages' JS-SDK can be signed")


def _menu(client: Client) -> Finding:
    if menu.same(client.menu_get(), menu.menu()):
        return Finding("menu", OK, "as it should be")
    return Finding("menu", WARNING, "not this project's menu", "python manage.py wechat_menu sync")


def _templates(client: Client) -> Finding:
    chosen = list(Template.objects.order_by("kind"))
    if not chosen:
        return Finding(
            "templates", WARNING, "none chosen: messages reach only who wrote within 48 hours",
            "choose templates under 广告与服务 → 模板消息, then python manage.py wechat_templates FILE.toml",
        )  # fmt: skip
    there = {str(one.get("template_id")): str(one.get("content", "")) for one in client.list_templates()}
    problems = [problem for template in chosen if (problem := _problem_of(template, there))]
    if problems:
        return Finding("templates", FAILED, "; ".join(problems), "correct the file and run wechat_templates again")
    return Finding("templates", OK, f"{len(chosen)} chosen, all in the account")


def _subscriptions(client: Client) -> Finding:
    chosen = list(SubscriptionTemplate.objects.order_by("kind"))
    if not chosen:
        return Finding("subscriptions", OK, "none chosen: nothing is sent as a subscription message")
    there = {str(one.get("priTmplId")): str(one.get("content", "")) for one in client.list_subscription_templates()}
    problems = [problem for template in chosen if (problem := _problem_of(template, there))]
    if problems:
        return Finding("subscriptions", FAILED, "; ".join(problems), "correct 订阅模板 in the back office")
    return Finding("subscriptions", OK, f"{len(chosen)} chosen, all in the account")


def _problem_of(template: Template | SubscriptionTemplate, there: dict[str, str]) -> str:
    """What WeChat would refuse (40037, 47003) in one chosen template."""
    if template.template_id not in there:
        return f"{template.kind}: the account has no template {template.template_id}"
    content = there[template.template_id]
    has = dict.fromkeys(_FIELD.findall(content))
    if unknown := [field for field in template.fields if has and field not in has]:
        return f"{template.kind}: the template has no field {', '.join(unknown)}"
    if unfilled := [field for field in has if field not in template.fields]:
        return f"{template.kind}: nothing fills the template's field {', '.join(unfilled)}"
    return ""


def _callback(client: Client) -> Finding:
    """Does our callback answer WeChat's handshake? If we cannot reach it from here, WeChat's own view decides."""
    where = f"{settings.PUBLIC_BASE_URL}/wechat/callback"
    problem = knock(where)
    if not problem:
        return Finding("callback", OK, f"{where} answers WeChat's handshake")
    # https://developers.weixin.qq.com/doc/service/api/base (callback/check): pings from WeChat's networks.
    pings = client.check_callback().get("ping") or []
    if pings and all(str(ping.get("package_loss")) in ("0%", "0", "0.0%") for ping in pings):
        return Finding("callback", WARNING, f"{where}: {problem} from here, but WeChat reaches its address")
    mend = "let WeChat's servers through to ports 80 and 443, and set the same WECHAT_TOKEN on both sides"
    return Finding("callback", FAILED, f"{where}: {problem}", mend)


def _address() -> Finding:
    parts = urlsplit(settings.PUBLIC_BASE_URL)
    if parts.port not in (None, 80, 443):
        return Finding(
            "address", WARNING, f"{settings.PUBLIC_BASE_URL} has a port, and WeChat calls 80 and 443 only",
            "put a reverse proxy in front and set PUBLIC_BASE_URL to its address",
        )  # fmt: skip
    if parts.scheme != "https":
        return Finding("address", WARNING, f"{settings.PUBLIC_BASE_URL} is not https", "serve it over https")
    return Finding("address", OK, settings.PUBLIC_BASE_URL)


def _encryption() -> Finding:
    if settings.WECHAT_ENCODING_AES_KEY:
        return Finding("encryption", OK, "messages from WeChat are encrypted")
    return Finding(
        "encryption", WARNING, "messages from WeChat come in clear, and their signature does not cover the body",
        f"choose 安全模式 under {CONSOLE} → 服务器配置 and set WECHAT_ENCODING_AES_KEY",
    )  # fmt: skip


def _troubles() -> Finding:
    troubles = [f"{t.key} since {t.since:%Y-%m-%d %H:%M} ({t.times}×): {t.detail}" for t in Trouble.objects.all()]
    if troubles:
        return Finding("sending", FAILED, "; ".join(troubles), "mend the cause; what waits is sent by itself")
    return Finding("sending", OK, "no trouble with what was sent last")


def _left_over() -> Finding:
    """What was tried too often, and waits for somebody to look at it."""
    messages = [f"{row.kind} {row.event}: {row.error}".replace(" :", ":") for row in replaying.quarantined()[:5]]
    tellings = [f"{box.key}: {box.error}" for box in routing.given_up()[:5]]
    if messages or tellings:
        return Finding(
            "left_over", FAILED, "; ".join([*messages, *tellings]),
            "mend the cause; then in the back office, under 微信来信 and 待分发, let it be processed again",
        )  # fmt: skip
    return Finding("left_over", OK, "everything that came in was dealt with")


def _holidays() -> Finding:
    """Deadlines in working hours need China's holidays, which are announced each autumn for the year to come."""
    year = year_without_holidays(timezone.localdate(), None)
    if year is None:
        return Finding("holidays", OK, "the working calendar knows this year and, from December on, the next")
    return Finding(
        "holidays", WARNING, f"the holidays of {year} are not known: deadlines go by Monday to Friday",
        "update the package chinesecalendar (requirements.in), or fill in 特殊日子 in the back office",
    )  # fmt: skip
