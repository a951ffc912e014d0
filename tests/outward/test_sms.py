"""A gateway asked by a template: what it is sent, and how its answer is read."""

import json
import socket
from typing import Any
from urllib.parse import parse_qs

import pytest

from community_report.outward import door, sms
from community_report.outward.sms import FORM, Gateway
from community_report.wechat.errors import ErrorKind
from tests.wechat.platform import Answer, Platform, Raw, plain_json

NASTY = '他说"{phone}"\n下一行 & 100%'
URL = "https://x.example/h5/reports/1"


def send(gateway: Gateway, text: str = "漏水", **params: str) -> str:
    return sms.send(gateway, "13900000001", text, url=URL, params=params)


def test_json_with_a_text(vendor: Platform) -> None:
    vendor.on("/sms", plain_json(code="0", msgid="m-1"))
    gateway = Gateway(
        f"{vendor.url}/sms",
        headers={"X-Key": "{secret}"},
        body='{"mobile": "{phone}", "content": "【{sign}】{text}", "deep": {"a": 1}}',
        sign="府琛花园",
        secret="s3",
        success_field="code",
        success_value="0",
    )
    assert send(gateway, NASTY) == "m-1"
    [call] = vendor.calls
    assert call.json == {"mobile": "13900000001", "content": f"【府琛花园】{NASTY}", "deep": {"a": 1}}


def test_an_approved_template_takes_parameters_as_an_object_or_inside_a_string(vendor: Platform) -> None:
    vendor.on("/sms", plain_json())
    body = '{"to": "{phone}", "id": "{template}", "params": {params}, "TemplateParam": "{params_text}"}'
    send(Gateway(f"{vendor.url}/sms", body=body, template="SMS_1"), title='门"坏"了')
    sent = vendor.calls[0].json
    assert sent["params"] == {"title": '门"坏"了'}
    assert json.loads(sent["TemplateParam"]) == {"title": '门"坏"了'}
    assert (sent["to"], sent["id"]) == ("13900000001", "SMS_1")


def test_a_form(vendor: Platform) -> None:
    vendor.on("/sms", plain_json(status="ok"))
    gateway = Gateway(f"{vendor.url}/sms", content_type=FORM, body="to={phone}&text={text}&url={url}")
    send(gateway, NASTY)
    assert parse_qs(vendor.calls[0].body.decode()) == {"to": ["13900000001"], "text": [NASTY], "url": [URL]}


def test_everything_in_the_address(vendor: Platform) -> None:
    vendor.on("/sms", Answer(b"OK"))
    gateway = Gateway(f"{vendor.url}/sms?to={{phone}}&text={{text}}&key={{secret}}", method="GET", secret="a&b")
    send(gateway, NASTY)
    [call] = vendor.calls
    assert (call.method, call.body) == ("GET", b"")
    assert call.query == {"to": "13900000001", "text": NASTY, "key": "a&b"}


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (Answer(b"", 503), "transient"),
        (Answer(b"", 429), "transient"),
        (Answer(b"", 401), "account"),
        (Answer(b"", 302), "account"),
        (plain_json(result={"code": 7}), "person"),
        (plain_json(other=0), "person"),
        (Answer(b"no JSON"), "person"),
    ],
)
def test_what_went_wrong(vendor: Platform, answer: Answer, kind: str) -> None:
    vendor.on("/sms", answer)
    gateway = Gateway(f"{vendor.url}/sms", success_field="result.code", success_value="0", secret="s3")
    with pytest.raises(door.OutwardError) as caught:
        send(gateway)
    assert caught.value.kind is ErrorKind(kind)


@pytest.mark.parametrize(
    ("answer", "maybe_done"),
    [
        (Answer(b"", 504), True),
        (Answer(b"", 500), True),
        (Raw(lambda handler: None), True),  # cut off
        (Answer(b"", 503), False),
        (Answer(b"", 429), False),
    ],
)
def test_what_may_have_been_sent_all_the_same(vendor: Platform, answer: Any, maybe_done: bool) -> None:
    vendor.on("/sms", answer)
    with pytest.raises(door.OutwardError) as caught:
        send(Gateway(f"{vendor.url}/sms"))
    assert caught.value.maybe_done is maybe_done


def test_nothing_was_sent_where_nobody_listens(settings: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        nobody = f"http://127.0.0.1:{server.getsockname()[1]}"
    settings.OUTWARD_ORIGINS = [nobody]
    with pytest.raises(door.OutwardError) as caught:
        send(Gateway(f"{nobody}/sms"))
    assert caught.value.kind is ErrorKind.TRANSIENT
    assert not caught.value.maybe_done


def test_success_may_stand_deep_in_the_answer(vendor: Platform) -> None:
    vendor.on("/sms", plain_json(SendStatusSet=[{"Code": "Ok"}]))
    gateway = Gateway(f"{vendor.url}/sms", success_field="SendStatusSet.0.Code", success_value="Ok")
    assert send(gateway) == ""
    assert len(vendor.calls) == 1


def test_a_gateway_elsewhere_is_not_asked(vendor: Platform, settings: Any) -> None:
    settings.OUTWARD_ORIGINS = []
    with pytest.raises(door.OutwardError, match="OUTWARD_ORIGINS"):
        send(Gateway(f"{vendor.url}/sms"))
    assert vendor.calls == []


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("13900000001", "13900000001"),
        ("+86 139-0000-0001", "13900000001"),
        ("8613900000001", "13900000001"),
        ("010-62345678", ""),
        ("12900000001", ""),
        ("", ""),
        ("13900000001;DROP", ""),
    ],
)
def test_numbers(written: str, number: str) -> None:
    assert sms.mobile(written) == number


def test_secrets_are_not_shown() -> None:
    shown = repr(Gateway("https://x.example/?key=k-7", headers={"A": "k-7"}, body="k-7", secret="k-7"))
    assert "k-7" not in shown
