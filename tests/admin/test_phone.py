"""Phone reports at the desk: who telephones, what looks the same, and that nothing typed is lost or filed twice."""

import io
import re
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from accounts.models import Building, RosterEntry
from reports.models import Follow, Report, Upload
from tests.admin.test_admin import client_of
from tests.factories import Cast, bind, make_home, role_of
from tests.media.makers import scene

PAGE = "/admin/phone"


def picture(name: str) -> SimpleUploadedFile:
    file = io.BytesIO()
    scene(40, 30).save(file, "JPEG")
    return SimpleUploadedFile(name, file.getvalue(), "image/jpeg")


@pytest.fixture
def client(cast: Cast) -> Client:
    return client_of(cast.manager)


def entered(client: Client, **fields: Any) -> dict[str, Any]:
    """The form as the page gives it, with what was typed."""
    page = client.get(PAGE).content.decode()
    found = re.search(r'name="hashed_id" value="([^"]+)"', page)
    assert found is not None
    return {"hashed_id": found[1], "category": "repair", "description": "厨房漏水。很大。", **fields}


def test_a_resident_of_the_roster_is_the_reporter(cast: Cast, client: Client) -> None:
    entry = RosterEntry.objects.get(name="李阿姨")
    answer = client.post(PAGE, entered(client, resident=entry.pk))
    report = Report.objects.get()
    assert answer["Location"] == f"/admin/reports/report/{report.pk}/change/"
    assert (report.reporter, report.filed_by, report.title) == (cast.resident, cast.manager, "厨房漏水")
    assert report.address == "6幢1单元401"
    assert report.caller == {
        "name": "李阿姨", "phone": "13900000001", "home": {"building": "6幢", "unit": "1单元", "room": "401"}
    }  # fmt: skip


def test_who_is_typed_may_be_nobody_here(cast: Cast, client: Client) -> None:
    client.post(PAGE, entered(client, name="钱奶奶", phone="0571-88990011", address="北门"))
    report = Report.objects.get()
    assert (report.reporter, report.caller["name"], report.caller["home"], report.address) == (
        None, "钱奶奶", None, "北门"
    )  # fmt: skip


def test_a_caller_whom_nobody_knows_is_at_the_home_that_they_name(cast: Cast, client: Client) -> None:
    make_home(cast.community, "1幢", "1单元", "201室")
    building = Building.objects.get(name="1幢")
    form = entered(client, name="钱奶奶", phone="0571-88990011", building=building.pk, unit="1", room="201")
    page = client.post(PAGE, form, follow=True).content.decode()
    report = Report.objects.get()
    assert (report.reporter, report.reporter_home, report.address, report.building) == (
        None, None, "1幢1单元201室", building
    )  # fmt: skip
    assert report.caller["home"] == {"building": "1幢", "unit": "1单元", "room": "201室"}
    assert page.count("1幢1单元201室") == 2  # the place, and the caller's home


def test_a_unit_that_is_not_there_is_asked_again(cast: Cast, client: Client) -> None:
    building = Building.objects.get(name="6幢")
    form = entered(client, name="钱", phone="13900000099", building=building.pk, unit="9", room="201")
    page = client.post(PAGE, form)
    assert page.context["form"].errors == {"unit": ["6幢没有这个单元；有：1单元"]}
    assert not Report.objects.exists()
    client.post(PAGE, {**form, "unit": "1"})
    assert Report.objects.get().address == "6幢1单元201"


def test_what_is_missing_is_said_at_its_field_and_what_was_typed_stays(cast: Cast, client: Client) -> None:
    page = client.post(PAGE, entered(client, category="", description="", room="401", address="北门", name="钱"))
    assert set(page.context["form"].errors) == {"phone", "category", "description"}
    for typed in ('value="401"', 'value="北门"', 'value="钱"'):
        assert typed in page.content.decode()
    assert not Report.objects.exists()


def test_sent_twice_it_is_filed_once(cast: Cast, client: Client) -> None:
    form = entered(client, name="钱", phone="13900000099")
    first, second = client.post(PAGE, form), client.post(PAGE, {**form, "anyway": "1"})
    assert first["Location"] == second["Location"]
    assert Report.objects.count() == 1


def test_what_looks_the_same_is_offered_and_can_be_merged_into(cast: Cast, client: Client) -> None:
    known = cast.report("repair", title="厨房漏水", description="厨房漏水很大", address="6幢1单元401")
    entry = RosterEntry.objects.get(name="王先生")
    form = entered(client, resident=entry.pk)
    page = client.post(PAGE, form)
    assert (page.context["alike"], Report.objects.count()) == ([known], 1)
    assert f'value="{form["hashed_id"]}"' in page.content.decode()
    answer = client.post(PAGE, {**form, "into": str(known.pk)})
    again = client.post(PAGE, {**form, "into": str(known.pk)})
    assert answer["Location"] == again["Location"] == f"/admin/reports/report/{known.pk}/change/"
    assert Report.objects.get(filed_by=cast.manager).merged_into == known
    assert Follow.objects.filter(report=known, user=cast.neighbour, merged=True).exists()
    other = client.post(PAGE, {**entered(client, resident=entry.pk), "anyway": "1"})
    assert Report.objects.get(status="submitted", filed_by=cast.manager).pk.hex in other["Location"].replace("-", "")


def test_pictures_are_kept_when_the_form_is_refused(cast: Cast, client: Client) -> None:
    files = [picture("1.jpg"), picture("2.jpg")]
    page = client.post(PAGE, entered(client, description="", pictures=files))
    kept = page.context["pictures"].ids
    assert len(kept) == Upload.objects.count() == 2
    form = {**entered(client, description="", name="钱", phone="13900000099"), "uploaded": kept}
    client.post(PAGE, form)
    report = Report.objects.get()
    assert (report.attachments.count(), report.title) == (2, "水电报修")
    bad = client.post(PAGE, entered(client, pictures=SimpleUploadedFile("x.jpg", b"MZ no picture", "image/jpeg")))
    assert "x.jpg" in bad.context["pictures"].error
    assert Report.objects.count() == 1


def test_another_community_is_neither_offered_nor_filed_for(cast: Cast, client: Client) -> None:
    entry = RosterEntry.objects.get(name="李阿姨")
    foreign = client_of(cast.other_manager)
    page = foreign.get(f"{PAGE}?community=fuchen")
    assert page.context["community"] == cast.other_community
    refused = foreign.post(f"{PAGE}?community=fuchen", entered(foreign, resident=entry.pk))
    assert set(refused.context["form"].errors) == {"resident"}
    search = "/admin/autocomplete/?app_label=accounts&model_name=membership&field_name=roster_entry&term=李阿姨"
    assert foreign.get(search).json()["results"] == []
    assert client.get(search).json()["results"] == [{"id": str(entry.pk), "text": "6幢1单元401 李阿姨"}]
    assert not Report.objects.exists()


def test_who_does_not_manage_people_types_the_caller_in(cast: Cast, client: Client) -> None:
    cast.manager.groups.clear()
    assert client.get(PAGE).status_code == 403
    bind(cast.manager, role_of(cast.other_community, "manager"), make_home(cast.other_community))
    several = client.get(PAGE)
    assert several.context["community"] == cast.other_community
    assert "李阿姨" not in several.content.decode()
