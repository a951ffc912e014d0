"""Who did what, when and from where: written down, kept, and shown to whom it concerns."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.utils import timezone

from accounts.models import Membership, Record, User
from accounts.services import recording
from accounts.services.people import set_permissions, set_roles
from accounts.services.recording import masked, prune, record
from community_report.site.erasure import erase_person
from reports.services import transitions as verbs
from tests.factories import Cast, bind, role_of

PASSWORD = "a long enough password"


def actions(**filters: Any) -> list[str]:
    return list(Record.objects.filter(**filters).order_by("id").values_list("action", flat=True))


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="accounts.auth.ManagerBackend")
    return client


@pytest.fixture
def manager(cast: Cast) -> User:
    cast.manager.username = "13800000004"
    cast.manager.set_password(PASSWORD)
    cast.manager.save()
    return cast.manager


def log_in(username: str, password: str, address: str = "203.0.113.7") -> int:
    client = Client(REMOTE_ADDR=address)
    return client.post("/admin/login/", {"username": username, "password": password}).status_code


def test_a_login_a_failure_and_a_lock_out_are_written_down(manager: User) -> None:
    assert log_in("13800000004", PASSWORD) == 302
    for _attempt in range(5):
        log_in("13800000004", "wrong")
    assert actions(actor=manager) == ["login", "login_failed", "locked_out"]
    assert set(Record.objects.values_list("address", flat=True)) == {"203.0.113.7"}
    assert log_in("13800000004", PASSWORD) == 429


def test_nothing_secret_is_kept_of_a_failed_login(manager: User) -> None:
    log_in(PASSWORD, "13800000004")  # the password in the wrong field
    row = Record.objects.get()
    assert (row.action, row.actor) == ("login_failed", None)
    assert PASSWORD not in str(vars(row))


def test_a_step_of_a_report_names_who_where_and_which(cast: Cast, api: Any) -> None:
    report = cast.report()
    status, _body = api(cast.cleaner).post(f"reports/{report.pk}/claim", REMOTE_ADDR="198.51.100.9")
    row = Record.objects.get(action="report_claim")
    assert status == 200
    assert (row.actor, row.community, row.subject) == (cast.cleaner, cast.community, report.number)
    assert (row.address, row.path) == ("198.51.100.9", f"POST /api/v1/reports/{report.pk}/claim")


def test_a_change_that_failed_leaves_no_record(cast: Cast) -> None:
    report = cast.report()
    before = Record.objects.count()
    with transaction.atomic():
        verbs.claim_report(actor=cast.cleaner, report_id=report.pk)
        transaction.set_rollback(True)
    assert Record.objects.count() == before


def test_a_refusal_is_written_once_in_ten_minutes(cast: Cast, api: Any) -> None:
    report = cast.report()
    for _time in range(3):
        assert api(cast.cleaner).post(f"reports/{report.pk}/dismiss", {"reason": "不"})[0] == 403
    assert actions(action="refused", actor=cast.cleaner) == ["refused"]


def test_refusals_of_one_address_are_bounded(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recording, "REFUSALS_OF_AN_ADDRESS", 3)
    for number in range(6):
        Client(REMOTE_ADDR="203.0.113.9").post(f"/wechat/callback?signature={number}", {}, headers={"x": str(number)})
        Client(REMOTE_ADDR="203.0.113.9").post("/admin/login/", {"username": f"nobody{number}", "password": "x"})
    assert len(actions()) <= 3
    assert "refused" in actions()


def test_a_change_without_a_word_of_its_own_is_written_as_a_request(cast: Cast, api: Any) -> None:
    assert api(cast.resident).patch("me", {"display_name": "李女士"})[0] == 200
    assert api(cast.resident).get("me")[0] == 200
    row = Record.objects.get(actor=cast.resident, action="request")
    assert (row.path, row.community) == ("PATCH /api/v1/me", cast.community)


def test_roles_and_permissions_given_and_taken(cast: Cast) -> None:
    membership = Membership.objects.get(user=cast.cleaner)
    set_roles(actor=cast.manager, membership=membership, roles=["cleaner", "plumber"])
    set_permissions(actor=cast.manager, membership=membership, permissions=["view_statistics"])
    set_permissions(actor=cast.manager, membership=membership, permissions=[])
    rows = Record.objects.filter(person=cast.cleaner, actor=cast.manager).order_by("id")
    assert [(row.action, row.subject, row.detail) for row in rows] == [
        ("role_given", "水电工", ""),
        ("permissions_set", "", "+view_statistics"),
        ("permissions_set", "", "-view_statistics"),
    ]
    assert [row.explained for row in Record.objects.filter(action="permissions_set").order_by("id")] == [
        "+看统计",
        "-看统计",
    ]


def test_what_the_back_office_changes_is_recorded_with_its_community(cast: Cast) -> None:
    building = cast.community.buildings.get()
    form = {"community": cast.community.pk, "name": "6幢", "units": '["1单元", "2单元"]', "position": 3}
    assert client_of(cast.manager).post(f"/admin/accounts/building/{building.pk}/change/", form).status_code == 302
    row = Record.objects.get(action="admin_change")
    assert (row.actor, row.community, row.address) == (cast.manager, cast.community, "127.0.0.1")
    assert "6幢" in row.subject


@pytest.mark.parametrize(
    ("words", "kept"),
    [
        ("13900000001", "139****0001"),
        ("李阿姨 +86 139 0000 0001 来电", "李阿姨 139****0001 来电"),
        ("+85291234567", "+8529****67"),
        ("R20261125-000123", "R20261125-000123"),
        ("6幢1单元401", "6幢1单元401"),
    ],
)
def test_phone_numbers_are_masked(words: str, kept: str) -> None:
    assert masked(words) == kept


@pytest.mark.parametrize("statement", ["UPDATE accounts_record SET action = 'x'", "DELETE FROM accounts_record"])
def test_the_database_refuses_to_change_or_delete(cast: Cast, statement: str) -> None:
    record("login", actor=cast.manager)
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


def test_what_is_past_its_time_goes_and_nothing_else(cast: Cast, settings: Any) -> None:
    settings.RECORD_DAYS = 200
    now = timezone.now()
    for days in (0, 183, 199, 201, 400):
        Record.objects.create(action=f"d{days}", at=now - timedelta(days=days))
    assert prune(now) == 2
    assert set(actions()) == {"d0", "d183", "d199"}


def test_a_manager_sees_what_concerns_the_own_communities(cast: Cast) -> None:
    bind(cast.cleaner, role_of(cast.other_community, "manager"))  # one person in two communities
    record("login", actor=cast.cleaner)
    record("invited", actor=cast.cleaner, community=cast.community, subject="甲")
    record("invited", actor=cast.cleaner, community=cast.other_community, subject="乙")
    record("login_failed", actor=None)
    mine = client_of(cast.manager).get("/admin/accounts/record/").context["cl"].queryset
    theirs = client_of(cast.other_manager).get("/admin/accounts/record/").context["cl"].queryset
    assert {(row.action, row.subject) for row in mine.filter(actor=cast.cleaner)} == {("login", ""), ("invited", "甲")}
    assert {(row.action, row.subject) for row in theirs.filter(actor=cast.cleaner)} == {
        ("login", ""),
        ("invited", "乙"),
    }
    assert not mine.filter(actor=None).exists()


def test_records_are_found_and_cannot_be_written_in_the_back_office(cast: Cast) -> None:
    record("report_claim", actor=cast.cleaner, community=cast.community, subject="R1")
    record("refused", actor=cast.cleaner, community=cast.community)
    client = client_of(cast.manager)
    found = client.get("/admin/accounts/record/", {"q": "R1"}).context["cl"].result_list
    assert [row.action for row in found] == ["report_claim"]
    assert {row.action for row in client.get("/admin/accounts/record/", {"q": "我来"}).context["cl"].result_list} == {
        "report_claim"
    }
    refused = client.get("/admin/accounts/record/", {"group": "refusal"}).context["cl"].result_list
    assert [row.action for row in refused] == ["refused"]
    assert client.get("/admin/accounts/record/add/").status_code == 403
    row = Record.objects.get(subject="R1")
    assert client.post(f"/admin/accounts/record/{row.pk}/delete/", {"post": "yes"}).status_code == 403


def test_erasure_takes_the_name_and_leaves_the_record(cast: Cast) -> None:
    record("login", actor=cast.neighbour)
    erase_person(cast.neighbour)
    assert actions(actor=cast.neighbour) == ["login", "erased"]
    assert "王先生" not in str(list(Record.objects.values()))
