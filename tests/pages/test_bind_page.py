"""The page that binds: to a home by the lobby's code, to a role by an invitation."""

import json
import re
from datetime import timedelta

from django.utils import timezone

from accounts.models import Building, Community, Invitation, Membership
from accounts.services.bindings import accept_invitation, reject_binding, request_binding
from accounts.services.invitations import create_invitation
from tests.factories import Cast, role_of

from .opening import browser_of, open_page


def asked(cast: Cast) -> Membership:
    return request_binding(
        actor=cast.stranger,
        community=cast.community,
        name="钱女士",
        phone="13900000099",
        building="6幢",
        unit="1单元",
        room="909",
    )


def invited(cast: Cast, role: str = "cleaner") -> Invitation:
    return create_invitation(actor=cast.manager, community=cast.community, role=role)


def test_the_lobbys_code_offers_the_buildings(cast: Cast) -> None:
    Building.objects.create(community=cast.community, name="7幢", units=["东单元", "西单元"])
    page = open_page(cast.stranger, "bind?community=fuchen")
    assert "府琛花园" in page.words
    assert "<option>7幢</option>" in page.html
    found = re.search(r'<script id="units" type="application/json">(.*?)</script>', page.html)
    assert found is not None
    assert json.loads(found.group(1)) == {"6幢": ["1单元"], "7幢": ["东单元", "西单元"]}
    assert 'data-community="fuchen"' in page.html


def test_without_a_code_the_only_community_is_taken(cast: Cast) -> None:
    page = open_page(cast.stranger, "bind")
    assert "请扫一扫大堂里的二维码" in page.words
    assert "府琛花园" not in page.words
    Community.objects.filter(pk=cast.other_community.pk).update(slug="gone")
    Membership.objects.filter(community=cast.other_community).delete()
    cast.other_community.roles.all().delete()
    cast.other_community.delete()
    assert 'data-community="fuchen"' in open_page(cast.stranger, "bind").html


def test_an_unknown_community_is_told_calmly(cast: Cast) -> None:
    assert "没有找到这个小区" in open_page(cast.stranger, "bind?community=nowhere").words


def test_a_member_adds_another_home(cast: Cast) -> None:
    page = open_page(cast.resident, "bind")
    assert "还可以再绑定一处房屋" in page.words
    assert "6幢1单元401" in page.words
    assert 'data-community="fuchen"' in page.html


def test_waiting_is_explained(cast: Cast) -> None:
    asked(cast)
    page = open_page(cast.stranger, "bind?community=fuchen")
    assert "申请已提交，等待物业审核" in page.words
    assert "6幢1单元909" in page.words
    assert "申请已提交，等待物业审核" in open_page(cast.stranger, "").words


def test_a_no_is_told_with_its_reason(cast: Cast) -> None:
    reject_binding(actor=cast.manager, membership=asked(cast), reason="房号填错了")
    page = open_page(cast.stranger, "bind?community=fuchen")
    assert "上次的申请没有通过" in page.words
    assert "房号填错了" in page.words
    assert 'type="submit" form="bind"' in page.html


def test_an_invitation_names_role_and_community(cast: Cast) -> None:
    invitation = invited(cast)
    page = open_page(cast.stranger, f"bind?invite={invitation.code.lower()}")
    assert "府琛花园邀请您担任保洁员" in page.words
    assert f'data-invite="{invitation.code}"' in page.html


def test_a_used_or_old_invitation_says_so(cast: Cast) -> None:
    used = invited(cast)
    accept_invitation(actor=cast.neighbour, code=used.code, name="王先生", phone="13900000002")
    assert "这个邀请码已经用过" in open_page(cast.stranger, f"bind?invite={used.code}").words
    assert "您已经是府琛花园的保洁员" in open_page(cast.neighbour, f"bind?invite={used.code}").words
    old = Invitation.objects.create(
        community=cast.community,
        role=role_of(cast.community, "plumber"),
        expires_at=timezone.now() - timedelta(minutes=1),
    )
    assert "这个邀请码已经过期或作废" in open_page(cast.stranger, f"bind?invite={old.code}").words
    assert "没有这个邀请码" in open_page(cast.stranger, "bind?invite=NONSENSE").words


def test_without_scripts_the_form_binds(cast: Cast) -> None:
    form = {"name": "钱女士", "phone": "13900000099", "building": "6幢", "unit": "1单元", "room": "909"}
    response = browser_of(cast.stranger).post("/h5/bind?community=fuchen", form)
    assert response["Location"] == "/h5/bind?community=fuchen"
    assert Membership.objects.get(user=cast.stranger).status == "pending"


def test_without_scripts_what_was_typed_stays_when_it_is_refused(cast: Cast) -> None:
    form = {"name": "钱女士", "phone": "123", "building": "6幢", "unit": "1单元", "room": "909"}
    response = browser_of(cast.stranger).post("/h5/bind?community=fuchen", form)
    html = response.content.decode()
    assert response.status_code == 400
    assert "请填写正确的手机号码" in html
    assert [f'value="{value}"' in html for value in ("钱女士", "123", "909")] == [True] * 3
    assert "<option selected>6幢</option>" in html
    assert not Membership.objects.filter(user=cast.stranger).exists()


def test_without_scripts_an_invitation_is_accepted(cast: Cast) -> None:
    invitation = invited(cast)
    browser = browser_of(cast.stranger)
    path = f"/h5/bind?invite={invitation.code}"
    assert browser.post(path, {"name": "", "phone": "13900000099"}).status_code == 400
    assert browser.post(path, {"name": "钱师傅", "phone": "13900000099"})["Location"] == "/h5/"
    assert Membership.objects.get(user=cast.stranger).role.slug == "cleaner"
