"""Input that no honest client sends: each gets the contract's error, and nothing is stored."""

import json
import uuid
from collections.abc import Callable
from typing import Any

import pytest

from accounts.models import User
from reports.models import Report
from tests.conftest import ApiClient
from tests.factories import Cast

Api = Callable[[User | None], ApiClient]


def send(
    client: ApiClient, path: str, raw: bytes, content_type: str = "application/json"
) -> tuple[int, dict[str, Any]]:
    response = client.client.post(f"/api/v1/{path}", data=raw, content_type=content_type, HTTP_X_CSRFTOKEN="c" * 32)
    return response.status_code, json.loads(response.content)


def form(**fields: Any) -> bytes:
    body = {"hashed_id": str(uuid.uuid4()), "community": "fuchen", "category": "hygiene", "title": "垃圾", **fields}
    return json.dumps(body).encode()


DEEP = 100_000
MALFORMED = {
    "cut off": b'{"title": "x"',
    "no object": b'["title"]',
    "a number": b"5",
    "null": b"null",
    "not a number": b'{"title": "x", "location": {"latitude": NaN, "longitude": 1}}',
    "infinite": b'{"title": "x", "location": {"latitude": Infinity, "longitude": 1}}',
    "not utf-8": b'{"title": "\xff\xfe"}',
    "raw NUL": b'{"title": "a\x00b"}',
    "escaped NUL": b'{"title": "a\\u0000b"}',
    "lone surrogate": b'{"title": "\\ud800"}',
    "deep arrays": b'{"title": ' + b"[" * DEEP + b"]" * DEEP + b"}",
    "deep objects": b'{"a":' * DEEP + b"1" + b"}" * DEEP,
    "deep with a surrogate": b'{"title": "\\ud800", "a": ' + b"[" * 900 + b"]" * 900 + b"}",
    "endless number": b'{"title": ' + b"9" * 10_000 + b"}",
    "utf-16": '{"title": "x"}'.encode("utf-16"),
}


@pytest.mark.parametrize("name", MALFORMED)
def test_malformed_json_is_400(name: str, cast: Cast, api: Api) -> None:
    report = cast.report()
    for path in ("reports", f"reports/{report.pk}/comment"):
        status, body = send(api(cast.resident), path, MALFORMED[name])
        assert (status, body["code"]) == (400, "invalid")
        assert body["detail"]
    assert Report.objects.count() == 1


@pytest.mark.parametrize("field", ["title", "description", "address"])
def test_what_postgresql_cannot_keep_is_400(field: str, cast: Cast, api: Api) -> None:
    for text in ("a\x00b", "\ud800"):
        status, body = send(api(cast.resident), "reports", form(**{field: text}))
        assert (status, body["code"]) == (400, "invalid")
    assert not Report.objects.exists()


def test_whole_surrogate_pairs_are_text(cast: Cast, api: Api) -> None:
    status, body = send(api(cast.resident), "reports", form(title="🏠"))
    assert (status, body["title"]) == (201, "🏠")


@pytest.mark.parametrize(
    "content_type",
    ["text/plain", "application/xml", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"],
)
def test_other_content_types_are_415(content_type: str, cast: Cast, api: Api) -> None:
    report = cast.report()
    for path in ("reports", f"reports/{report.pk}/withdraw"):
        status, body = send(api(cast.resident), path, form(), content_type)
        assert (status, body["code"]) == (415, "unsupported_media_type")
    assert Report.objects.get().status == "submitted"


@pytest.mark.parametrize("path", ["reports", "reports/{pk}/comment", "reports/{pk}/urge"])
def test_huge_body_is_413(path: str, cast: Cast, api: Api) -> None:
    report = cast.report()
    status, body = send(api(cast.resident), path.format(pk=report.pk), form(description="x" * (1 << 20)))
    assert (status, body["code"]) == (413, "too_large")
    assert Report.objects.count() == 1


def test_body_just_below_the_limit_is_read(cast: Cast, api: Api) -> None:
    status, body = send(api(cast.resident), "reports", form(description="x" * ((1 << 20) - 500)))
    assert (status, list(body["fields"])) == (400, ["description"])


def test_no_body_is_an_empty_object(cast: Cast, api: Api) -> None:
    report = cast.report()
    assert send(api(cast.resident), f"reports/{report.pk}/urge", b"")[0] == 200
    assert send(api(cast.resident), "reports", b"")[0] == 400


def test_path_tricks_are_404(cast: Cast, api: Api) -> None:
    for path in ("reports/", "reports//claim", f"reports/{uuid.uuid4()}/", "reports/%00", "reports/..%2f..%2fadmin"):
        status, body = api(cast.resident).get(path)
        assert (status, body["code"]) == (404, "not_found")


@pytest.mark.parametrize(
    "text", ["'; DROP TABLE reports_report; --", "{{7*7}}", "${jndi:ldap://x}", "=cmd|'/c calc'!A0"]
)
def test_hostile_text_is_text(text: str, cast: Cast, api: Api) -> None:
    _status, filed = send(api(cast.resident), "reports", form(title=text))
    assert api(cast.resident).get(f"reports/{filed['id']}")[1]["title"] == text
