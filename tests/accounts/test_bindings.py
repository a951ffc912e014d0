"""Binding a home: by the roster, by a manager's decision, and never by guessing."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts import signals
from accounts.models import Building, Home, Membership, RosterEntry, User
from accounts.policies import standing_of
from accounts.services.bindings import request_binding, revoke_membership
from community_report.core.errors import Conflict
from tests.conftest import ApiClient
from tests.factories import Cast, bind, make_home, make_person, role_of

Api = Callable[[User | None], ApiClient]
Heard = list[tuple[str, dict[str, Any]]]


@pytest.fixture
def heard() -> Any:
    """What accounts announced, in order."""
    told: Heard = []

    def listen(name: str) -> Callable[..., None]:
        def receiver(sender: Any, **kwargs: Any) -> None:
            told.append((name, kwargs))

        return receiver

    names = ("binding_requested", "binding_made", "binding_decided", "membership_ended")
    receivers = {name: listen(name) for name in names}
    for name, receiver in receivers.items():
        getattr(signals, name).connect(receiver)
    yield told
    for name, receiver in receivers.items():
        getattr(signals, name).disconnect(receiver)


def enrol(cast: Cast, name: str, phone: str, room: str = "501") -> RosterEntry:
    return RosterEntry.objects.create(home=make_home(cast.community, room=room), name=name, phone=phone)


def form(name: str = "刘大爷", phone: str = "13700000001", room: str = "501", **more: str) -> dict[str, str]:
    home = {"building": "6幢", "unit": "1单元", "room": room}
    return {"community": "fuchen", "name": name, "phone": phone, **home, **more}


def ask(person: User, cast: Cast, **changes: str) -> Membership:
    values = {**form(), **changes}
    values.pop("community")
    return request_binding(actor=person, community=cast.community, **values)


def test_the_roster_binds_at_once(cast: Cast, api: Api, heard: Heard) -> None:
    entry = enrol(cast, "刘大爷", "13700000001")
    status, body = api(cast.stranger).post("bindings", form())
    assert (status, body["status"], body["community"], body["role"]) == (201, "active", "fuchen", "resident")
    assert set(body) == {"id", "status", "community", "role"}
    membership = Membership.objects.get(pk=body["id"])
    assert (membership.home, membership.roster_entry, membership.automatic) == (entry.home, entry, True)
    assert standing_of(cast.stranger).may("file_reports", cast.community.pk)
    cast.stranger.refresh_from_db()
    assert (cast.stranger.display_name, cast.stranger.phone) == ("刘大爷", "13700000001")
    assert [name for name, _ in heard] == ["binding_made"]


def test_what_people_type_is_understood(cast: Cast, api: Api) -> None:
    enrol(cast, "刘大爷", "13700000001")
    typed = form(name=" 刘大爷\u3000", phone="+86 137 0000 0001", building="６号楼", unit="1", room="501室")
    assert api(cast.stranger).post("bindings", typed)[0] == 201


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": "刘大"},
        {"phone": "13700000002"},
        {"room": "502"},
        {"room": "999"},
        {"building": "9幢"},
        {"unit": "2单元"},
    ],
)
def test_anything_else_waits_and_does_not_say_why(cast: Cast, api: Api, heard: Heard, wrong: dict[str, str]) -> None:
    enrol(cast, "刘大爷", "13700000001")
    make_home(cast.community, room="502")
    status, body = api(cast.stranger).post("bindings", {**form(), **wrong})
    assert (status, body["status"]) == (202, "pending")
    assert set(body) == {"id", "status", "community", "role"}
    assert not standing_of(cast.stranger).member_of
    assert [(name, kwargs["holders"]) for name, kwargs in heard] == [("binding_requested", [])]
    shown = api(cast.stranger).get("me")[1]["memberships"][0]
    assert shown["home"] == {key: {**form(), **wrong}[key] for key in ("building", "unit", "room")}


def test_a_taken_entry_waits_and_its_holder_is_told(cast: Cast, api: Api, heard: Heard) -> None:
    status, body = api(cast.stranger).post("bindings", form("李阿姨", "13900000001", "401"))
    assert (status, body["status"]) == (202, "pending")
    assert [(name, kwargs["holders"]) for name, kwargs in heard] == [("binding_requested", [cast.resident])]


def test_housemates_are_told_of_an_automatic_binding(cast: Cast, heard: Heard) -> None:
    enrol(cast, "李小明", "13700000009", room="401")
    ask(cast.stranger, cast, name="李小明", phone="13700000009", room="401")
    assert [(name, kwargs["housemates"]) for name, kwargs in heard] == [("binding_made", [cast.resident])]


def test_asking_again_is_the_same_binding(cast: Cast, api: Api, heard: Heard) -> None:
    first = api(cast.stranger).post("bindings", form())
    again = api(cast.stranger).post("bindings", form(unit="1", room="501室"))
    assert (first[0], again) == (202, (202, first[1]))
    assert Membership.objects.filter(user=cast.stranger).count() == 1
    assert len(heard) == 1


def test_a_corrected_request_is_looked_up_again(cast: Cast, api: Api) -> None:
    enrol(cast, "刘大爷", "13700000001")
    waiting = api(cast.stranger).post("bindings", form(name="刘大"))[1]
    status, body = api(cast.stranger).post("bindings", form())
    assert (status, body["id"], body["status"]) == (201, waiting["id"], "active")
    assert api(cast.stranger).post("bindings", form(name="谁都行"))[0] == 201


def test_a_person_may_have_two_homes(cast: Cast) -> None:
    enrol(cast, "刘大爷", "13700000001", "501")
    enrol(cast, "刘大爷", "13700000001", "502")
    one, two = ask(cast.stranger, cast, room="501"), ask(cast.stranger, cast, room="502")
    assert {one.status, two.status} == {"active"}
    revoke_membership(actor=cast.manager, membership=one)
    assert standing_of(cast.stranger).may("file_reports", cast.community.pk)
    revoke_membership(actor=cast.manager, membership=two)
    assert not standing_of(cast.stranger).may("file_reports", cast.community.pk)
    assert not cast.stranger.groups.exists()


def test_few_requests_may_wait_at_once(cast: Cast) -> None:
    for room in range(5):
        ask(cast.stranger, cast, room=f"70{room}")
    with pytest.raises(Conflict):
        ask(cast.stranger, cast, room="706")


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"phone": "12345"}, "phone"),
        ({"name": " "}, "name"),
        ({"room": ""}, "room"),
        ({"building": "x" * 41}, "building"),
        ({"community": "nowhere"}, "community"),
        ({"name": ["x"]}, "name"),
    ],
)
def test_bad_input_names_the_field(cast: Cast, api: Api, wrong: dict[str, Any], field: str) -> None:
    status, body = api(cast.stranger).post("bindings", {**form(), **wrong})
    assert (status, body["code"]) == (400, "invalid")
    assert set(body["fields"]) == {field}


def test_an_empty_form_is_told_all_that_is_missing_from_the_top(cast: Cast, api: Api) -> None:
    status, body = api(cast.stranger).post("bindings", dict.fromkeys(form(), "") | {"community": "fuchen"})
    assert (status, list(body["fields"])) == (400, ["building", "room", "name", "phone"])
    assert body["detail"] == body["fields"]["building"][0] == "请填写楼栋"
    assert cast.stranger.memberships.count() == 0


def test_guessing_is_throttled_by_person_and_by_phone(cast: Cast, api: Api) -> None:
    for number in range(10):
        assert api(cast.stranger).post("bindings", form(phone=f"1370000001{number}", room="501"))[0] == 202
    assert api(cast.stranger).post("bindings", form())[0] == 429
    for _ in range(10):
        assert api(make_person("x")).post("bindings", form())[0] == 202
    status, body = api(make_person("x")).post("bindings", form())
    assert (status, body["code"]) == (429, "throttled")


def test_the_openid_in_a_body_is_ignored(cast: Cast, api: Api) -> None:
    enrol(cast, "刘大爷", "13700000001")
    body = api(cast.stranger).post("bindings", {**form(), "openid": cast.neighbour.openid, "user": "x"})[1]
    assert Membership.objects.get(pk=body["id"]).user == cast.stranger


def test_nobody_binds_without_a_login(cast: Cast, api: Api) -> None:
    assert api(None).post("bindings", form())[0] == 401
    assert api(None).get("bindings")[0] == 401


# Decisions


@pytest.fixture
def waiting(cast: Cast) -> Membership:
    return ask(cast.stranger, cast)


def test_a_manager_sees_what_waits_and_approves(cast: Cast, api: Api, waiting: Membership, heard: Heard) -> None:
    status, body = api(cast.manager).get("bindings?status=pending")
    assert status == 200
    assert [(row["id"], row["name"], row["home"]["room"]) for row in body["results"]] == [
        (str(waiting.pk), "刘大爷", "501")
    ]
    status, body = api(cast.manager).post(f"bindings/{waiting.pk}/approve")
    assert (status, body["status"]) == (200, "active")
    assert Home.objects.get(memberships=waiting.pk).room == "501"
    assert standing_of(cast.stranger).may("file_reports", cast.community.pk)
    assert [(name, kwargs["membership"].status) for name, kwargs in heard] == [("binding_decided", "active")]
    assert api(cast.manager).get("bindings?status=pending")[1]["results"] == []


def test_a_home_in_an_unknown_building_keeps_its_statement(cast: Cast, api: Api) -> None:
    asked = ask(cast.stranger, cast, building="9幢")
    assert api(cast.manager).post(f"bindings/{asked.pk}/approve")[0] == 200
    shown = api(cast.stranger).get("me")[1]["memberships"][0]
    assert (shown["status"], shown["home"]["building"]) == ("active", "9幢")
    assert not Building.objects.filter(name="9幢").exists()


def test_a_rejection_has_a_reason_and_one_may_ask_again(cast: Cast, api: Api, waiting: Membership) -> None:
    assert api(cast.manager).post(f"bindings/{waiting.pk}/reject", {"reason": " "})[0] == 400
    status, body = api(cast.manager).post(f"bindings/{waiting.pk}/reject", {"reason": "请带房产证来"})
    assert (status, body["status"], body["reason"]) == (200, "rejected", "请带房产证来")
    assert [m["status"] for m in api(cast.stranger).get("me")[1]["memberships"]] == ["rejected"]
    status, again = api(cast.stranger).post("bindings", form())
    assert (status, again["id"] != str(waiting.pk)) == (202, True)
    assert [m["status"] for m in api(cast.stranger).get("me")[1]["memberships"]] == ["pending"]


def test_a_decision_is_made_once(cast: Cast, api: Api, waiting: Membership) -> None:
    manager = api(cast.manager)
    assert manager.post(f"bindings/{waiting.pk}/revoke")[0] == 409
    assert manager.post(f"bindings/{waiting.pk}/approve")[0] == 200
    for verb in ("approve", "reject"):
        status, body = manager.post(f"bindings/{waiting.pk}/{verb}", {"reason": "x"})
        assert (status, body["code"]) == (409, "wrong_state")
    assert manager.post(f"bindings/{waiting.pk}/revoke")[0] == 200
    assert manager.post(f"bindings/{waiting.pk}/revoke")[0] == 409


@pytest.mark.parametrize("verb", ["approve", "reject", "revoke"])
@pytest.mark.parametrize(
    ("who", "expected"),
    [("resident", 403), ("cleaner", 403), ("stranger", 403), ("other_manager", 404)],
)
def test_only_its_managers_decide(
    cast: Cast, api: Api, waiting: Membership, verb: str, who: str, expected: int
) -> None:
    assert api(getattr(cast, who)).post(f"bindings/{waiting.pk}/{verb}", {"reason": "x"})[0] == expected
    waiting.refresh_from_db()
    assert waiting.status == "pending"


def test_unknown_ids_are_not_found(cast: Cast, api: Api) -> None:
    assert api(cast.manager).post("bindings/00000000-0000-4000-8000-000000000000/approve")[0] == 404
    assert api(cast.manager).post("bindings/17/approve")[0] == 404


def test_nobody_approves_their_own_request(cast: Cast, api: Api) -> None:
    own = ask(cast.manager, cast)
    assert api(cast.manager).post(f"bindings/{own.pk}/approve")[0] == 403


def test_lists_are_the_managers_own(cast: Cast, api: Api, waiting: Membership) -> None:
    assert api(cast.other_manager).get("bindings?status=pending")[1]["results"] == []
    assert api(cast.other_manager).get("bindings?community=fuchen")[1]["code"] == "not_bound"
    assert api(cast.resident).get("bindings")[1]["code"] == "permission_denied"
    assert api(cast.stranger).get("bindings")[1]["code"] == "not_bound"
    assert api(cast.manager).get("bindings?status=nonsense")[0] == 400
    assert api(cast.manager).get("bindings?limit=2")[1]["next"]


def test_new_automatic_bindings_stand_out_for_seven_days(cast: Cast) -> None:
    enrol(cast, "刘大爷", "13700000001")
    made = ask(cast.stranger, cast)
    now = timezone.now()
    assert list(Membership.objects.new_automatic(now)) == [made]
    assert not Membership.objects.new_automatic(now + timedelta(days=8)).exists()
    revoke_membership(actor=cast.manager, membership=made)
    assert not Membership.objects.new_automatic(now).exists()


def test_two_statements_of_one_home_are_approved_once(cast: Cast, api: Api) -> None:
    home = make_home(cast.community, room="501")
    bind(cast.stranger, role_of(cast.community, "resident"), home)
    other = Membership.objects.create(
        user=cast.stranger,
        community=cast.community,
        role=role_of(cast.community, "resident"),
        status="pending",
        stated_home={"building": "6幢", "unit": "1单元", "room": "501"},
    )
    assert api(cast.manager).post(f"bindings/{other.pk}/approve")[0] == 409
