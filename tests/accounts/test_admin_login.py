"""The one-time link, and who may enter the back office."""

import re
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from accounts.models import AdminLogin, Membership, User
from tests.factories import Cast

PASSWORD = "korrekt-pferd-9"


def link(cast: Cast, phone: str = "+86 138 0000 0004") -> str:
    out = StringIO()
    call_command("admin_login", "fuchen", phone, stdout=out)
    printed = out.getvalue().strip()
    found = re.fullmatch(r"http://127\.0\.0\.1:8000(/admin-login\?secret=\S+)", printed)
    assert found
    return found[1]


def set_password(path: str, password: str = PASSWORD, again: str | None = None) -> Any:
    return Client().post(path, {"password": password, "again": password if again is None else again})


def test_the_link_sets_a_password_once(cast: Cast) -> None:
    path = link(cast)
    page = Client().get(path)
    assert page.status_code == 200
    assert "13800000004" in page.content.decode()
    assert Client().get(path).status_code == 200  # a preview uses nothing up
    answer = set_password(path)
    assert (answer.status_code, answer["Location"]) == (302, "/admin/")
    assert set_password(path).status_code == 410
    assert Client().get(path).status_code == 410
    cast.manager.refresh_from_db()
    assert cast.manager.username == "13800000004"
    assert cast.manager.check_password(PASSWORD)


def test_the_password_opens_the_back_office_as_long_as_the_person_manages(cast: Cast) -> None:
    set_password(link(cast))
    client = Client()
    form = {"username": "13800000004", "password": PASSWORD, "next": "/admin/"}
    assert client.post("/admin/login/", form)["Location"] == "/admin/"
    assert client.get("/admin/").status_code == 200
    Membership.objects.filter(user=cast.manager).update(status="revoked")
    assert client.get("/admin/").status_code == 302
    assert Client().post("/admin/login/", form).status_code == 200  # the form again, with its one answer for all


def test_only_the_hash_is_kept(cast: Cast) -> None:
    secret = link(cast).split("=", 1)[1]
    stored = AdminLogin.objects.get()
    assert secret not in (stored.digest, stored.username)
    assert re.fullmatch(r"[0-9a-f]{64}", stored.digest)


def test_links_end(cast: Cast) -> None:
    path = link(cast)
    AdminLogin.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert set_password(path).status_code == 410
    path = link(cast)
    Membership.objects.filter(user=cast.manager).update(status="revoked")
    assert set_password(path).status_code == 410
    assert Client().get("/admin-login?secret=nonsense").status_code == 410


@pytest.mark.parametrize(("password", "again"), [("short", None), ("1234567890123", None), (PASSWORD, "other")])
def test_a_bad_password_keeps_the_link(cast: Cast, password: str, again: str | None) -> None:
    path = link(cast)
    answer = set_password(path, password, again)
    assert (answer.status_code, "text-danger" in answer.content.decode()) == (200, True)
    assert set_password(path).status_code == 302


def test_a_login_name_is_one_persons(cast: Cast) -> None:
    User.objects.create_user("13800000004", "x")
    assert set_password(link(cast)).status_code == 200
    assert not User.objects.get(pk=cast.manager.pk).has_usable_password()
    assert User.objects.filter(username="13800000004").count() == 1


def test_forging_the_form_is_refused(cast: Cast) -> None:
    client = Client(enforce_csrf_checks=True)
    assert client.post(link(cast), {"password": PASSWORD, "again": PASSWORD}).status_code == 403


@pytest.mark.parametrize("phone", ["13900000001", "13800000001", "13800000005", "12", "13111111111"])
def test_only_bound_managers_of_the_community_get_a_link(cast: Cast, phone: str) -> None:
    with pytest.raises(CommandError):
        call_command("admin_login", "fuchen", phone)
    with pytest.raises(CommandError, match="no community"):
        call_command("admin_login", "nowhere", "13800000004")
    assert not AdminLogin.objects.exists()
