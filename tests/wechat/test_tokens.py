"""One token for everybody, one renewal for everybody."""

import json
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from community_report.core.redis import store
from community_report.wechat.client import Client, get_client
from community_report.wechat.config import account as current_account
from community_report.wechat.errors import ErrorKind, WeChatError
from tests.wechat.platform import Answer, Call, Platform, error, ok, plain_json

TOKEN = "/cgi-bin/stable_token"
SEND = "/cgi-bin/message/custom/send"
TICKET = "/cgi-bin/ticket/getticket"


def accepts_only(platform: Platform, token: str, code: int = 40001):
    """An API that accepts this token alone."""
    return lambda call: ok() if call.query["access_token"] == token else error(code, "invalid credential")


def test_token_is_asked_for_as_documented(platform: Platform, client: Client) -> None:
    platform.on(SEND, ok())
    client.send_text("o1", "x")
    (call,) = platform.to(TOKEN)
    assert (call.method, call.query) == ("POST", {})
    assert call.json == {
        "grant_type": "client_credential",
        "appid": client.account.app_id,
        "secret": client.account.app_secret,
        "force_refresh": False,
    }


def test_token_is_kept_in_redis_and_used_by_the_next_process(platform: Platform, client: Client) -> None:
    platform.on(SEND, ok())
    client.send_text("o1", "x")
    Client(client.account).send_text("o2", "x")
    assert platform.paths == [TOKEN, SEND, SEND]
    key = f"wechat:{client.account.app_id}:access_token"
    assert store().get(key) == "TOKEN-1"
    assert 6900 < store().ttl(key) <= 7000


@pytest.mark.parametrize(("expires_in", "most"), [(7200, 7000), (401, 201), (400, 200), (60, 30), (1, 1), (0, 1)])
def test_token_is_renewed_before_it_ends(platform: Platform, client: Client, expires_in: int, most: int) -> None:
    platform.on(TOKEN, plain_json(access_token="T", expires_in=expires_in))
    platform.on(SEND, ok())
    client.send_text("o1", "x")
    assert most - 2 < client.api.token.seconds_left() <= most


@pytest.mark.parametrize("code", [40001, 40014, 42001])
def test_a_refused_token_is_renewed_once_and_the_call_repeated(platform: Platform, client: Client, code: int) -> None:
    platform.on(SEND, accepts_only(platform, "TOKEN-2", code))
    client.send_text("o1", "x")
    assert platform.paths == [TOKEN, SEND, TOKEN, SEND]


def test_a_token_that_stays_refused_ends_after_three_calls(platform: Platform, client: Client) -> None:
    platform.on(SEND, ok())
    client.send_text("o1", "x")
    platform.calls.clear()
    platform.on(SEND, error(40001))
    with pytest.raises(WeChatError) as caught:
        client.send_text("o1", "x")
    assert (caught.value.kind, caught.value.code) == (ErrorKind.TOKEN, 40001)
    assert platform.paths == [SEND, TOKEN, SEND]


def test_a_token_that_another_process_has_renewed_is_not_renewed_again(platform: Platform, client: Client) -> None:
    key = f"wechat:{client.account.app_id}:access_token"

    def send(call: Call) -> Answer:
        if call.query["access_token"] == "OLD":
            store().set(key, "NEW", ex=100)
            return error(42001)
        return ok()

    store().set(key, "OLD", ex=100)
    platform.on(SEND, send)
    client.send_text("o1", "x")
    assert [call.query["access_token"] for call in platform.to(SEND)] == ["OLD", "NEW"]
    assert platform.to(TOKEN) == []


@pytest.mark.parametrize("processes", [1, 20])
def test_twenty_cold_threads_ask_for_one_token(platform: Platform, client: Client, processes: int) -> None:
    platform.on(SEND, ok())
    # A client of its own for every thread is what twenty processes have: nothing in common but Redis.
    clients = [client] if processes == 1 else [Client(client.account) for _ in range(processes)]
    send_at_once(platform, clients, threads=20)
    assert len(platform.to(TOKEN)) == 1
    assert len(platform.to(SEND)) == 20


def test_twenty_threads_renew_a_refused_token_once(platform: Platform, client: Client) -> None:
    store().set(f"wechat:{client.account.app_id}:access_token", "OLD", ex=100)
    platform.on(SEND, accepts_only(platform, "TOKEN-1"))
    send_at_once(platform, [Client(client.account) for _ in range(20)], threads=20)
    assert len(platform.to(TOKEN)) == 1


def send_at_once(platform: Platform, clients: list[Client], *, threads: int) -> None:
    barrier = threading.Barrier(threads)

    def send(number: int) -> None:
        barrier.wait(10)
        clients[number % len(clients)].send_text(f"o{number}", "x")

    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(send, range(threads)))


def test_without_redis_a_process_keeps_its_token_in_memory(redis_away, platform: Platform, client: Client) -> None:
    platform.on(SEND, ok())
    client.send_text("o1", "x")
    client.send_text("o2", "x")
    assert platform.paths == [TOKEN, SEND, SEND]
    assert 6900 < client.token_info().seconds_left <= 7000


def test_without_redis_twenty_threads_of_a_process_ask_once(redis_away, platform: Platform, client: Client) -> None:
    platform.on(SEND, ok())
    send_at_once(platform, [client], threads=20)
    assert len(platform.to(TOKEN)) == 1


def test_without_redis_a_refused_token_is_renewed(redis_away, platform: Platform, client: Client) -> None:
    platform.on(SEND, accepts_only(platform, "TOKEN-2"))
    client.send_text("o1", "x")
    client.send_text("o1", "x")
    assert platform.paths == [TOKEN, SEND, TOKEN, SEND, SEND]


def test_the_token_read_from_redis_survives_its_loss(platform: Platform, client: Client, settings) -> None:
    store().set(f"wechat:{client.account.app_id}:access_token", "SHARED", ex=100)
    platform.on(SEND, ok())
    client.send_text("o1", "x")
    settings.REDIS_URL = "redis://127.0.0.1:1"
    client.send_text("o1", "x")
    assert [call.query["access_token"] for call in platform.calls] == ["SHARED", "SHARED"]


def test_a_flushed_redis_costs_one_token_call(platform: Platform, client: Client) -> None:
    platform.on(SEND, ok())
    client.send_text("o1", "x")
    store().delete(f"wechat:{client.account.app_id}:access_token")
    client.send_text("o1", "x")
    client.send_text("o1", "x")
    assert len(platform.to(TOKEN)) == 2


@pytest.mark.parametrize(
    ("answer", "kind", "everything"),
    [
        (error(40001, "invalid credential"), "account", True),
        (error(40164, "invalid ip 192.0.2.1, not in whitelist"), "account", True),
        (error(40125), "account", True),
        (error(-1), "transient", False),
        (error(45009), "quota", False),
        (Answer(b"", status=503), "transient", False),
        (plain_json(expires_in=7200), "transient", False),
    ],
    ids=lambda value: repr(value)[:50],
)
def test_no_token_no_call(platform: Platform, client: Client, answer: Answer, kind: str, everything: bool) -> None:
    platform.on(TOKEN, answer)
    with pytest.raises(WeChatError) as caught:
        client.send_text("o1", "x")
    assert (caught.value.kind, caught.value.blocks_every_channel) == (ErrorKind(kind), everything)
    assert platform.to(SEND) == []


def test_threads_share_one_failed_renewal(platform: Platform, client: Client) -> None:
    platform.on(TOKEN, error(-1))
    barrier = threading.Barrier(10)

    def send(_: int) -> str:
        barrier.wait(10)
        with pytest.raises(WeChatError) as caught:
            client.send_text("o1", "x")
        return caught.value.kind

    with ThreadPoolExecutor(10) as pool:
        assert set(pool.map(send, range(10))) == {"transient"}
    assert len(platform.to(TOKEN)) == 1


def test_a_renewal_that_another_process_never_ends_is_given_up(platform: Platform, client: Client, account) -> None:
    account.WECHAT_TIMEOUT_SECONDS = 0.1
    store().set(f"wechat:{client.account.app_id}:access_token:lock", "another process", ex=30)
    with pytest.raises(WeChatError, match="another process is still renewing") as caught:
        get_client().send_text("o1", "x")
    assert caught.value.kind is ErrorKind.TRANSIENT
    assert platform.calls == []


def test_token_info_tells_no_token(platform: Platform, client: Client) -> None:
    assert "TOKEN-1" not in repr(client.token_info())
    assert platform.paths == [TOKEN]


def test_ticket_is_shared_and_ends(platform: Platform, client: Client) -> None:
    platform.on(TICKET, ok(ticket="TICKET-1", expires_in=7200))
    assert client.jsapi_ticket() == "TICKET-1"
    assert Client(client.account).jsapi_ticket() == "TICKET-1"
    assert platform.paths == [TOKEN, TICKET]
    assert platform.to(TICKET)[0].query == {"type": "jsapi", "access_token": "TOKEN-1"}
    assert 6900 < store().ttl(f"wechat:{client.account.app_id}:jsapi_ticket") <= 7000


def test_keys_tell_accounts_apart(platform: Platform, client: Client, account) -> None:
    platform.on(SEND, ok())
    client.send_text("o1", "x")
    account.WECHAT_APP_ID = client.account.app_id[::-1]
    get_client().send_text("o1", "x")
    asked = [json.loads(call.body)["appid"] for call in platform.to(TOKEN)]
    assert asked == [client.account.app_id, current_account().app_id]
