"""/h5/manage/people: bindings to decide, staff with roles and permissions, residents, invitations, the poster."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from guardian.shortcuts import assign_perm

from accounts.models import Invitation, Membership, RosterEntry
from accounts.services.bindings import request_binding
from accounts.services.invitations import create_invitation
from tests.factories import Cast, bind, make_home, make_person, role_of

from .opening import browser_of, open_page


def ask(cast: Cast, name: str, phone: str, room: str, building: str = "6幢") -> Membership:
    return request_binding(
        actor=make_person(""),
        community=cast.community,
        name=name,
        phone=phone,
        building=building,
        unit="1单元",
        room=room,
    )


def roster(cast: Cast, name: str, phone: str, room: str) -> RosterEntry:
    return RosterEntry.objects.create(home=make_home(cast.community, room=room), name=name, phone=phone)


@pytest.mark.parametrize(
    ("name", "phone", "room", "building", "says"),
    [
        ("何女士", "13712340001", "502", "6幢", "姓名与名册一致，手机不同"),
        ("小何", "13712340000", "502", "6幢", "手机与名册一致，姓名不同"),
        ("周老师", "13712340002", "502", "6幢", "名册登记的是何女士，没有这个人"),
        ("何女士", "13712340000", "503", "6幢", "名册里同名同号的是 6幢1单元502"),
        ("何女士", "13712340000", "999", "99幢", "名册里没有这套房屋"),
    ],
)
def test_a_pending_binding_shows_what_the_roster_says(
    cast: Cast, name: str, phone: str, room: str, building: str, says: str
) -> None:
    roster(cast, "何女士", "13712340000", "502")
    asked = ask(cast, name, phone, room, building)
    page = open_page(cast.manager, "manage/people")
    assert asked.status == "pending"
    assert f'data-approve="{asked.pk}"' in page.html
    assert f'data-reject="{asked.pk}"' in page.html
    assert says in page.words


@pytest.mark.parametrize(("name", "doubted"), [("何女士", False), ("周老师", True)])
def test_who_is_not_in_the_roster_is_approved_only_after_a_question(cast: Cast, name: str, *, doubted: bool) -> None:
    roster(cast, "何女士", "13712340000", "502")
    ask(cast, name, "13712340001", "502")
    page = open_page(cast.manager, "manage/people")
    assert ('data-doubt="名册登记的是何女士，没有这个人"' in page.html) is doubted


def test_the_roster_stands_beside_the_request_with_what_is_the_same(cast: Cast) -> None:
    roster(cast, "何女士", "13712340000", "502")
    ask(cast, "何女士", "13712340001", "502")
    page = open_page(cast.manager, "manage/people?tab=pending")
    beside = page.html.split('class="beside"')[1].split("card-tools")[0]
    assert "tel:13712340001" in page.links()
    assert "13712340000" in beside
    assert beside.count('class="same"') == 1
    assert "何女士" in beside.split('class="same"')[1]


def test_a_long_queue_costs_no_more_queries(cast: Cast) -> None:
    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            open_page(None, "manage/people?tab=pending", client)
        return len(queries)

    client = browser_of(cast.manager)
    roster(cast, "何女士", "13712340000", "502")
    ask(cast, "何女士", "13712340001", "502")
    open_page(None, "manage/people?tab=pending", client)
    one = cost()
    for n in range(4):
        ask(cast, f"何女士{n}", f"1371234000{n}", ["502", "503"][n % 2])
    assert cost() == one


def test_it_says_who_is_bound_to_that_home_already(cast: Cast) -> None:
    ask(cast, "李阿姨", "13900000001", "401")
    page = open_page(cast.manager, "manage/people?tab=pending")
    assert "姓名、手机都与名册一致" in page.words
    assert "这套房屋已绑定：李阿姨" in page.words


def test_an_automatic_binding_stands_as_new_for_seven_days(cast: Cast) -> None:
    roster(cast, "钱女士", "13712340003", "505")
    made = ask(cast, "钱女士", "13712340003", "505")
    assert made.status == "active"
    assert f'data-revoke="{made.pk}"' in open_page(cast.manager, "manage/people?tab=pending").html
    Membership.objects.filter(pk=made.pk).update(decided_at=timezone.now() - timedelta(days=8))
    assert "没有要审核的" in open_page(cast.manager, "manage/people?tab=pending").words


def test_staff_are_listed_once_with_their_roles_and_duty(cast: Cast) -> None:
    bind(cast.cleaner, role_of(cast.community, "plumber"), on_duty=False)
    Membership.objects.filter(user=cast.cleaner2).update(on_duty=False)
    page = open_page(cast.manager, "manage/people?tab=staff")
    staff = page.html.split("<li ")
    first = next(part for part in staff if "张师傅" in part)
    assert page.html.count('data-name="张师傅"') == 2  # the form and its remove button
    assert "保洁员" in first
    assert "水电工" in first
    assert "不在岗" not in first
    assert "不在岗" in next(part for part in staff if "赵师傅" in part)
    assert "李阿姨" not in page.words


def test_removing_a_person_names_every_role(cast: Cast) -> None:
    second = bind(cast.cleaner, role_of(cast.community, "plumber"))
    first = Membership.objects.get(user=cast.cleaner, role__slug="cleaner")
    assert f'data-remove="{first.pk} {second.pk} "' in open_page(cast.manager, "manage/people?tab=staff").html


def test_a_permission_given_beyond_the_role_is_ticked(cast: Cast) -> None:
    assign_perm("view_statistics", cast.neighbour, cast.community)
    membership = Membership.objects.get(user=cast.neighbour)
    html = open_page(cast.manager, "manage/people?tab=staff").html
    assert f'value="view_statistics" id="p-{membership.pk}-view_statistics" checked' in html
    assert f'value="publish_notices" id="p-{membership.pk}-publish_notices">' in html


def test_what_a_manager_lacks_is_not_offered_but_kept(cast: Cast) -> None:
    person = make_person("副手")
    bind(person, role_of(cast.community, "cleaner"))
    assign_perm("manage_people", person, cast.community)
    assign_perm("view_statistics", cast.neighbour, cast.community)
    html = open_page(person, "manage/people?tab=staff").html
    assert 'name="permissions" value="view_statistics" checked hidden' in html
    assert 'value="publish_notices"' not in html
    assert 'name="roles" value="manager" id=' in html  # the manager's own, to be taken away
    assert 'value="manager"' not in open_page(person, "manage/people?tab=invitations").html


@pytest.mark.parametrize("words", ["王先生", "13900000002", "402", "6幢 402"])
def test_residents_are_found_by_name_number_or_home(cast: Cast, words: str) -> None:
    page = open_page(cast.manager, f"manage/people?tab=residents&q={words}")
    assert "王先生" in page.words
    assert "李阿姨" not in page.words
    membership = Membership.objects.get(user=cast.neighbour)
    assert f'data-unbind="{membership.pk}"' in page.html


def test_nobody_found_says_so(cast: Cast) -> None:
    assert "没有找到" in open_page(cast.manager, "manage/people?tab=residents&q=没有这个人").words


def test_open_invitations_show_code_link_and_picture(cast: Cast) -> None:
    invitation = create_invitation(actor=cast.manager, community=cast.community, role="cleaner")
    gone = create_invitation(actor=cast.manager, community=cast.community, role="plumber")
    Invitation.objects.filter(pk=gone.pk).update(expires_at=timezone.now() - timedelta(hours=1))
    page = open_page(cast.manager, "manage/people?tab=invitations")
    assert f'src="/h5/invitations/{invitation.code}.svg"' in page.html
    assert f"/h5/bind?invite={invitation.code}" in page.html
    assert invitation.code in page.words
    assert gone.code not in page.html


def test_the_poster_shows_the_communitys_code(cast: Cast) -> None:
    page = open_page(cast.manager, "manage/people/poster")
    assert 'src="/h5/communities/fuchen/qr.svg"' in page.html
    assert "府琛花园" in page.words


def test_it_opens_where_something_waits(cast: Cast) -> None:
    assert 'href="?tab=staff" aria-current="page"' in open_page(cast.manager, "manage/people").html
    ask(cast, "何女士", "13712340000", "777")
    assert 'href="?tab=pending" aria-current="page"' in open_page(cast.manager, "manage/people").html
    assert 'href="?tab=pending" aria-current="page"' in open_page(cast.manager, "manage/people?tab=rubbish").html


@pytest.mark.parametrize("tab", ["pending", "staff", "residents", "invitations"])
def test_nothing_of_another_community_is_shown(cast: Cast, tab: str) -> None:
    ask(cast, "何女士", "13712340000", "777")
    create_invitation(actor=cast.manager, community=cast.community, role="cleaner")
    words = open_page(cast.other_manager, f"manage/people?tab={tab}").words
    for secret in ("何女士", "13712340000", "张师傅", "李阿姨"):
        assert secret not in words
