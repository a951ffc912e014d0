"""Family members added by who lives in a home."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from accounts.models import Invitation, Membership
from accounts.services.bindings import accept_invitation, revoke_membership
from accounts.services.family import MAX_FAMILY, invite_family
from community_report.core.errors import Conflict, Forbidden, Gone
from dispatch.models import Outbox
from tests.factories import Cast, make_person
from tests.pages.opening import browser_of, open_page


def own_home(cast: Cast) -> Membership:
    return Membership.objects.get(user=cast.resident)


def joined(cast: Cast, name: str = "小李") -> Membership:
    invitation = invite_family(actor=cast.resident, membership=own_home(cast))
    return accept_invitation(actor=make_person(""), code=invitation.code, name=name, phone="13900000066")


def test_the_invited_lives_there_at_once(cast: Cast) -> None:
    member = joined(cast)
    assert (member.status, member.home, member.family, member.automatic) == ("active", own_home(cast).home, True, True)
    assert member in Membership.objects.new_automatic(timezone.now())
    box = Outbox.objects.get(membership=member)
    assert (box.data["occasion"], box.data["people"]) == ("binding_made", [str(cast.resident.pk)])
    assert open_page(member.user, "reports/new").status == 200


def test_an_invitation_serves_once_and_who_used_it_again(cast: Cast) -> None:
    invitation = invite_family(actor=cast.resident, membership=own_home(cast))
    first, second = make_person(""), make_person("")
    member = accept_invitation(actor=first, code=invitation.code, name="小李", phone="13900000066")
    assert accept_invitation(actor=first, code=invitation.code, name="小李", phone="13900000066") == member
    with pytest.raises(Gone):
        accept_invitation(actor=second, code=invitation.code, name="小王", phone="13900000067")


def test_a_neighbour_of_the_same_community_can_join_another_home(cast: Cast) -> None:
    invitation = invite_family(actor=cast.resident, membership=own_home(cast))
    member = accept_invitation(actor=cast.neighbour, code=invitation.code, name="王先生", phone=cast.neighbour.phone)
    assert member.home == own_home(cast).home
    assert Membership.objects.active().filter(user=cast.neighbour).count() == 2


def test_family_adds_no_family(cast: Cast) -> None:
    member = joined(cast)
    with pytest.raises(Forbidden):
        invite_family(actor=member.user, membership=member)
    page = open_page(member.user, f"homes/{member.pk}")
    assert "请让户主来加" in page.words
    assert 'name="add"' not in page.html


def test_there_is_an_end_to_it(cast: Cast) -> None:
    home = own_home(cast).home
    role = own_home(cast).role
    later = timezone.now() + timedelta(days=1)
    for _ in range(MAX_FAMILY):
        Invitation.objects.create(
            community=cast.community, role=role, home=home, expires_at=later, created_by=cast.resident
        )
    with pytest.raises(Conflict):
        invite_family(actor=cast.resident, membership=own_home(cast))


def test_an_invitation_ends_with_its_days_and_with_its_host(cast: Cast) -> None:
    old = invite_family(actor=cast.resident, membership=own_home(cast))
    with time_machine.travel(timezone.now() + timedelta(hours=73)), pytest.raises(Gone):
        accept_invitation(actor=cast.stranger, code=old.code, name="小李", phone="13900000066")
    revoke_membership(actor=cast.manager, membership=own_home(cast))
    with pytest.raises(Gone):
        accept_invitation(actor=cast.stranger, code=old.code, name="小李", phone="13900000066")


def test_the_page_adds_cancels_and_removes(cast: Cast) -> None:
    browser = browser_of(cast.resident)
    path = f"/h5/homes/{own_home(cast).pk}"
    assert f'href="{path}"' in open_page(cast.resident, "me").html
    assert browser.post(path, {"add": "1"}).status_code == 302
    invitation = Invitation.objects.get()
    assert f"/h5/bind?invite={invitation.code}" in browser.get(path).content.decode()
    assert browser.get(f"/h5/invitations/{invitation.code}.svg").status_code == 200
    assert "李阿姨邀请您加入 6幢1单元401" in open_page(cast.stranger, f"bind?invite={invitation.code}").words
    browser.post(path, {"cancel": invitation.code})
    assert invitation.code not in browser.get(path).content.decode()
    member = joined(cast)
    browser.post(path, {"remove": str(member.pk)})
    member.refresh_from_db()
    assert member.status == "revoked"


@pytest.mark.parametrize("person", ["neighbour", "manager", "stranger"])
def test_nobody_else_has_the_page(cast: Cast, person: str) -> None:
    browser = browser_of(getattr(cast, person))
    path = f"/h5/homes/{own_home(cast).pk}"
    assert browser.get(path).status_code == 404
    assert browser.post(path, {"add": "1"}).status_code == 404
    assert not Invitation.objects.exists()


def test_who_is_not_of_the_family_is_not_removed(cast: Cast) -> None:
    other = Membership.objects.get(user=cast.neighbour)
    response = browser_of(cast.resident).post(f"/h5/homes/{own_home(cast).pk}", {"remove": str(other.pk)})
    assert response.status_code == 403
    other.refresh_from_db()
    assert other.status == "active"
