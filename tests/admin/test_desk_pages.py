"""How the desk's pages speak: what they are called, the ways out, and what they say before something is done."""

from typing import Any

import pytest
from django.test import Client

from accounts.models import Membership, User
from reports.models import Report
from reports.services import transitions
from tests.admin.test_admin import client_of
from tests.factories import Cast, bind, role_of

REPORTS = "/admin/reports/report/"


def words(answer: Any) -> str:
    assert answer.status_code == 200
    return str(answer.content.decode())


def asked(cast: Cast, verb: str, report: Report, **sent: str) -> str:
    address = f"{REPORTS}{report.pk}/do/{verb}/"
    client = client_of(cast.manager)
    return words(client.post(address, sent) if sent else client.get(address))


def test_what_is_asked_says_what_it_does_and_leads_back(cast: Cast) -> None:
    report = cast.report()
    page = asked(cast, "dismiss", report)
    assert '<h2 class="desk-where">驳回</h2>' in page
    assert f'href="{REPORTS}{report.pk}/change/"' in page
    chosen = {"action": "dismiss", "_selected_action": [str(report.pk)]}
    listed = words(client_of(cast.manager).post(f"{REPORTS}?need=open", chosen))
    assert f'href="{REPORTS}?need=open"' in listed


def test_merging_offers_what_looks_the_same_and_writes_its_number(cast: Cast) -> None:
    same, other, report = (
        cast.report(),
        cast.report("repair", title="灯坏了", description="", address="门口"),
        cast.report(),
    )
    page = asked(cast, "merge", report)
    assert f'name="into" value="{same.number}"' in page
    assert other.number not in page
    page = asked(cast, "merge", report, into=same.number)
    assert f'type="text" name="into" value="{same.number}"' in page
    report.refresh_from_db()
    assert report.status == "submitted"


def test_another_category_says_who_would_lose_the_report(cast: Cast) -> None:
    report = cast.report()
    assert "会从他手里收回" not in asked(cast, "recategorize", report)
    transitions.claim_report(actor=cast.cleaner, report_id=report.pk)
    assert "1 条正有人处理" in asked(cast, "recategorize", report)


def test_ending_a_binding_says_how_many_reports_are_given_back(cast: Cast) -> None:
    for report in (cast.report(), cast.report()):
        transitions.claim_report(actor=cast.cleaner, report_id=report.pk)
    for user, said in ((cast.cleaner, True), (cast.cleaner2, False)):
        chosen = {"action": "revoke", "_selected_action": [str(user.memberships.get().pk)]}
        page = words(client_of(cast.manager).post("/admin/accounts/membership/", chosen))
        assert ("他们手上有 2 条处理中的报单" in page) is said


def test_what_another_role_reaches_is_not_said_to_be_given_back(cast: Cast) -> None:
    """Nor is it: a cleaner who is the plumber too stops being the plumber."""
    plumber = bind(cast.cleaner, role_of(cast.community, "plumber"))
    kept, goes = cast.report("hygiene"), cast.report("repair")
    for report in (kept, goes):
        transitions.claim_report(actor=cast.cleaner, report_id=report.pk)
    both = [str(row.pk) for row in cast.cleaner.memberships.all()]
    for chosen, number in (([str(plumber.pk)], 1), (both, 2)):
        asked = {"action": "revoke", "_selected_action": chosen}
        page = words(client_of(cast.manager).post("/admin/accounts/membership/", asked))
        assert f"他们手上有 {number} 条处理中的报单" in page
    revoke = {"action": "revoke", "apply": "1", "reason": "换岗", "_selected_action": [str(plumber.pk)]}
    client_of(cast.manager).post("/admin/accounts/membership/", revoke)
    kept.refresh_from_db()
    goes.refresh_from_db()
    assert (kept.claimed_by, goes.claimed_by) == (cast.cleaner, None)


def test_a_refusal_is_not_called_done(cast: Cast) -> None:
    active = Membership.objects.get(user=cast.cleaner)
    chosen = {"action": "approve", "apply": "1", "_selected_action": [str(active.pk)]}
    page = words(client_of(cast.manager).post("/admin/accounts/membership/", chosen, follow=True))
    assert "已处理 0 条" not in page
    assert "当前状态是“有效”，不能这样操作" in page
    active.refresh_from_db()
    assert (active.status, active.decided_by, active.decided_at) == ("active", None, None)


@pytest.mark.parametrize("page", ["routing", "phone", "qr-sheets", "monthly"])
def test_the_desks_own_pages_answer_with_and_without_a_slash(cast: Cast, page: str) -> None:
    client = client_of(cast.manager)
    assert client.get(f"/admin/{page}").status_code == client.get(f"/admin/{page}/").status_code == 200


def test_a_list_is_called_by_what_it_lists_and_offers_only_what_can_be_done(cast: Cast) -> None:
    client = client_of(cast.manager)
    answer = client.get("/admin/reports/draft/")
    page = words(answer)
    assert answer.context["title"] == "草稿"
    assert "还没有记录" in page
    assert "新增草稿" not in page
    assert "显示全部" not in page
    assert "新增特殊日子" in words(client.get("/admin/accounts/specialday/"))
    assert "没有符合条件的记录" in words(client.get("/admin/accounts/specialday/?q=x"))


def test_the_language_is_changed_at_the_desk(cast: Cast) -> None:
    client = client_of(cast.manager)
    assert 'name="next" type="hidden" value="/admin/"' in words(client.get("/admin/"))
    answer = client.post("/h5/me/comfort", {"language": "en", "next": "/admin/"})
    assert answer["Location"] == "/admin/"
    assert "Bindings to review" in words(client.get("/admin/"))
    assert User.objects.get(pk=cast.manager.pk).language == "en"


def test_a_wrong_password_is_refused_in_plain_words(db: None) -> None:
    page = words(Client().post("/admin/login/", {"username": "13800000004", "password": "x"}))
    assert "登录名或密码不对" in page
    assert "登录名是您绑定时的手机号码" in page
