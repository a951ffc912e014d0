"""The commands around WeChat: templates, menu, doctor, ledger."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import StringIO
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from accounts.models import Membership
from dispatch.models import Delivery, SubscriptionTemplate, Template, Trouble
from dispatch.services import menu
from tests.dispatch.ledger import SEND_TEXT, WeChat, only, route_all, send_all
from tests.factories import Cast
from tests.wechat.platform import Call, error, ok, plain_json

pytestmark = pytest.mark.django_db

TEMPLATES = """
[[templates]]
kind = "new_report"
template_id = "tpl_new-1"
fields = {thing1 = "title", time2 = "created_at", phrase3 = "status"}

[[templates]]
kind = "rated"
template_id = "tpl_rated"
fields = {number1 = "score"}
"""


def run(*args: str) -> str:
    out = StringIO()
    call_command(*args, stdout=out)
    return out.getvalue()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "templates.toml"
    path.write_text(TEMPLATES)
    return path


def test_templates_are_stored_and_a_second_run_changes_nothing(file: Path) -> None:
    assert run("wechat_templates", str(file)) == "added new_report: tpl_new-1\nadded rated: tpl_rated\n"
    assert Template.objects.get(kind="rated").fields == {"number1": "score"}
    assert run("wechat_templates", str(file)) == "nothing changed\n"


def test_templates_that_left_the_file_are_gone(file: Path) -> None:
    run("wechat_templates", str(file))
    file.write_text(TEMPLATES.replace("tpl_new-1", "tpl_new-2").split('[[templates]]\nkind = "rated"')[0])
    assert run("wechat_templates", str(file)) == "changed new_report: tpl_new-2\nremoved rated\n"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('kind = "rated"', 'kind = "rating"', "templates[2].kind"),
        ('kind = "new_report"', 'kind = "rated"', "rated: named twice"),
        ('"tpl_rated"', '"一"', "templates[2].template_id"),
        ('"tpl_rated"', '""', "templates[2].template_id"),
        ('"tpl_rated"', "7", "templates[2].template_id"),
        ('number1 = "score"', 'number1 = "scores"', "templates[2].fields.number1: rated has no value 'scores'"),
        ('number1 = "score"', 'numbers1 = "score"', "templates[2].fields.numbers1: no such field"),
        ('number1 = "score"', 'time1 = "score"', "a field time cannot hold score"),
        ('number1 = "score"', "", "templates[2].fields"),
        ('kind = "rated"', 'kinds = "rated"', "templates[2].kinds: unknown key"),
        ("[[templates]]", "[[template]]", "not template"),
        ('"rated"', '"rated', "line 8"),
    ],
)
def test_a_wrong_file_is_refused_and_changes_nothing(file: Path, old: str, new: str, said: str) -> None:
    file.write_text(TEMPLATES.replace(old, new))
    with pytest.raises(CommandError) as refused:
        run("wechat_templates", str(file))
    assert said in str(refused.value)
    assert not Template.objects.exists()


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="No such file"):
        run("wechat_templates", str(tmp_path / "none.toml"))


# --- The menu ---------------------------------------------------------------------------------------------------


def test_the_menu_keeps_to_wechat_s_limits(settings: Any) -> None:
    settings.PUBLIC_BASE_URL = "https://xq.example.com"
    buttons = menu.menu()["button"]
    assert 1 <= len(buttons) <= 3
    assert all(len(button["name"].encode()) <= 16 for button in buttons)
    entries = [entry for button in buttons for entry in button.get("sub_button", [])]
    assert 1 <= len(entries) <= 5
    assert all(len(entry["name"].encode()) <= 60 for entry in entries)
    pages = [one["url"] for one in (*buttons, *entries) if "url" in one]
    assert "https://xq.example.com/h5/reports/new" in pages
    assert pages[-1] == "https://xq.example.com/h5/work"  # refuses most who open the menu
    assert all(page.startswith("https://xq.example.com/h5/") for page in pages)


def test_the_menu_is_put_once(wechat: WeChat) -> None:
    stored: dict[str, Any] = {}

    def create(call: Call) -> Any:
        stored["menu"] = call.json
        return ok()

    wechat.on("/cgi-bin/menu/create", create)
    wechat.on("/cgi-bin/menu/get", lambda _: plain_json(**stored) if stored else error(46003))
    assert run("wechat_menu", "show") == "no menu\n"
    assert run("wechat_menu", "sync").startswith("changed")
    assert stored["menu"] == menu.menu()
    assert run("wechat_menu", "sync") == "unchanged\n"
    assert json.loads(run("wechat_menu", "show")) == menu.menu()
    wechat.on("/cgi-bin/menu/delete", ok())
    assert run("wechat_menu", "delete") == "deleted\n"


def test_a_menu_that_wechat_refuses(wechat: WeChat) -> None:
    wechat.on("/cgi-bin/menu/get", error(48001))
    with pytest.raises(CommandError, match="48001"):
        run("wechat_menu", "show")


# --- The doctor -------------------------------------------------------------------------------------------------


@pytest.fixture
def web(settings: Any) -> Iterator[list[str]]:
    """A web server at PUBLIC_BASE_URL that answers the handshake; the list holds what it answers instead."""
    instead: list[str] = []

    class Handle(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            query = parse_qs(urlsplit(self.path).query)
            self.send_response(200)
            self.end_headers()
            self.wfile.write((instead or query["echostr"])[0].encode())

        def log_message(self, *args: Any) -> None:
            """The test's output stays its own."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handle)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    settings.PUBLIC_BASE_URL = f"http://127.0.0.1:{server.server_port}"
    yield instead
    server.shutdown()
    server.server_close()


@pytest.fixture
def healthy(wechat: WeChat, web: list[str], settings: Any) -> WeChat:
    settings.SETTINGS_PROBLEMS = []
    wechat.on("/cgi-bin/ticket/getticket", ok(ticket="T", expires_in=7200))
    wechat.on("/cgi-bin/menu/get", lambda _: plain_json(menu=menu.menu()))
    wechat.on(
        "/cgi-bin/template/get_all_private_template",
        plain_json(template_list=[{"template_id": "T1", "content": "{{thing1.DATA}}"}]),
    )
    wechat.on("/cgi-bin/callback/check", plain_json(ping=[]))
    Template.objects.create(kind="claimed", template_id="T1", fields={"thing1": "title"})
    return wechat


def doctor() -> tuple[int, dict[str, dict[str, str]]]:
    """(exit status, check → finding)"""
    out = StringIO()
    status = 0
    try:
        call_command("wechat_doctor", "--json", stdout=out)
    except SystemExit as end:
        status = int(str(end.code))
    return status, {finding["check"]: finding for finding in json.loads(out.getvalue())}


def test_a_healthy_account(healthy: WeChat) -> None:
    status, found = doctor()
    assert status == 0
    checks = ("settings", "token", "js_ticket", "menu", "templates", "callback", "sending")
    assert {check: found[check]["status"] for check in checks} == dict.fromkeys(checks, "ok")
    assert all(not found[check]["mend"] for check in checks)
    assert "healthy" not in run("wechat_doctor")


@pytest.mark.parametrize(
    ("path", "code", "check", "mend"),
    [
        ("/cgi-bin/stable_token", 40125, "token", "WECHAT_APP_SECRET"),
        ("/cgi-bin/stable_token", 40013, "token", "WECHAT_APP_ID"),
        ("/cgi-bin/stable_token", 40164, "token", "white list"),
        ("/cgi-bin/ticket/getticket", 48001, "js_ticket", "verify the account"),
        ("/cgi-bin/menu/get", 48001, "menu", "verify the account"),
        ("/cgi-bin/template/get_all_private_template", 48001, "templates", "verify the account"),
    ],
)
def test_each_fault_is_named_with_its_remedy(healthy: WeChat, path: str, code: int, check: str, mend: str) -> None:
    healthy.on(path, error(code, "invalid ip 1.2.3.4"))
    status, found = doctor()
    assert status == 1
    assert found[check]["status"] == "failed"
    assert mend in found[check]["mend"]
    assert str(code) in found[check]["detail"]


def test_templates_that_the_account_does_not_have(healthy: WeChat) -> None:
    Template.objects.create(kind="rated", template_id="T2", fields={"number1": "score"})
    Template.objects.filter(kind="claimed").update(fields={"thing9": "title"})
    status, found = doctor()
    assert status == 1
    assert "no template T2" in found["templates"]["detail"]
    assert "no field thing9" in found["templates"]["detail"]


def test_a_field_of_the_template_that_nothing_fills(healthy: WeChat) -> None:
    content = "{{thing1.DATA}}\n{{ time2.DATA }}\n{{const3.DATA}}"
    healthy.on(
        "/cgi-bin/template/get_all_private_template",
        plain_json(template_list=[{"template_id": "T1", "content": content}]),
    )
    status, found = doctor()
    assert (status, found["templates"]["status"]) == (1, "failed")
    assert "claimed: nothing fills the template's field time2, const3" in found["templates"]["detail"]
    Template.objects.update(fields={"thing1": "title", "time2": "time", "const3": "kind"})
    assert doctor()[1]["templates"]["status"] == "ok"


def test_subscription_templates_are_looked_for_where_some_are_chosen(healthy: WeChat) -> None:
    listed = plain_json(data=[{"priTmplId": "S1", "content": "报单:{{thing1.DATA}}"}], errcode=0)
    healthy.on("/wxaapi/newtmpl/gettemplate", listed)
    assert doctor()[1]["subscriptions"]["status"] == "ok"
    assert "/wxaapi/newtmpl/gettemplate" not in healthy.paths
    right = SubscriptionTemplate.objects.create(kind="claimed", template_id="S1", fields={"thing1": "title"})
    assert doctor()[1]["subscriptions"]["detail"].startswith("1 chosen")
    right.fields = {"thing2": "title"}
    right.save()
    SubscriptionTemplate.objects.create(kind="rated", template_id="S2", fields={"number1": "score"})
    status, found = doctor()
    assert status == 1
    assert "claimed: the template has no field thing2" in found["subscriptions"]["detail"]
    assert "rated: the account has no template S2" in found["subscriptions"]["detail"]


def test_a_missing_setting(healthy: WeChat, settings: Any) -> None:
    settings.SETTINGS_PROBLEMS = [("REDIS_URL", "is missing")]
    status, found = doctor()
    assert (status, found["settings"]["detail"]) == (1, "REDIS_URL is missing")


def test_a_callback_that_does_not_know_the_token(healthy: WeChat, web: list[str]) -> None:
    web.append("forbidden")
    status, found = doctor()
    assert (status, found["callback"]["status"]) == (1, "failed")
    assert "WECHAT_TOKEN" in found["callback"]["mend"]


def test_a_callback_that_only_wechat_reaches(healthy: WeChat, settings: Any) -> None:
    settings.PUBLIC_BASE_URL = "http://127.0.0.1:1"
    healthy.on("/cgi-bin/menu/get", lambda _: plain_json(menu=menu.menu()))
    healthy.on("/cgi-bin/callback/check", plain_json(ping=[{"ip": "101.0.0.1", "package_loss": "0%"}]))
    status, found = doctor()
    assert (status, found["callback"]["status"]) == (0, "warning")


def test_troubles_in_sending(healthy: WeChat) -> None:
    now = timezone.now()
    Trouble.objects.create(key="40037:template:claimed", detail="invalid template_id", since=now, last_at=now)
    status, found = doctor()
    assert status == 1
    assert "invalid template_id" in found["sending"]["detail"]


def test_no_secret_is_printed(healthy: WeChat, settings: Any) -> None:
    healthy.on("/cgi-bin/stable_token", error(40125, f"invalid secret {settings.WECHAT_APP_SECRET}"))
    assert settings.WECHAT_APP_SECRET not in json.dumps(doctor()[1])


# --- The ledger -------------------------------------------------------------------------------------------------


@pytest.fixture
def dead(wechat: WeChat, cast: Cast) -> Delivery:
    Membership.objects.filter(user=cast.cleaner2).delete()
    wechat.on(SEND_TEXT, error(45015))
    cast.report()
    send_all()
    wechat.on(SEND_TEXT, ok())
    return only()


def test_the_ledger_is_listed(dead: Delivery) -> None:
    line = run("deliveries", "list")
    assert "dead  new_report  text  45015  1  张师傅" in line
    assert json.loads(run("deliveries", "list", "--json"))[0]["id"] == str(dead.pk)
    assert json.loads(run("deliveries", "list", "--json", "--status", "sent")) == []
    assert json.loads(run("deliveries", "list", "--json", "--since", "1h")) != []
    assert json.loads(run("deliveries", "list", "--json", "--since", "2999-01-01")) == []


def test_the_dead_are_sent_again(wechat: WeChat, dead: Delivery) -> None:
    assert run("deliveries", "retry", "--since", "24h") == "1 will be sent again\n"
    send_all()
    assert (only().status, only().code) == ("sent", "")
    assert run("deliveries", "retry") == "0 will be sent again\n"


def test_what_was_sent_is_not_sent_again(dead: Delivery) -> None:
    with pytest.raises(CommandError, match="dead and skipped"):
        run("deliveries", "retry", "--status", "sent")


def test_a_time_that_is_none(dead: Delivery) -> None:
    with pytest.raises(CommandError, match="--since"):
        run("deliveries", "list", "--since", "yesterday")


def test_the_muted_stay_muted(wechat: WeChat, cast: Cast) -> None:
    cast.cleaner.muted_kinds = ["new_report"]
    cast.cleaner.save()
    cast.report()
    route_all()
    run("deliveries", "retry", "--status", "skipped")
    send_all()
    assert (only(cast.cleaner).status, only(cast.cleaner).code) == ("skipped", "muted")
