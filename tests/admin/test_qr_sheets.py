"""Sheets with QR codes: which are printed, whose they are, and what a scan of a building's code leads to."""

import json

import pytest
import responses

from accounts.models import Building
from tests.admin.test_admin import client_of
from tests.dispatch.test_chat import BASE, happen
from tests.factories import Cast, make_home
from tests.pages.opening import open_page

PRINT = "/admin/qr-sheets/print?community=fuchen"


@pytest.fixture
def building(cast: Cast) -> Building:
    return Building.objects.get(community=cast.community, name="6幢")


def test_lobby_and_buildings_in_one_run(cast: Cast, building: Building) -> None:
    other = make_home(cast.community, building="7幢").building
    client = client_of(cast.manager)
    page = client.get(f"{PRINT}&lobby=1&building={building.pk}&building={other.pk}").content.decode()
    assert page.count('class="sheet"') == 3
    for picture in ("communities/fuchen", f"buildings/{building.pk}", f"buildings/{other.pk}"):
        assert f'src="/h5/{picture}/qr.svg"' in page
    for words in ("府琛花园 <b>6幢</b>", "打开微信，扫一扫", "Something wrong?"):
        assert words in page
    cast.manager.language = "en"
    cast.manager.save()
    assert "打开微信，扫一扫" in client.get(f"{PRINT}&lobby=1").content.decode()
    assert client.get(f"{PRINT}&building=x").content.decode().count('class="sheet"') == 0


def test_chosen_buildings_lead_from_their_list(cast: Cast, building: Building) -> None:
    client = client_of(cast.manager)
    asked = client.post("/admin/accounts/building/", {"action": "print_codes", "_selected_action": [building.pk]})
    page = client.get(asked["Location"]).content.decode()
    assert f'value="{building.pk}" checked' in page
    assert 'name="lobby" value="1" checked' not in page


def test_another_communitys_are_neither_offered_nor_given(cast: Cast, building: Building) -> None:
    client = client_of(cast.other_manager)
    for address in (f"{PRINT}&lobby=1&building={building.pk}", "/admin/qr-sheets?community=fuchen"):
        page = client.get(address).content.decode()
        assert "府琛花园" not in page
        assert f"buildings/{building.pk}/" not in page
    for picture in (f"/h5/buildings/{building.pk}/qr.svg", "/h5/buildings/999999/qr.svg"):
        assert client.get(picture).status_code == 403


def test_a_buildings_code_is_wechats_scene_for_ever(cast: Cast, building: Building) -> None:
    with responses.RequestsMock() as mock:
        mock.post("http://api.wechat.invalid/cgi-bin/stable_token", json={"access_token": "t", "expires_in": 7200})
        made = mock.post(
            "http://api.wechat.invalid/cgi-bin/qrcode/create", json={"ticket": "k", "url": "http://weixin.qq.com/q/b"}
        )
        answer = client_of(cast.manager).get(f"/h5/buildings/{building.pk}/qr.svg")
    assert (answer.status_code, answer["Content-Type"]) == (200, "image/svg+xml")
    asked = json.loads(made.calls[0].request.body)
    assert asked["action_name"] == "QR_LIMIT_STR_SCENE"
    assert asked["action_info"]["scene"]["scene_str"] == f"b_{building.pk}"


def test_a_scan_leads_a_resident_to_a_report_of_that_building(cast: Cast, building: Building) -> None:
    other = make_home(cast.community, building="7幢").building
    reply = happen(cast.resident, "SCAN", EventKey=f"b_{other.pk}", Ticket="t")
    page = f"/h5/reports/new?community=fuchen&amp;building={other.pk}"
    assert f'<a href="{BASE}{page}">点此上报7幢的问题</a>' in reply
    opened = open_page(cast.resident, f"reports/new?community=fuchen&building={other.pk}")
    assert 'name="address" maxlength="200" value="7幢"' in opened.html
    for elsewhere in ("building=999", "building=x", ""):
        assert 'value="6幢1单元401"' in open_page(cast.resident, f"reports/new?community=fuchen&{elsewhere}").html
    report = cast.report(address="7幢")
    assert report.building == other


def test_a_scan_leads_anybody_else_to_bind_with_the_building_filled_in(cast: Cast, building: Building) -> None:
    reply = happen(cast.stranger, "subscribe", EventKey=f"qrscene_b_{building.pk}", Ticket="t")
    assert f'<a href="{BASE}/h5/bind?community=fuchen&amp;building=6%E5%B9%A2">' in reply
    page = open_page(cast.stranger, "bind?community=fuchen&building=6%E5%B9%A2")
    assert "<option selected>6幢</option>" in page.html
    unbound = open_page(cast.stranger, f"reports/new?community=fuchen&building={building.pk}")
    assert "/h5/bind?community=fuchen" in unbound.links()


@pytest.mark.parametrize("scene", ["b_0", "b_x", "b_999999", "b_" + "9" * 40])
def test_a_code_of_no_building_is_any_other_scan(cast: Cast, scene: str) -> None:
    assert "/h5/reports/new" in happen(cast.resident, "SCAN", EventKey=scene, Ticket="t")
