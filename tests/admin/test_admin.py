"""The back office: who gets in, what they see, and that nothing there goes around the services."""

from typing import Any

import pytest
from django.contrib import admin
from django.test import Client

from accounts.models import Building, Membership, User
from notices.models import Notice
from reports.models import Category, Report, ReportEvent
from reports.services import transitions
from tests.factories import Cast

MODELS = [model._meta for model in admin.site._registry]
BACKEND = "accounts.auth.ManagerBackend"


def client_of(user: User | None) -> Client:
    client = Client()
    if user is not None:
        client.force_login(user, backend=BACKEND)
    return client


@pytest.fixture
def superuser(db: None) -> User:
    return User.objects.create_superuser("root", "long enough a password")


@pytest.mark.parametrize("meta", MODELS, ids=lambda meta: meta.label)
def test_every_list_and_form_opens_for_a_superuser(cast: Cast, superuser: User, meta: Any) -> None:
    cast.report()
    client = client_of(superuser)
    address = f"/admin/{meta.app_label}/{meta.model_name}/"
    assert client.get(address).status_code == 200
    assert client.get(address, {"q": "x"}).status_code == 200
    assert client.get(address + "add/").status_code in (200, 403)
    first = meta.model._default_manager.first()
    if first is not None:
        assert client.get(f"{address}{first.pk}/change/").status_code == 200
        assert client.get(f"{address}{first.pk}/history/").status_code == 200


@pytest.mark.parametrize("meta", MODELS, ids=lambda meta: meta.label)
def test_no_list_opens_for_who_manages_nothing(cast: Cast, meta: Any) -> None:
    for person in (None, cast.stranger, cast.resident, cast.cleaner):
        answer = client_of(person).get(f"/admin/{meta.app_label}/{meta.model_name}/")
        assert answer.status_code == 302
        assert answer["Location"].startswith("/admin/login/")


@pytest.mark.parametrize("meta", MODELS, ids=lambda meta: meta.label)
def test_a_manager_sees_the_own_communitys_rows_only(cast: Cast, meta: Any) -> None:
    report = cast.report()
    Notice.objects.create(community=cast.community, title="停水通知", body="x")
    address = f"/admin/{meta.app_label}/{meta.model_name}/"
    mine, theirs = client_of(cast.manager).get(address), client_of(cast.other_manager).get(address)
    assert mine.status_code == theirs.status_code
    assert mine.status_code in (200, 403)
    if theirs.status_code == 200:
        for secret in (report.number, "李阿姨", "张师傅", "停水通知", "府琛花园"):
            assert secret not in theirs.content.decode()


def test_another_communitys_rows_cannot_be_opened_changed_or_chosen(cast: Cast) -> None:
    report, client = cast.report(), client_of(cast.other_manager)
    building = Building.objects.get(community=cast.community)
    membership = Membership.objects.get(user=cast.cleaner)
    for row in (report, building, membership, cast.community, cast.resident):
        meta = row._meta
        address = f"/admin/{meta.app_label}/{meta.model_name}/{row.pk}/"
        for page in ("change/", "history/", "delete/"):
            assert client.get(address + page).status_code in (302, 403)
    choices = client.get("/admin/reports/category/add/").content.decode()
    assert "府琛花园" not in choices
    assert "卫生清理" not in client.get("/admin/reports/tag/add/").content.decode()
    client.post(
        "/admin/reports/category/add/",
        {"community": cast.community.pk, "slug": "x", "name": "x", "claim_minutes": 1, "resolve_minutes": 1,
         "lease_minutes": 0, "clock": "always", "position": 0},
    )  # fmt: skip
    assert not Category.objects.filter(slug="x").exists()


def test_a_reports_status_has_no_field(cast: Cast, superuser: User) -> None:
    report = cast.report()
    address = f"/admin/reports/report/{report.pk}/change/"
    assert 'name="status"' not in client_of(superuser).get(address).content.decode()
    assert client_of(superuser).post(address, {"status": "closed"}).status_code == 403
    report.refresh_from_db()
    assert report.status == "submitted"


def test_bulk_dismissal_asks_for_a_reason_and_goes_through_the_services(cast: Cast) -> None:
    reports = [cast.report(), cast.report()]
    client = client_of(cast.manager)
    chosen = {"action": "dismiss", "_selected_action": [str(report.pk) for report in reports]}
    asked = client.post("/admin/reports/report/", chosen)
    assert 'name="reason"' in asked.content.decode()
    assert not Report.objects.filter(status="dismissed").exists()
    client.post("/admin/reports/report/", {**chosen, "apply": "1", "reason": "重复"})
    assert Report.objects.filter(status="dismissed").count() == 2
    dismissals = ReportEvent.objects.filter(kind="dismiss", actor=cast.manager, actor_role="manager", note="重复")
    assert dismissals.count() == 2


def test_bulk_assignment_reaches_the_own_staff_only(cast: Cast) -> None:
    report = cast.report()
    chosen = {"action": "assign", "_selected_action": [str(report.pk)], "apply": "1"}
    client = client_of(cast.manager)
    client.post("/admin/reports/report/", {**chosen, "user": str(cast.cleaner.pk)})
    assert Report.objects.get().status == "submitted"  # a reason is asked for
    chosen["reason"] = "离得近"
    client.post("/admin/reports/report/", {**chosen, "user": str(cast.other_manager.pk)})
    assert Report.objects.get().status == "submitted"
    client.post("/admin/reports/report/", {**chosen, "user": str(cast.cleaner.pk)})
    assert Report.objects.get().claimed_by == cast.cleaner
    assert ReportEvent.objects.get(kind="assign").note == "离得近"


def test_a_manager_confirms_what_no_reporter_can(cast: Cast) -> None:
    anonymous, own = cast.report(), cast.report()
    for report in (anonymous, own):
        transitions.claim_report(actor=cast.cleaner, report_id=report.pk)
        transitions.resolve_report(actor=cast.cleaner, report_id=report.pk, note="修好了")
    Report.objects.filter(pk=anonymous.pk).update(reporter=None)
    client = client_of(cast.manager)
    for report, offered in ((anonymous, True), (own, False)):
        page = client.get(f"/admin/reports/report/{report.pk}/change/").content.decode()
        assert (f"/admin/reports/report/{report.pk}/do/confirm/" in page) is offered
        client.post(f"/admin/reports/report/{report.pk}/do/confirm/", {"apply": "1", "reason": "到场看过"})
        report.refresh_from_db()
    assert [report.status for report in (anonymous, own)] == ["closed", "resolved"]
    assert ReportEvent.objects.get(kind="confirm").note == "到场看过"


def test_notices_are_written_and_withdrawn_through_the_services(cast: Cast) -> None:
    client = client_of(cast.manager)
    form = {
        "community": cast.community.pk,
        "title": "停水通知",
        "body": "明早9点停水",
        "publish_at_0": "",
        "publish_at_1": "",
    }
    assert client.post("/admin/notices/notice/add/", form).status_code == 302
    notice = Notice.objects.get()
    assert (notice.author, notice.published_at is None) == (cast.manager, False)
    client.post(f"/admin/notices/notice/{notice.pk}/do/withdraw/")
    notice.refresh_from_db()
    assert (notice.withdrawn_at is None, notice.withdrawn_by) == (False, cast.manager)


def test_a_manager_who_is_removed_is_out_at_the_next_request(cast: Cast) -> None:
    client = client_of(cast.manager)
    assert client.get("/admin/").status_code == 200
    Membership.objects.filter(user=cast.manager).update(status="revoked")
    assert client.get("/admin/").status_code == 302
