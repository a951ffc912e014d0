"""A NUL in an address or a cookie: PostgreSQL cannot look for one."""

import json

import pytest
from django.test import Client

from tests.factories import Cast


@pytest.mark.parametrize(
    "path",
    ["/api/v1/bindings?community=%00", "/api/v1/people?role=a%00b", "/api/v1/categories?community=held&community=%00"],
)
def test_in_a_parameter_of_the_api_it_is_invalid(cast: Cast, path: str) -> None:
    client = Client()
    client.force_login(cast.manager, backend="accounts.auth.ManagerBackend")
    response = client.get(path)
    assert (response.status_code, json.loads(response.content)["code"]) == (400, "invalid")


@pytest.mark.parametrize("path", ["/h5/bind?community=%00", "/h5/reports/new?draft=%00"])
def test_in_a_parameter_of_a_page_it_is_a_bad_request(cast: Cast, path: str) -> None:
    client = Client()
    client.force_login(cast.resident, backend="accounts.auth.ManagerBackend")
    assert client.get(path).status_code == 400


@pytest.mark.parametrize(
    "path", ["/h5/invitations/%00.svg", "/h5/%00", "/h5/reports/%00", "/api/v1/reports/%00", "/media/%00/a"]
)
def test_there_is_nothing_at_a_path_with_one(cast: Cast, path: str) -> None:
    client = Client()
    client.force_login(cast.resident, backend="accounts.auth.ManagerBackend")
    assert client.get(path).status_code == 404


@pytest.mark.parametrize("path", ["/h5/", "/api/v1/me", "/admin/", "/wechat/oauth/return?state=x&code=y"])
def test_in_a_cookie_it_is_a_bad_request(db: None, path: str, caplog: pytest.LogCaptureFixture) -> None:
    assert Client().get(path, headers={"Cookie": 'sessionid="abc\\000defghijk"'}).status_code == 400
    assert not any(record.exc_info for record in caplog.records)
