"""One of a manager's communities at a time, and lists of short texts as people write them."""

from typing import Any

import pytest
from django.urls import reverse

from accounts.models import Building, Membership, RosterEntry, User
from reports.models import Rating
from reports.services import transitions
from tests.admin.test_admin import client_of
from tests.dispatch.ledger import route_all
from tests.factories import Cast, bind, make_home, role_of


@pytest.fixture
def of_both(cast: Cast) -> User:
    bind(cast.manager, role_of(cast.other_community, "manager"))
    return cast.manager


@pytest.mark.parametrize(
    ("list_", "sees"), [("reports/report", "垃圾"), ("dispatch/delivery", "李阿姨"), ("accounts/record", "上报")]
)
def test_nobody_is_found_by_a_name_that_another_community_knows(cast: Cast, list_: str, sees: str) -> None:
    bind(cast.resident, role_of(cast.other_community, "resident"))
    there = Membership.objects.filter(user=cast.resident, community=cast.other_community)
    there.update(name="旧时姓名", phone="13977778888")
    cast.report()
    transitions.claim_report(actor=cast.cleaner, report_id=cast.report().pk)
    route_all()
    for word in ("旧时姓名", "13977778888"):
        found = client_of(cast.manager).get(f"/admin/{list_}/", {"q": word}).content.decode()
        assert sees not in found.partition("result_list")[2]
    here = Membership.objects.filter(user=cast.resident, community=cast.community)
    here.update(name="本小区姓名")
    found = client_of(cast.manager).get(f"/admin/{list_}/", {"q": "本小区姓名"}).content.decode()
    assert sees in found.partition("result_list")[2]


def names(client: Any, **query: str) -> set[str]:
    asked = {"app_label": "accounts", "model_name": "membership", "field_name": "roster_entry", "term": "", **query}
    return {row["text"] for row in client.get(reverse("admin:autocomplete"), asked).json()["results"]}


def test_a_telephone_call_is_looked_up_in_the_roster_of_its_community(cast: Cast, of_both: User) -> None:
    there = RosterEntry.objects.create(home=make_home(cast.other_community, "9幢"), name="冯阿姨", phone="13700000009")
    here = {str(entry) for entry in RosterEntry.objects.filter(home__building__community=cast.community)}
    client = client_of(of_both)
    assert names(client) == here | {str(there)}
    page = client.get("/admin/phone", {"community": cast.other_community.slug}).content.decode()
    assert f'data-ajax--url="/admin/autocomplete/?community={cast.other_community.slug}"' in page
    assert names(client, community=cast.other_community.slug) == {str(there)}
    assert names(client_of(cast.other_manager), community=cast.community.slug) == set()


def test_a_notices_choices_say_whose_they_are(cast: Cast, of_both: User) -> None:
    make_home(cast.other_community, "9幢")
    client = client_of(of_both)
    page = client.get("/admin/notices/notice/add/").content.decode()
    for community in (cast.community, cast.other_community):
        assert f'data-community="{community.pk}"' in page
        assert f"{community.name} · 业主" in page
    sent = {
        "community": cast.community.pk, "title": "停水", "body": "明早", "pictures": "[]",
        "publish_at_0": "2099-01-01", "publish_at_1": "08:00", "expires_at_0": "", "expires_at_1": "",
    }  # fmt: skip
    assert client.post("/admin/notices/notice/add/", sent).status_code == 302
    changing = client.get(reverse("admin:notices_notice_change", args=[cast.community.notices.get().pk]))
    assert f'data-community="{cast.community.pk}"' in changing.content.decode()
    assert f'data-community="{cast.other_community.pk}"' not in changing.content.decode()


@pytest.mark.parametrize("typed", ["1单元\r\n 2单元 \r\n", "1单元、２单元", '["1单元", "2单元"]'])
def test_units_are_written_one_a_line(cast: Cast, typed: str) -> None:
    building = Building.objects.get(community=cast.community)
    address = reverse("admin:accounts_building_change", args=[building.pk])
    client = client_of(cast.manager)
    assert ">1单元</textarea>" in client.get(address).content.decode()
    assert client.post(address, {"name": "6幢", "units": typed, "position": 1}).status_code == 302
    building.refresh_from_db()
    assert building.units == ["1单元", "2单元"]
    assert "写了两次" in client.post(address, {"name": "6幢", "units": "1单元,1单元", "position": 1}).content.decode()


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("8:30-12:00\n13:30 - 18:00", ["08:30-12:00", "13:30-18:00"]),
        ("０８：３０～１２：００", ["08:30-12:00"]),
        ("", []),
        ("上午", None),
        ("08:30-12:00\n11:00-13:00", None),
    ],
)
def test_working_hours_are_written_one_a_line(cast: Cast, typed: str, kept: list[str] | None) -> None:
    address = reverse("admin:accounts_community_change", args=[cast.community.pk])
    sent = {"name": "府琛花园", "timezone": "Asia/Shanghai", "auto_confirm_days": 7, "reopen_days": 15}
    page = client_of(cast.manager).post(address, {**sent, "working_hours": typed})
    if kept is None:
        assert "每段写成 08:30-12:00" in page.content.decode()
        return
    cast.community.refresh_from_db()
    assert (page.status_code, cast.community.working_hours) == (302, kept)


def test_a_rating_is_called_by_its_report(cast: Cast) -> None:
    report = cast.report()
    assert str(Rating(report=report, score=4)) == f"{report.number} · 4"
