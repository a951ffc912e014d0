"""Logging in by WeChat's OAuth: state, codes, snapshots, double redirects, open redirects."""

import json
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import responses
from django.conf import settings as django_settings
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone

from accounts.models import User
from accounts.services.login import person_for_openid
from accounts.web import safe_next
from tests.factories import Cast

EXCHANGE = "http://api.wechat.invalid/sns/oauth2/access_token"

pytestmark = pytest.mark.django_db


class WeChat:
    """Codes are single use, as WeChat's are."""

    def __init__(self, mock: responses.RequestsMock) -> None:
        self.codes: dict[str, dict[str, Any]] = {}
        self.asked = 0
        mock.add_callback(responses.GET, EXCHANGE, callback=self.answer)

    def code(self, openid: str, **more: Any) -> str:
        name = f"code{len(self.codes)}{openid}"
        self.codes[name] = {"openid": openid, "access_token": "t", "expires_in": 7200, "scope": "snsapi_base", **more}
        return name

    def answer(self, request: Any) -> tuple[int, dict[str, str], str]:
        self.asked += 1
        code = parse_qs(urlsplit(request.url).query)["code"][0]
        found = self.codes.pop(code, None)
        return 200, {}, json.dumps(found or {"errcode": 40163, "errmsg": "code been used"})


@pytest.fixture
def wechat() -> Any:
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        yield WeChat(mock)


def start(client: Client, next_: str = "/h5/work", **more: str) -> str:
    """The state that WeChat was sent."""
    answer = client.get("/wechat/oauth/start", {"next": next_, **more})
    assert answer.status_code == 302
    address = urlsplit(answer["Location"])
    assert f"{address.scheme}://{address.netloc}{address.path}" == "http://open.wechat.invalid/connect/oauth2/authorize"
    query = parse_qs(address.query)
    assert query["redirect_uri"] == ["http://127.0.0.1:8000/wechat/oauth/return"]
    assert re.fullmatch(r"[a-zA-Z0-9]{20,128}", query["state"][0])
    return query["state"][0]


def come_back(client: Client, state: str, code: str) -> Any:
    return client.get("/wechat/oauth/return", {"code": code, "state": state})


def who(client: Client) -> str | None:
    return client.session.get("_auth_user_id")


@pytest.mark.parametrize("path", ["/h5/", "/h5/work?scope=mine", "/h5/invitations/ABC.svg"])
def test_a_page_without_a_session_goes_to_the_login_and_back(path: str) -> None:
    answer = Client().get(path)
    assert answer.status_code == 302
    assert parse_qs(urlsplit(answer["Location"]).query)["next"] == [path]
    assert urlsplit(answer["Location"]).path == "/wechat/oauth/start"


def test_a_new_person_logs_in_and_goes_where_they_wanted(wechat: WeChat) -> None:
    client = Client()
    state = start(client, "/h5/work")
    before = client.cookies[django_settings.SESSION_COOKIE_NAME].value
    answer = come_back(client, state, wechat.code("o1"))
    assert (answer.status_code, answer["Location"]) == (302, "/h5/work")
    assert who(client) == str(User.objects.get(openid="o1").pk)
    assert client.cookies[django_settings.SESSION_COOKIE_NAME].value != before
    assert not Session.objects.filter(session_key=before).exists()


@pytest.mark.parametrize(
    ("said", "language"), [("en-GB,en;q=0.9", "en"), ("zh-CN,en;q=0.5", "zh-hans"), ("fr", "zh-hans")]
)
def test_a_new_person_is_spoken_to_as_their_phone_is(wechat: WeChat, said: str, language: str) -> None:
    client = Client(headers={"accept-language": said})
    come_back(client, start(client), wechat.code("o1"))
    assert User.objects.get(openid="o1").language == language
    User.objects.update(language="zh-hans")  # their own choice stays
    come_back(client, start(client), wechat.code("o1"))
    assert User.objects.get(openid="o1").language == "zh-hans"


def test_who_is_known_already_keeps_their_language_whatever_browser_they_use(wechat: WeChat) -> None:
    person_for_openid("o1")
    client = Client(headers={"accept-language": "en"})
    come_back(client, start(client), wechat.code("o1"))
    assert User.objects.get(openid="o1").language == "zh-hans"


def test_the_same_wechat_user_is_the_same_person(wechat: WeChat) -> None:
    for _ in range(2):
        client = Client()
        come_back(client, start(client), wechat.code("o1"))
    assert User.objects.filter(openid="o1").count() == 1


def test_parallel_logins_each_go_their_own_way(wechat: WeChat) -> None:
    client = Client()
    one, two = start(client, "/h5/work"), start(client, "/h5/board")
    assert come_back(client, one, wechat.code("o1"))["Location"] == "/h5/work"
    assert come_back(client, two, wechat.code("o1"))["Location"] == "/h5/board"


def test_somebody_elses_login_is_refused(wechat: WeChat) -> None:
    attacker, victim = Client(), Client()
    state, code = start(attacker), wechat.code("attacker")
    for client in (victim, Client()):
        answer = come_back(client, state, code)
        assert answer.status_code == 403
        assert who(client) is None
        start(victim)  # with a session of their own it is no different
    assert wechat.asked == 0
    assert "/wechat/oauth/start?next=" in answer.content.decode()


def test_a_state_works_once(wechat: WeChat) -> None:
    client = Client()
    state = start(client)
    come_back(client, state, wechat.code("o1"))
    again = come_back(client, state, wechat.code("o2"))
    assert (again.status_code, again["Location"]) == (302, "/h5/work")
    assert who(client) == str(User.objects.get(openid="o1").pk)
    assert not User.objects.filter(openid="o2").exists()


def test_a_logged_in_session_refuses_a_foreign_state(wechat: WeChat) -> None:
    client, attacker = Client(), Client()
    come_back(client, start(client), wechat.code("o1"))
    assert come_back(client, start(attacker), wechat.code("o2")).status_code == 403
    assert who(client) == str(User.objects.get(openid="o1").pk)


def test_a_spent_code_starts_again_once(wechat: WeChat) -> None:
    client = Client()
    answer = come_back(client, start(client, "/h5/board"), "spent")
    assert urlsplit(answer["Location"]).path == "/wechat/oauth/start"
    again = parse_qs(urlsplit(answer["Location"]).query)
    assert again == {"next": ["/h5/board"], "again": ["1"]}
    assert who(client) is None
    state = start(client, "/h5/board", again="1")
    answer = come_back(client, state, "spent too")
    assert answer.status_code == 403
    assert come_back(client, start(client, "/h5/board", again="1"), wechat.code("o1"))["Location"] == "/h5/board"


def test_the_second_of_two_redirects_with_the_old_cookie_recovers(wechat: WeChat) -> None:
    client = Client()
    state, code = start(client, "/h5/board"), wechat.code("o1")
    old = client.cookies[django_settings.SESSION_COOKIE_NAME].value
    come_back(client, state, code)
    twin = Client()
    twin.cookies[django_settings.SESSION_COOKIE_NAME] = old
    answer = come_back(twin, state, code)
    assert urlsplit(answer["Location"]).path == "/wechat/oauth/start"
    assert "again=1" in answer["Location"]
    twin.cookies[django_settings.SESSION_COOKIE_NAME] = "gone"
    assert come_back(twin, "r" + state[1:], code).status_code == 403  # and it never goes round in circles
    # The phone has kept the first answer's cookie by then, and just goes on.
    again = client.get("/wechat/oauth/start", {"next": "/h5/board", "again": "1"})
    assert again["Location"] == "/h5/board"


def test_snapshot_users_are_told_to_open_the_full_service(wechat: WeChat) -> None:
    client = Client()
    answer = come_back(client, start(client), wechat.code("virtual", is_snapshotuser=1))
    assert answer.status_code == 403
    assert "使用完整服务" in answer.content.decode()
    assert who(client) is None
    assert not User.objects.filter(openid="virtual").exists()


def test_wechat_away_is_a_calm_503() -> None:
    client = Client()
    state = start(client)
    with responses.RequestsMock() as mock:
        mock.get(EXCHANGE, json={"errcode": -1, "errmsg": "system error"})
        answer = come_back(client, state, "c")
    assert answer.status_code == 503
    assert answer["Retry-After"]
    assert who(client) is None


def test_coming_back_without_a_code_can_be_tried_again() -> None:
    client = Client()
    answer = client.get("/wechat/oauth/return", {"state": start(client)})
    assert answer.status_code == 403
    assert client.get("/wechat/oauth/return").status_code == 403


def test_a_deactivated_person_stays_out(wechat: WeChat) -> None:
    User.objects.create_user(openid="o1", is_active=False)
    client = Client()
    assert come_back(client, start(client), wechat.code("o1")).status_code == 403
    assert who(client) is None


def test_an_openid_in_the_query_is_ignored(wechat: WeChat, cast: Cast) -> None:
    client = Client()
    state = start(client)
    query = {"code": wechat.code("o1"), "state": state, "openid": cast.manager.openid}
    client.get("/wechat/oauth/return", query)
    assert who(client) == str(User.objects.get(openid="o1").pk)


@pytest.mark.parametrize(
    "wanted",
    [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example",
        "\\\\evil.example",
        "javascript:alert(1)",
        "h5/work",
        "",
        None,
        "/h5/\r\nSet-Cookie: a=b",
        "/wechat/oauth/start?next=/h5/",
        "/h5/../wechat/oauth/start",
        "/h5/%2e%2e/wechat/oauth/start",
        "/h5/" + "x" * 2000,
    ],
)
def test_only_our_own_pages_follow_a_login(wanted: str | None) -> None:
    assert safe_next(wanted) == "/h5/"


@pytest.mark.parametrize("wanted", ["/", "/h5/reports/new?draft=1&x=%2F", "/media/1/a.jpg", "/h5/bind?invite=A"])
def test_a_page_of_ours_is_kept(wanted: str) -> None:
    assert safe_next(wanted) == wanted


def test_pages_set_the_csrf_cookie_and_are_not_cached(cast: Cast) -> None:
    client = Client()
    client.force_login(cast.manager, backend="accounts.auth.ManagerBackend")
    answer = client.get("/h5/")
    assert answer.cookies["csrftoken"].value
    assert "no-store" in answer["Cache-Control"]


def test_a_dismissed_session_is_nobody(cast: Cast, api: Callable[..., Any]) -> None:
    client = Client()
    client.force_login(cast.cleaner, backend="accounts.auth.ManagerBackend")
    assert client.get("/api/v1/me").status_code == 200
    User.objects.filter(pk=cast.cleaner.pk).update(is_active=False)
    assert client.get("/api/v1/me").status_code == 401


def test_a_person_is_made_once() -> None:
    assert person_for_openid("o9") == person_for_openid("o9")
    assert not person_for_openid("o9").has_usable_password()


def test_a_login_that_nobody_finishes_is_forgotten_within_the_hour(client: Client, wechat: WeChat) -> None:
    state = start(client)
    begun = Session.objects.get()
    assert begun.expire_date < timezone.now() + timedelta(hours=1)
    come_back(client, state, wechat.code("o-1"))
    session = Session.objects.get()
    assert session.expire_date > timezone.now() + timedelta(days=29)
    assert client.cookies["sessionid"]["max-age"] == django_settings.SESSION_COOKIE_AGE
