"""The back office's borders: between communities of one manager, and between what a list offers and what it hides."""

from typing import Any

import pytest
from django.contrib.auth.hashers import make_password

from accounts.models import Home, Membership, RosterEntry, User
from accounts.services.bindings import accept_invitation, request_binding, revoke_membership
from accounts.services.invitations import create_invitation
from accounts.services.people import set_permissions
from community_report.core.errors import Forbidden, Gone
from reports.models import Category, Report, Tag
from tests.admin.test_admin import client_of
from tests.factories import Cast, bind, make_home, make_person, role_of

BINDINGS = "/admin/accounts/membership/"


@pytest.mark.parametrize(
    "query",
    [
        "accounts/user/?password__startswith=md5",
        "accounts/user/?openid__startswith=o",
        "dispatch/grouprobot/?secret__startswith=S",
        "dispatch/grouprobot/?address__contains=key",
        "accounts/invitation/?code__startswith=A",
        "reports/draft/?description__contains=x",
        "reports/report/?category__community__name__startswith=x",
    ],
)
def test_a_list_is_narrowed_by_what_it_offers_alone(cast: Cast, query: str) -> None:
    User.objects.filter(pk=cast.manager.pk).update(password=make_password("long enough a password"))
    manager = User.objects.get(pk=cast.manager.pk)
    assert client_of(manager).get(f"/admin/{query}").status_code == 400


@pytest.fixture
def of_both(cast: Cast) -> User:
    bind(cast.manager, role_of(cast.other_community, "manager"))
    return cast.manager


def test_a_row_takes_nothing_of_another_community(cast: Cast, of_both: User) -> None:
    category = Category.objects.get(community=cast.community, slug="hygiene")
    theirs = Tag.objects.get(community=cast.other_community, slug="cleaning")
    client, address = client_of(of_both), f"/admin/reports/category/{category.pk}/change/"
    page = client.get(address).content.decode()
    assert f"留香苑 · {theirs.name}" in page
    sent: dict[str, Any] = {
        name: getattr(category, name)
        for name in ("slug", "name", "claim_minutes", "resolve_minutes", "lease_minutes", "clock", "position")
    }
    moved = {**sent, "active": "on", "community": cast.other_community.pk, "tags": [theirs.pk]}
    answer = client.post(address, moved)
    assert "请选择“府琛花园”自己的" in answer.content.decode()
    moved["tags"] = [category.tags.get().pk]
    assert client.post(address, moved).status_code == 302
    category.refresh_from_db()
    assert category.community == cast.community  # a row stays where it was made


def test_a_tag_of_another_community_leads_nowhere(cast: Cast, of_both: User) -> None:
    stranger = make_person("外人", "13811111111")
    bind(stranger, role_of(cast.other_community, "cleaner"))
    report = cast.report()
    report.tags.add(Tag.objects.get(community=cast.other_community, slug="cleaning"))
    page = client_of(stranger).get("/h5/work")
    assert page.status_code == 200
    assert report.title not in page.content.decode()
    assert client_of(stranger).get(f"/api/v1/reports/{report.pk}").status_code == 404


def test_who_manages_several_sees_which_one_a_row_belongs_to(cast: Cast, of_both: User) -> None:
    cast.report()
    make_home(cast.other_community, building="6幢")
    Report.objects.filter(pk=cast.report().pk).update(community=cast.other_community)  # a row in either list
    for address in ("/admin/reports/report/", "/admin/accounts/home/"):
        assert "field-own_community" in client_of(of_both).get(address).content.decode()
        assert "field-own_community" not in client_of(cast.other_manager).get(address).content.decode()


def test_what_is_entered_by_hand_is_found_when_somebody_binds(cast: Cast) -> None:
    home = Home.objects.filter(building__community=cast.community).first()
    assert home is not None
    client = client_of(cast.manager)
    bad = client.post("/admin/accounts/rosterentry/add/", {"home": home.pk, "name": "赵老", "phone": "12"})
    assert "不是手机号码" in bad.content.decode()
    client.post("/admin/accounts/rosterentry/add/", {"home": home.pk, "name": " 赵　老 ", "phone": "139 0000 0011"})
    entry = RosterEntry.objects.get(phone="13900000011")
    assert entry.name == "赵 老"
    bound = request_binding(
        actor=make_person("", ""), community=cast.community, name="赵 老", phone="13900000011", **home.as_dict()
    )
    assert bound.status == "active"


def test_bindings_are_decided_beside_the_roster_and_with_a_reason(cast: Cast) -> None:
    said: dict[str, Any] = {"name": "李阿姨", "phone": "13900000099", "building": "6幢", "unit": "1单元"}
    waiting = request_binding(actor=cast.stranger, community=cast.community, **said, room="401")
    assert waiting.status == "pending"
    request_binding(actor=make_person("", ""), community=cast.community, **said, room="999")
    client = client_of(cast.manager)
    assert "自称：6幢 1单元 999" in client.get(BINDINGS).content.decode()
    chosen = {"action": "reject", "_selected_action": [str(waiting.pk)]}
    asked = client.post(BINDINGS, chosen).content.decode()
    assert "13900000001" in asked  # the roster's number beside the stated one
    assert Membership.objects.get(pk=waiting.pk).status == "pending"
    assert 'role="alert"' in client.post(BINDINGS, {**chosen, "apply": "1", "reason": ""}).content.decode()
    client.post(BINDINGS, {**chosen, "apply": "1", "reason": "号码不对"})
    waiting.refresh_from_db()
    assert (waiting.status, waiting.reason) == ("rejected", "号码不对")


def test_an_invitation_is_worth_no_more_than_its_makers_word(cast: Cast) -> None:
    second = make_person("钱经理", "13822222222")
    membership = bind(second, role_of(cast.community, "manager"))
    code = create_invitation(actor=second, community=cast.community, role="manager").code
    revoke_membership(actor=cast.manager, membership=membership)
    with pytest.raises(Gone):
        accept_invitation(actor=make_person("", ""), code=code, name="钱", phone="13822222222")


def test_permissions_end_with_the_work_and_the_home_stays(cast: Cast) -> None:
    work = Membership.objects.get(user=cast.cleaner)
    home = bind(cast.cleaner, role_of(cast.community, "resident"), make_home(cast.community, room="502"))
    set_permissions(actor=cast.manager, membership=work, permissions=["manage_people"])
    page = client_of(cast.manager).get("/h5/manage/people?tab=staff").content.decode()
    assert f'data-remove="{work.pk} "' in page
    revoke_membership(actor=cast.manager, membership=work)
    home.refresh_from_db()
    assert home.status == "active"
    assert not User.objects.get(pk=cast.cleaner.pk).has_perm("accounts.manage_people", cast.community)


def test_who_could_not_make_a_manager_removes_none(cast: Cast) -> None:
    bind(make_person("钱经理", "13822222222"), role_of(cast.community, "manager"))
    own = Membership.objects.get(user=cast.cleaner)
    set_permissions(actor=cast.manager, membership=own, permissions=["manage_people"])
    with pytest.raises(Forbidden):
        revoke_membership(actor=cast.cleaner, membership=Membership.objects.get(user=cast.manager))


def test_tabs_keep_what_the_list_is_narrowed_to(cast: Cast, of_both: User) -> None:
    Report.objects.filter(pk=cast.report().pk).update(claim_due_at="2020-01-01T00:00Z")
    address = "/admin/reports/report/?community__id__exact="
    mine = client_of(of_both).get(f"{address}{cast.community.pk}&q=x").content.decode()
    assert f"?community__id__exact={cast.community.pk}&amp;q=x&amp;need=unclaimed" in mine
