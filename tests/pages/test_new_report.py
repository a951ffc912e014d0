"""The page that files a report: what it offers, a draft filled in, and the form without scripts."""

import uuid

import pytest

from accounts.models import Role
from accounts.services.communities import ensure_role
from reports.models import Category, Draft, Report
from reports.services.attachments import MediaItem
from reports.services.drafts import Addition, Place, add_to_draft, end_draft
from tests.factories import Cast, bind, make_home, role_of

from .opening import browser_of, open_page


def drafted(cast: Cast) -> Draft:
    """李阿姨 sent a text, a place and a picture in the chat."""
    place = Place(30.274085, 120.15507, "府琛花园6幢")
    text = "六幢楼下的垃圾桶满了，味道很大"
    draft, _ = add_to_draft(owner=cast.resident, community=cast.community, addition=Addition(text=text, place=place))
    add_to_draft(
        owner=cast.resident, community=cast.community, addition=Addition(media=MediaItem("image", "media-of-wechat"))
    )
    return draft


def test_it_offers_the_communitys_categories_and_ones_own_home(cast: Cast) -> None:
    Category.objects.filter(community=cast.community, slug="repair").update(active=False)
    page = open_page(cast.resident, "reports/new")
    assert 'value="hygiene"' in page.html
    assert 'value="lost"' in page.html
    assert 'value="repair"' not in page.html
    assert 'value="6幢1单元401"' in page.html
    assert "checked" not in page.html


def test_a_category_can_come_with_the_address(cast: Cast) -> None:
    html = open_page(cast.resident, "reports/new?category=lost").html
    assert 'value="lost" id="category-lost" checked' in html


def test_a_draft_is_filled_in(cast: Cast) -> None:
    draft = drafted(cast)
    page = open_page(cast.resident, f"reports/new?draft={draft.pk}")
    assert "六幢楼下的垃圾桶满了，味道很大</textarea>" in page.html
    assert 'name="title" value="六幢楼下的垃圾桶满了，味道很大"' in page.html
    assert 'data-latitude="30.274085" data-longitude="120.15507" data-name="府琛花园6幢"' in page.html
    assert 'data-media-id="media-of-wechat"' in page.html
    assert f'value="{draft.attachments.get().pk}"' in page.html
    assert 'name="address" maxlength="200" value="府琛花园6幢"' in page.html  # not home


@pytest.mark.parametrize("person", ["neighbour", "manager"])
def test_a_draft_is_its_owners_alone(cast: Cast, person: str) -> None:
    draft = drafted(cast)
    page = open_page(getattr(cast, person), f"reports/new?draft={draft.pk}")
    assert page.status == 200
    assert "垃圾桶满了" not in page.words
    assert "media-of-wechat" not in page.html


def test_an_ended_draft_or_rubbish_is_an_empty_page(cast: Cast) -> None:
    draft = drafted(cast)
    end_draft(actor=cast.resident, draft=draft)
    for raw in (str(draft.pk), "rubbish", ""):
        page = open_page(cast.resident, f"reports/new?draft={raw}")
        assert page.status == 200
        assert "media-of-wechat" not in page.html


def test_without_scripts_the_form_files_it_once(cast: Cast) -> None:
    draft = drafted(cast)
    browser = browser_of(cast.resident)
    form = {
        "hashed_id": str(uuid.uuid4()),
        "category": "hygiene",
        "description": "垃圾桶满了",
        "address": "6幢楼下",
    }
    first = browser.post(f"/h5/reports/new?draft={draft.pk}", form)
    again = browser.post(f"/h5/reports/new?draft={draft.pk}", form)
    report = Report.objects.get()
    assert first["Location"] == again["Location"] == f"/h5/reports/{report.pk}?sent=1"
    assert (report.title, report.address, report.reporter) == ("垃圾桶满了", "6幢楼下", cast.resident)
    assert report.attachments.get().media_id == "media-of-wechat"
    assert (report.latitude, report.location_name) == (30.274085, "府琛花园6幢")


def test_what_was_typed_stays_when_it_is_refused(cast: Cast) -> None:
    form = {"hashed_id": str(uuid.uuid4()), "category": "nothing", "description": "垃圾桶满了", "address": "6幢楼下"}
    response = browser_of(cast.resident).post("/h5/reports/new", form)
    html = response.content.decode()
    assert response.status_code == 400
    assert "没有这个分类" in html
    assert "垃圾桶满了</textarea>" in html
    assert 'value="6幢楼下"' in html
    assert form["hashed_id"] in html
    assert not Report.objects.exists()


@pytest.mark.parametrize("hashed_id", ["", "rubbish", "1" * 40])
def test_a_form_without_a_number_is_refused(cast: Cast, hashed_id: str) -> None:
    response = browser_of(cast.resident).post("/h5/reports/new", {"hashed_id": hashed_id, "category": "hygiene"})
    assert response.status_code == 400


def test_who_is_nobody_yet_is_led_to_the_binding(cast: Cast) -> None:
    page = open_page(cast.stranger, "reports/new")
    assert "请先绑定您的房屋" in page.words
    assert "/h5/bind" in page.links()


def test_staff_file_for_who_telephoned(cast: Cast) -> None:
    assert 'name="caller_name"' in open_page(cast.manager, "reports/new").html
    assert 'name="caller_name"' not in open_page(cast.resident, "reports/new").html
    form = {
        "hashed_id": str(uuid.uuid4()),
        "category": "hygiene",
        "description": "电话里说楼道脏了",
        "caller_name": "李阿姨",
        "caller_phone": cast.resident.phone,
        "caller_building": "6幢",
        "caller_unit": "1单元",
        "caller_room": "401",
    }
    browser_of(cast.manager).post("/h5/reports/new", form)
    report = Report.objects.get()
    assert (report.reporter, report.filed_by) == (cast.resident, cast.manager)


def test_who_is_both_chooses_for_whom(cast: Cast) -> None:
    bind(cast.cleaner, role_of(cast.community, "resident"), make_home(cast.community, room="501"))
    page = open_page(cast.cleaner, "reports/new")
    assert 'name="caller_name"' not in page.html
    assert "?for=caller&community=fuchen" in page.links()
    assert 'name="caller_name"' in open_page(cast.cleaner, "reports/new?for=caller").html


def test_who_lives_in_two_communities_chooses_one(cast: Cast) -> None:
    Category.objects.create(community=cast.other_community, slug="trees", name="绿化养护")
    bind(cast.resident, role_of(cast.other_community, "resident"), make_home(cast.other_community, "1幢", "", "101"))
    page = open_page(cast.resident, "reports/new?community=other")
    assert 'value="trees"' in page.html
    assert 'value="1幢101"' in page.html
    assert 'value="6幢1单元401"' not in page.html
    assert "?community=fuchen" in page.links()


def test_a_role_without_the_right_to_file_is_told(cast: Cast) -> None:
    role = ensure_role(cast.community, slug="watcher", name="观察员", kind=Role.Kind.STAFF)
    role.group.groupobjectpermission_set.all().delete()
    bind(cast.stranger, role)
    page = open_page(cast.stranger, "reports/new")
    assert page.status == 200
    assert "这里给业主上报问题" in page.words


def test_a_caller_without_a_name_is_refused_without_scripts_too(cast: Cast) -> None:
    form = {"hashed_id": str(uuid.uuid4()), "category": "hygiene", "description": "垃圾", "caller_name": " ",
            "caller_phone": "13900000009"}  # fmt: skip
    answer = browser_of(cast.cleaner).post("/h5/reports/new", form)
    assert (answer.status_code, "请填写来电人的姓名和手机" in answer.content.decode()) == (400, True)
    assert "13900000009" in answer.content.decode()
    assert not Report.objects.exists()
