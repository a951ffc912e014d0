"""Invitations: single use, in time, for whom the inviter may invite."""

import json
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from io import StringIO
from typing import Any

import pytest
import responses
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.utils import timezone
from guardian.shortcuts import assign_perm

from accounts.models import Invitation, Membership, User
from accounts.policies import standing_of
from accounts.records import Record
from accounts.services.bindings import accept_invitation, revoke_membership
from accounts.services.invitations import create_invitation
from community_report.core.errors import Gone
from tests.conftest import ApiClient
from tests.factories import Cast, make_cast, make_person

Api = Callable[[User | None], ApiClient]


def invite(cast: Cast, role: str = "cleaner", actor: User | None = None) -> Invitation:
    return create_invitation(actor=actor, community=cast.community, role=role)


def accept(invitation: Invitation, **changes: str) -> dict[str, str]:
    return {"invite": invitation.code, "name": "钱师傅", "phone": "13800000009", **changes}


def test_an_invitation_gives_its_role(cast: Cast, api: Api) -> None:
    invitation = invite(cast)
    status, body = api(cast.stranger).post("bindings/accept", accept(invitation))
    assert (status, body["status"], body["community"], body["role"]) == (201, "active", "fuchen", "cleaner")
    assert standing_of(cast.stranger).may("handle_reports", cast.community.pk)
    me = api(cast.stranger).get("me")[1]
    assert (me["display_name"], me["on_duty"]) == ("钱师傅", True)


def test_the_code_may_be_typed(cast: Cast, api: Api) -> None:
    code = invite(cast).code.lower()
    typed = {"invite": f" {code[:4]} {code[4:]} ", "name": "钱师傅", "phone": "13800000009"}
    assert api(cast.stranger).post("bindings/accept", typed)[0] == 201


def test_a_used_code_is_gone_for_others_and_the_same_for_its_user(cast: Cast, api: Api) -> None:
    invitation = invite(cast)
    first = api(cast.stranger).post("bindings/accept", accept(invitation))
    assert api(cast.stranger).post("bindings/accept", accept(invitation)) == first
    status, body = api(cast.neighbour).post("bindings/accept", accept(invitation))
    assert (status, body["code"]) == (410, "invite_used")
    revoke_membership(actor=cast.manager, membership=Membership.objects.get(pk=first[1]["id"]))
    status, body = api(cast.stranger).post("bindings/accept", accept(invitation))
    assert (status, body["code"]) == (410, "invite_used")


def test_who_has_the_role_leaves_the_code_to_others(cast: Cast, api: Api) -> None:
    invitation = invite(cast)
    assert api(cast.cleaner).post("bindings/accept", accept(invitation))[0] == 201
    assert api(cast.stranger).post("bindings/accept", accept(invitation))[0] == 201


def test_a_manager_takes_an_unused_code_back(cast: Cast, api: Api) -> None:
    invitation, used = invite(cast), invite(cast)
    assert api(cast.stranger).post("bindings/accept", accept(used))[0] == 201
    for person in (cast.cleaner, cast.other_manager):
        assert api(person).delete(f"invitations/{invitation.code}")[0] == 404
    assert [api(cast.manager).delete(f"invitations/{invitation.code}")[0] for _again in range(2)] == [204, 204]
    status, body = api(cast.neighbour).post("bindings/accept", accept(invitation))
    assert (status, body["code"]) == (410, "invite_expired")
    status, body = api(cast.manager).delete(f"invitations/{used.code}")
    assert (status, body["code"]) == (410, "invite_used")
    assert Record.objects.filter(action="invitation_withdrawn").count() == 1


def test_an_expired_code_is_gone(cast: Cast, api: Api) -> None:
    invitation = invite(cast)
    Invitation.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    status, body = api(cast.stranger).post("bindings/accept", accept(invitation))
    assert (status, body["code"]) == (410, "invite_expired")


def test_an_unknown_code_is_not_found(cast: Cast, api: Api) -> None:
    wrong = {"invite": "ABCDEFGH", "name": "x", "phone": "13800000009"}
    assert api(cast.stranger).post("bindings/accept", wrong)[0] == 404
    assert api(None).post("bindings/accept", wrong)[0] == 401
    assert api(cast.stranger).post("bindings/accept", {**wrong, "phone": "1"})[0] == 400


@pytest.mark.django_db(transaction=True)
def test_of_two_racers_one_gets_the_role() -> None:
    cast = make_cast()
    invitation = invite(cast)
    racers = [make_person(f"r{number}") for number in range(6)]
    barrier, results = threading.Barrier(len(racers)), []

    def race(person: User) -> None:
        try:
            barrier.wait(10)
            accept_invitation(actor=person, code=invitation.code, name="钱师傅", phone="13800000009")
            results.append("won")
        except Gone as gone:
            results.append(gone.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=race, args=(person,)) for person in racers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) == ["invite_used"] * 5 + ["won"]
    assert Membership.objects.filter(user__in=racers).count() == 1


def test_a_manager_makes_one(cast: Cast, api: Api) -> None:
    wanted = {"community": "fuchen", "role": "cleaner", "expires_hours": 24}
    status, body = api(cast.manager).post("invitations", wanted)
    assert status == 201
    assert set(body) == {"code", "url", "qr_url", "expires_at"}
    assert body["url"] == f"http://127.0.0.1:8000/h5/bind?invite={body['code']}"
    left = datetime.fromisoformat(body["expires_at"]) - timezone.now()
    assert timedelta(hours=23, minutes=59) < left <= timedelta(hours=24)


@pytest.mark.parametrize(
    ("who", "status", "code"),
    [
        ("resident", 403, "permission_denied"),
        ("cleaner", 403, "permission_denied"),
        ("stranger", 403, "not_bound"),
        ("other_manager", 403, "not_bound"),
    ],
)
def test_nobody_else_makes_one(cast: Cast, api: Api, who: str, status: int, code: str) -> None:
    wanted = {"community": "fuchen", "role": "cleaner", "expires_hours": 24}
    answer = api(getattr(cast, who)).post("invitations", wanted)
    assert (answer[0], answer[1]["code"]) == (status, code)
    assert not Invitation.objects.exists()


@pytest.mark.parametrize(
    "wrong", [{"role": "resident"}, {"role": "nobody"}, {"expires_hours": 0}, {"expires_hours": "x"}, {"role": ""}]
)
def test_bad_input_is_refused(cast: Cast, api: Api, wrong: dict[str, Any]) -> None:
    wanted = {"community": "fuchen", "role": "cleaner", "expires_hours": 24, **wrong}
    status, body = api(cast.manager).post("invitations", wanted)
    assert (status, list(body["fields"])) == (400, list(wrong))


def test_who_manages_people_only_cannot_invite_a_manager(cast: Cast, api: Api) -> None:
    assign_perm("manage_people", cast.cleaner, cast.community)
    wanted = {"community": "fuchen", "role": "manager", "expires_hours": 24}
    assert api(cast.cleaner).post("invitations", wanted)[0] == 403
    assert api(cast.cleaner).post("invitations", {**wanted, "role": "plumber"})[0] == 201
    assert api(cast.manager).post("invitations", wanted)[0] == 201


def test_nobody_invites_themselves_to_what_they_lack(cast: Cast, api: Api) -> None:
    own = invite(cast, actor=cast.manager)
    assert api(cast.manager).post("bindings/accept", accept(own))[0] == 403
    assert api(cast.stranger).post("bindings/accept", accept(own))[0] == 201


# The QR code


@pytest.fixture
def qr_page(cast: Cast) -> Callable[[User], Any]:
    invitation = invite(cast)

    def get(user: User) -> Any:
        client = Client()
        client.force_login(user, backend="accounts.auth.ManagerBackend")
        return client.get(f"/h5/invitations/{invitation.code}.svg")

    return get


def test_the_qr_code_is_wechats_scene(cast: Cast, qr_page: Callable[[User], Any]) -> None:
    with responses.RequestsMock() as mock:
        mock.post("http://api.wechat.invalid/cgi-bin/stable_token", json={"access_token": "t", "expires_in": 7200})
        made = mock.post(
            "http://api.wechat.invalid/cgi-bin/qrcode/create",
            json={"ticket": "tk", "expire_seconds": 100, "url": "http://weixin.qq.com/q/abc"},
        )
        first, second = qr_page(cast.manager), qr_page(cast.manager)
    assert (first.status_code, first["Content-Type"]) == (200, "image/svg+xml")
    assert first.content == second.content
    assert made.call_count == 1
    body = json.loads(made.calls[0].request.body)
    assert body["action_info"]["scene"]["scene_str"] == "i_" + Invitation.objects.get().code


def test_the_qr_code_does_without_wechat(cast: Cast, qr_page: Callable[[User], Any]) -> None:
    with responses.RequestsMock() as mock:
        mock.post("http://api.wechat.invalid/cgi-bin/stable_token", json={"errcode": 48001, "errmsg": "no"})
        answer = qr_page(cast.manager)
    assert answer.status_code == 200
    assert answer.content.startswith(b"<svg")


def test_the_qr_code_is_for_the_managers(cast: Cast, qr_page: Callable[[User], Any]) -> None:
    for outsider in (cast.cleaner, cast.other_manager):
        assert qr_page(outsider).status_code == 403
    Invitation.objects.update(used_at=timezone.now())
    assert qr_page(cast.manager).status_code == 404


# The command


def test_the_command_prints_json_and_nothing_else(cast: Cast, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("invite", "fuchen", "cleaner", count=3, expires_hours=1, json=True)
    rows = json.loads(capsys.readouterr().out)
    assert [set(row) for row in rows] == [{"code", "url", "expires_at"}] * 3
    assert {row["code"] for row in rows} == set(Invitation.objects.values_list("code", flat=True))


def test_the_command_prints_lines_for_people(cast: Cast) -> None:
    out = StringIO()
    call_command("invite", "fuchen", "manager", stdout=out)
    assert Invitation.objects.get().code in out.getvalue()


@pytest.mark.parametrize(
    "args", [("nowhere", "cleaner"), ("fuchen", "resident"), ("fuchen", "x"), ("fuchen", "cleaner", "--count=0")]
)
def test_the_command_refuses(cast: Cast, args: tuple[str, ...]) -> None:
    with pytest.raises(CommandError):
        call_command("invite", *args)
    assert not Invitation.objects.exists()
