"""People at the desk: invited, given roles and permissions, and removed, which holds at once."""

import re

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Invitation, Membership, Record, User
from accounts.services.bindings import accept_invitation
from accounts.services.invitations import create_invitation
from community_report.core.errors import Gone
from reports.models import Claim
from reports.services import transitions
from tests.admin.test_admin import client_of
from tests.factories import Cast, bind, make_home, make_person, role_of

INVITATIONS, BINDINGS = "/admin/accounts/invitation/", "/admin/accounts/membership/"


def work_of(user: User) -> Membership:
    return Membership.objects.get(user=user, role__kind="staff")


def test_the_sidebar_leads_to_staff_and_invitations(cast: Cast) -> None:
    page = client_of(cast.manager).get("/admin/").content.decode()
    assert f'href="{INVITATIONS}"' in page
    found = re.search(r'href="([^"]*works=yes[^"]*)"', page)
    assert found is not None
    people = client_of(cast.manager).get(found[1].replace("&amp;", "&")).content.decode().partition("result_list")[2]
    assert "张师傅" in people
    assert "李阿姨" not in people


def invite(client: Client, cast: Cast, role: str = "cleaner", community: int | None = None) -> int:
    sent = {"community": community or cast.community.pk, "role": role_of(cast.community, role).pk, "hours": "24"}
    return client.post(f"{INVITATIONS}add/", sent).status_code


def test_somebody_is_invited_and_the_invitation_withdrawn(cast: Cast) -> None:
    client = client_of(cast.manager)
    assert invite(client, cast) == 302
    made = Invitation.objects.get()
    assert (made.role.slug, made.created_by) == ("cleaner", cast.manager)
    assert 23 < (made.expires_at - timezone.now()).total_seconds() / 3600 <= 24
    address = f"{INVITATIONS}{made.pk}/change/"
    assert f"/h5/bind?invite={made.code}" in client.get(address).content.decode()
    client.post(f"{INVITATIONS}{made.pk}/withdraw/")
    with pytest.raises(Gone):
        accept_invitation(actor=make_person("", ""), code=made.code, name="新人", phone="13822222222")
    page = client.get(address).content.decode()
    assert "已过期或作废" in page
    assert made.code not in page
    assert Record.objects.filter(action="invitation_withdrawn", actor=cast.manager).count() == 1


def test_nobody_invites_to_what_is_not_theirs(cast: Cast) -> None:
    client = client_of(cast.other_manager)
    assert invite(client, cast) == 200
    assert invite(client, cast, community=cast.other_community.pk) == 200
    assert invite(client_of(cast.manager), cast, role="resident") == 200
    assert not Invitation.objects.exists()
    theirs = create_invitation(actor=cast.manager, community=cast.community, role="cleaner")
    assert client.post(f"{INVITATIONS}{theirs.pk}/withdraw/").status_code == 404
    client.post(INVITATIONS, {"action": "withdraw", "_selected_action": [str(theirs.pk)]})
    theirs.refresh_from_db()
    assert theirs.expires_at > timezone.now()


def test_roles_and_permissions_are_given_and_taken(cast: Cast) -> None:
    client, work = client_of(cast.manager), work_of(cast.cleaner)
    address = reverse("admin:membership_rights", args=[work.pk])
    assert address in client.get(f"{BINDINGS}{work.pk}/change/").content.decode()
    sent = {"roles": ["cleaner", "plumber"], "permissions": ["view_statistics"]}
    assert client.post(address, sent).status_code == 302
    person = User.objects.get(pk=cast.cleaner.pk)
    assert set(person.memberships.values_list("role__slug", flat=True)) == {"cleaner", "plumber"}
    assert person.has_perm("accounts.view_statistics", cast.community)
    assert client.post(address, {"roles": ["cleaner"]}).status_code == 302
    person = User.objects.get(pk=cast.cleaner.pk)
    assert [own.role.slug for own in Membership.objects.active().filter(user=person)] == ["cleaner"]
    assert not person.has_perm("accounts.view_statistics", cast.community)


def test_rights_are_given_by_who_has_them(cast: Cast) -> None:
    address = reverse("admin:membership_rights", args=[work_of(cast.cleaner).pk])
    assert client_of(cast.other_manager).post(address, {"roles": []}).status_code == 404
    own = reverse("admin:membership_rights", args=[Membership.objects.get(user=cast.manager).pk])
    page = client_of(cast.manager).post(own, {"roles": []}).content.decode()
    assert "最后一位管理人员" in page
    assert Membership.objects.get(user=cast.manager).status == "active"
    assert Record.objects.filter(action="refused", actor=cast.manager).count() == 1


@pytest.mark.parametrize("way", ["revoke", "rights"])
def test_who_is_removed_is_out_at_once_and_their_work_goes_back(cast: Cast, way: str) -> None:
    report = cast.report()
    transitions.claim_report(actor=cast.cleaner, report_id=report.pk)
    worker, work = client_of(cast.cleaner), work_of(cast.cleaner)
    assert worker.get(f"/api/v1/reports/{report.pk}").status_code == 200
    client = client_of(cast.manager)
    if way == "revoke":
        asked = {"action": "revoke", "_selected_action": [str(work.pk)]}
        assert "张师傅" in client.post(BINDINGS, asked).content.decode()
        client.post(BINDINGS, {**asked, "apply": "1", "reason": "离职"})
    else:
        client.post(reverse("admin:membership_rights", args=[work.pk]), {"roles": []})
    report.refresh_from_db()
    assert (report.status, report.claimed_by) == ("submitted", None)
    assert not Claim.objects.filter(report=report, ended_at=None).exists()
    assert worker.get(f"/api/v1/reports/{report.pk}").status_code in (403, 404)
    assert Record.objects.filter(action="binding_revoked", actor=cast.manager, person=cast.cleaner).count() == 1


def test_who_waits_for_a_decision_stands_first_and_is_counted(cast: Cast) -> None:
    role, names = role_of(cast.community, "resident"), ("早来", "晚来")
    for name in names:
        Membership.objects.create(user=make_person(name), community=cast.community, role=role, name=name,
                                  status="pending", stated_home={"room": name})  # fmt: skip
    elsewhere = role_of(cast.other_community, "resident")
    Membership.objects.create(
        user=make_person("别处"), community=cast.other_community, role=elsewhere, status="pending"
    )
    bind(make_person("新住户", "13822222222"), role, make_home(cast.community, room="501"))
    answer = client_of(cast.manager).get(BINDINGS)
    listed = [row.name for row in answer.context["cl"].result_list]
    assert listed[:3] == ["晚来", "早来", "新住户"]
    tab = re.search(r'href="([^"]*)"[^>]*>\s*待审核 2\s*<', answer.content.decode())
    assert tab is not None
    waiting = client_of(cast.manager).get(tab[1].replace("&amp;", "&")).context["cl"].result_list
    assert [row.name for row in waiting] == ["晚来", "早来"]
