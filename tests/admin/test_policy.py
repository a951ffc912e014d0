"""The content security policy: looser below /admin/, and nowhere else."""

import pytest
from django.test import Client

from tests.admin.test_admin import client_of
from tests.factories import Cast


def policy(client: Client, address: str) -> dict[str, list[str]]:
    header = client.get(address).headers["Content-Security-Policy"]
    return {words[0]: words[1:] for words in (part.split() for part in header.split(";"))}


@pytest.mark.parametrize("address", ["/admin/", "/admin/login/", "/admin/reports/report/", "/admin/nothing/"])
def test_the_back_office_may_evaluate_but_runs_no_inline_script(cast: Cast, address: str) -> None:
    found = policy(client_of(cast.manager), address)
    assert found["script-src"] == ["'self'", "'unsafe-eval'"]
    assert found["style-src"] == ["'self'", "'unsafe-inline'"]
    assert found["frame-ancestors"] == ["'none'"]


@pytest.mark.parametrize("address", ["/h5/", "/h5/manage", "/h5/bind", "/api/docs", "/administration"])
def test_nothing_else_may(cast: Cast, address: str) -> None:
    assert "unsafe" not in client_of(cast.manager).get(address).headers["Content-Security-Policy"]


@pytest.mark.parametrize("address", ["/admin/", "/admin/reports/report/", "/admin/login/"])
def test_the_back_office_loads_nothing_from_elsewhere(cast: Cast, address: str) -> None:
    page = client_of(cast.manager).get(address, follow=True).content.decode()
    assert 'src="http' not in page
    assert 'href="http' not in page
