"""The door: who may speak, what is kept, and that every answer is one that WeChat understands."""

import io
import random
import time
from typing import Any

import pytest
from django.db import OperationalError
from django.test import Client

from dispatch.models import DomainProof, InboundMessage
from tests.factories import Cast
from tests.wechat import makers

from .pushing import common, happen, only_message, post, say, words

pytestmark = pytest.mark.django_db

#: token, timestamp, nonce, signature: WeChat's own (wechat.md, section 1)
VECTORS = [
    ("AAAAA", "1714036504", "1514711492", "f464b24fc39322e44b38aa78f5edd27bd1441696"),
    ("AAAAA", "1714037059", "486452656", "899cf89e464efb63f54ddac96b0a0a235f53aa78"),
]


@pytest.fixture
def safe(settings: Any) -> None:
    settings.WECHAT_ENCODING_AES_KEY = makers.AES_KEY


@pytest.mark.parametrize(("token", "timestamp", "nonce", "signature"), VECTORS)
def test_the_check_of_the_address_is_echoed(
    settings: Any, token: str, timestamp: str, nonce: str, signature: str
) -> None:
    settings.WECHAT_TOKEN = token
    query = {"timestamp": timestamp, "nonce": nonce, "signature": signature, "echostr": "4375120948345356249"}
    response = Client().get("/wechat/callback", query)
    assert (response.status_code, response.content) == (200, b"4375120948345356249")
    assert response["Content-Type"].startswith("text/plain")


def test_a_wrong_check_is_refused() -> None:
    response = Client().get("/wechat/callback", {**makers.clear_query(token="other"), "echostr": "1"})
    assert response.status_code == 403


@pytest.mark.parametrize(
    "query",
    [
        {},
        makers.clear_query(token="forged"),
        {**makers.clear_query(), "signature": "0" * 40},
        makers.clear_query(time.time() - 3600),
        makers.clear_query(time.time() + 3600),
        {**makers.clear_query(), "encrypt_type": "aes"},
    ],
    ids=["unsigned", "forged", "zeros", "late", "early", "encrypted without a key"],
)
def test_what_wechat_did_not_sign_just_now_is_refused_and_not_kept(query: dict[str, str]) -> None:
    assert post(makers.message(), query).status_code == 403
    assert not InboundMessage.objects.exists()


@pytest.mark.usefixtures("safe")
def test_in_safe_mode_a_message_in_clear_is_refused() -> None:
    assert post(makers.message()).status_code == 403
    assert not InboundMessage.objects.exists()


@pytest.mark.usefixtures("safe")
def test_in_safe_mode_the_app_inside_must_be_ours() -> None:
    foreign = makers.sealed(makers.message(), "wxsomebodyelse0000")
    assert post(makers.envelope(foreign), makers.safe_query(foreign)).status_code == 403


@pytest.mark.usefixtures("safe")
def test_in_safe_mode_the_reply_is_encrypted_and_signed(cast: Cast) -> None:
    query, body = makers.safe_push(makers.message(**common(cast.resident)))
    response = post(body, query)
    encrypted = response.content.split(b"<Encrypt><![CDATA[")[1].split(b"]]>")[0].decode()
    assert "楼道灯坏了" not in response.content.decode()
    assert "/h5/reports/new?draft=" in makers.opened(encrypted)[20:].decode()


@pytest.mark.parametrize("announced", [None, str(1 << 21)])
def test_two_megabytes_are_refused_without_being_kept(announced: str | None) -> None:
    extra = {"CONTENT_LENGTH": announced} if announced else {}
    assert post(b"<xml>" + b"x" * (1 << 21), **extra).status_code == 413
    assert not InboundMessage.objects.exists()


def in_chunks(body: bytes) -> dict[str, Any]:
    """How gunicorn hands over a body that came in chunks."""
    return {"CONTENT_LENGTH": "", "wsgi.input": io.BytesIO(body), "wsgi.input_terminated": True}


def test_a_body_in_chunks_is_read_like_any_other(cast: Cast) -> None:
    assert "/h5/reports/new" in words(post(b"", **in_chunks(makers.message(**common(cast.resident)))))
    assert post(b"", **in_chunks(b"x" * (1 << 21))).status_code == 413


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"   ",
        b"\x00\xff\xfe garbage",
        b'{"MsgType": "text"}',
        b"<xml/>",
        b"<xml><MsgType>text</MsgType></xml>",
        b"<xml>" + b"<a>" * 3000 + b"</a>" * 3000 + b"</xml>",
        makers.message(CreateTime="soon"),
        makers.message(FromUserName="o" * 100),
        makers.message(Content="\x01"),
    ],
)
def test_signed_but_unreadable_is_kept_for_a_look_and_taken(body: bytes) -> None:
    response = post(body)
    assert (response.status_code, response.content) == (200, b"success")
    kept = only_message()
    assert (kept.kind, kept.handled_at, bool(kept.error)) == ("malformed", None, True)
    assert post(body).content == b"success"
    assert InboundMessage.objects.count() == 1


@pytest.mark.parametrize("content", ["楼道灯坏了", "&a;"])
def test_document_types_and_entities_are_refused_and_not_kept(content: str) -> None:
    assert post(b'<!DOCTYPE xml [<!ENTITY a "b">]>' + makers.message(Content=content)).status_code == 403
    assert not InboundMessage.objects.exists()


def test_altered_messages_never_break_anything(cast: Cast) -> None:
    dice = random.Random(20260101)
    whole = makers.message(**common(cast.resident))
    statuses = set()
    for _ in range(150):
        altered = bytearray(whole)
        for _ in range(dice.randint(1, 6)):
            altered[dice.randrange(len(altered))] = dice.randrange(256)
        statuses.add(post(bytes(altered)).status_code)
    assert statuses == {200}


@pytest.mark.parametrize("method", ["put", "delete", "patch", "head"])
def test_other_methods_are_not_known(method: str) -> None:
    assert getattr(Client(), method)("/wechat/callback").status_code == 405


def test_a_copy_gets_the_same_reply_and_does_nothing(cast: Cast) -> None:
    body = makers.message(**common(cast.resident))
    first, second = post(body), post(body)
    assert first.content == second.content != b"success"
    assert only_message().reply == first.content.decode()
    assert cast.resident.drafts.count() == 1


def test_two_events_of_one_second_are_two(cast: Cast) -> None:
    stamp = {"FromUserName": cast.resident.openid or "", "CreateTime": str(int(time.time()))}
    for key in ("a", "b", "a"):
        post(makers.event("CLICK", EventKey=key, **stamp))
    assert InboundMessage.objects.count() == 2


def test_with_the_database_away_nothing_is_taken(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    def gone(**_: Any) -> None:
        raise OperationalError("server closed the connection unexpectedly")

    monkeypatch.setattr("dispatch.services.chat.add_to_draft", gone)
    response = post(makers.message(**common(cast.resident)))
    assert response.status_code == 503
    assert not InboundMessage.objects.exists()


def test_a_fault_of_ours_is_kept_and_apologised_for(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(**_: Any) -> None:
        cast.resident.drafts.create(touched_at="2026-01-01T00:00:00Z")
        raise ZeroDivisionError("oops")

    monkeypatch.setattr("dispatch.services.chat.add_to_draft", broken)
    assert "不用重发" in words(post(makers.message(**common(cast.resident))))
    kept = only_message()
    assert (kept.handled_at, kept.error, cast.resident.drafts.count()) == (None, "ZeroDivisionError: oops", 0)


EVERY_EVENT = [
    "subscribe", "unsubscribe", "SCAN", "LOCATION", "CLICK", "VIEW", "scancode_push", "scancode_waitmsg",
    "TEMPLATESENDJOBFINISH", "MASSSENDJOBFINISH", "subscribe_msg_popup_event", "subscribe_msg_change_event",
    "subscribe_msg_sent_event", "pic_sysphoto", "location_select", "never_heard_of",
]  # fmt: skip


@pytest.mark.parametrize("event", EVERY_EVENT)
def test_every_event_is_taken(cast: Cast, event: str) -> None:
    happen(cast.resident, event, EventKey="k", MsgID="200", Status="success")
    kept = only_message()
    assert (kept.kind, kept.event, kept.error) == ("event", event.lower(), "")
    assert kept.handled_at is not None


@pytest.mark.parametrize("kind", ["video", "shortvideo", "link", "something_new"])
def test_other_messages_get_a_sentence(cast: Cast, kind: str) -> None:
    assert "/h5/reports/new" in say(cast.resident, MsgType=kind, MediaId="m", Url="http://example.com", Title="t")
    assert not cast.resident.drafts.exists()


def test_where_a_phone_is_is_not_kept(cast: Cast) -> None:
    happen(cast.resident, "LOCATION", Latitude="31.2345", Longitude="121.4567", Precision="30")
    assert "31.2345" not in str(only_message().payload)


def test_the_domain_proof_is_served_as_it_stands() -> None:
    DomainProof.objects.create(word="AbC123", text="AbC123xyz")
    response = Client().get("/MP_verify_AbC123.txt")
    assert (response.status_code, response.content) == (200, b"AbC123xyz")
    assert response["Content-Type"].startswith("text/plain")
    assert Client().get("/MP_verify_other.txt").status_code == 404
