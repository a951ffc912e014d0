"""`GET me`, what a person sets, the export, and being forgotten."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import transaction
from django.db.utils import IntegrityError
from django.utils import timezone

from accounts.models import Membership, User
from accounts.services.login import person_for_openid
from dispatch.models import Contact, Delivery, InboundMessage, Outbox
from notices.models import Notice, NoticeRead
from reports.models import Attachment, Draft, Follow, Rating, Report, ReportEvent, Upload
from tests.conftest import ApiClient
from tests.factories import Cast

Api = Callable[[User | None], ApiClient]


def test_me_is_as_the_contract_has_it(cast: Cast, api: Api) -> None:
    status, body = api(cast.resident).get("me")
    assert status == 200
    assert body == {
        "id": str(cast.resident.pk),
        "display_name": "李阿姨",
        "language": "zh-hans",
        "memberships": [
            {
                "community": {"slug": "fuchen", "name": "府琛花园"},
                "role": {"slug": "resident", "name": "业主", "kind": "resident"},
                "status": "active",
                "home": {"building": "6幢", "unit": "1单元", "room": "401"},
            }
        ],
        "on_duty": False,
        "unread_notices": 0,
    }


def test_me_of_staff_and_of_nobody(cast: Cast, api: Api) -> None:
    body = api(cast.cleaner).get("me")[1]
    assert (body["on_duty"], body["memberships"][0]["home"]) == (True, None)
    assert body["memberships"][0]["role"] == {"slug": "cleaner", "name": "保洁员", "kind": "staff"}
    assert api(cast.stranger).get("me")[1]["memberships"] == []
    assert api(None).get("me")[0] == 401


def test_unread_notices_are_counted(cast: Cast, api: Api) -> None:
    notice = Notice.objects.create(community=cast.community, title="停水", body="x", published_at=timezone.now())
    assert api(cast.resident).get("me")[1]["unread_notices"] == 1
    NoticeRead.objects.create(notice=notice, user=cast.resident)
    assert api(cast.resident).get("me")[1]["unread_notices"] == 0


def test_preferences_are_kept(cast: Cast, api: Api) -> None:
    wanted = {
        "display_name": " 李大姐 ",
        "language": "en",
        "quiet_hours": ["22:00", "07:00"],
        "muted_kinds": ["urged", "notice", "urged"],
        "id": "x",
        "openid": "x",
    }
    status, body = api(cast.resident).patch("me", wanted)
    assert status == 200
    assert (body["id"], body["display_name"], body["language"]) == (str(cast.resident.pk), "李大姐", "en")
    assert (body["quiet_hours"], body["muted_kinds"]) == (["22:00", "07:00"], ["urged", "notice"])
    openid = cast.resident.openid
    cast.resident.refresh_from_db()
    assert (cast.resident.quiet_hours, cast.resident.openid) == (["22:00", "07:00"], openid)
    assert api(cast.resident).patch("me", {"quiet_hours": None, "language": "zh-CN"})[1]["language"] == "zh-hans"


def test_duty_is_for_who_works(cast: Cast, api: Api) -> None:
    status, body = api(cast.cleaner).patch("me", {"on_duty": False})
    assert (status, body["on_duty"]) == (200, False)
    assert not Membership.objects.get(user=cast.cleaner).on_duty
    assert api(cast.cleaner).patch("me", {"on_duty": True})[1]["on_duty"] is True
    status, body = api(cast.resident).patch("me", {"on_duty": True})
    assert (status, list(body["fields"])) == (400, ["on_duty"])


@pytest.mark.parametrize(
    "wrong",
    [
        {"display_name": " "},
        {"display_name": "x" * 41},
        {"language": "fr"},
        {"quiet_hours": ["22:00"]},
        {"quiet_hours": ["22:00", "22:00"]},
        {"quiet_hours": ["22:00", "7:00"]},
        {"quiet_hours": ["25:00", "07:00"]},
        {"quiet_hours": "22:00-07:00"},
        {"muted_kinds": ["everything"]},
        {"muted_kinds": "notice"},
        {"on_duty": "perhaps"},
    ],
)
def test_bad_preferences_name_the_field(cast: Cast, api: Api, wrong: dict[str, Any]) -> None:
    status, body = api(cast.cleaner).patch("me", wrong)
    assert (status, body["code"]) == (400, "invalid")
    assert {name.split(".")[0] for name in body["fields"]} == set(wrong)


# Export and erasure


def store(name: str) -> Path:
    path = Path(settings.MEDIA_ROOT) / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x")
    return path


def deliver(user: User, report: Report, text: str) -> None:
    outbox = Outbox.objects.create(key=f"test:{user.pk}:{text}", kind="progress", report=report)
    Delivery.objects.create(
        outbox=outbox, user=user, kind="progress", report=report, text=text, path="/h5/", due_at=timezone.now()
    )


@pytest.fixture
def life(cast: Cast, api: Api) -> Report:
    """A report of the resident, handled by the cleaner, with everything that a person leaves behind."""
    report = cast.report(location=None)
    Report.objects.filter(pk=report.pk).update(latitude=30.1, longitude=120.1, location_name="凉亭")
    cleaner, resident = api(cast.cleaner), api(cast.resident)
    assert cleaner.post(f"reports/{report.pk}/claim")[0] == 200
    assert cleaner.post(f"reports/{report.pk}/resolve", {"note": "扫干净了", "media": []})[0] == 200
    assert resident.post(f"reports/{report.pk}/reopen", {"reason": "我家门口还有"})[0] == 200
    assert cleaner.post(f"reports/{report.pk}/resolve", {"note": "又扫了一遍", "media": []})[0] == 200
    assert resident.post(f"reports/{report.pk}/confirm", {"score": 4, "comment": "谢谢张师傅"})[0] == 200
    picture = store("p/1.jpg")
    Attachment.objects.create(report=report, uploader=cast.resident, kind="image", status="stored", path="p/1.jpg")
    assert picture.exists()
    draft = Draft.objects.create(owner=cast.resident, description="草稿", touched_at=timezone.now())
    Attachment.objects.create(draft=draft, uploader=cast.resident, kind="voice", status="stored", path="d/1.m4a")
    Upload.objects.create(user=cast.resident, kind="image", path="u/1.jpg")
    store("d/1.m4a")
    store("u/1.jpg")
    Follow.objects.create(report=cast.report(by=cast.neighbour), user=cast.resident)
    deliver(cast.resident, report, "给李阿姨")
    deliver(cast.manager, report, "给陈经理")
    Contact.objects.get_or_create(user=cast.resident)
    InboundMessage.objects.create(key="k1", openid=cast.resident.openid, kind="text", payload={"Content": "你好"})
    return Report.objects.get(pk=report.pk)


def test_the_export_holds_everything(cast: Cast, api: Api, life: Report) -> None:
    status, body = api(cast.resident).get("me/export")
    assert status == 200
    assert body["profile"]["openid"] == cast.resident.openid
    assert [m["home"]["room"] for m in body["memberships"]] == ["401"]
    assert [r["number"] for r in body["reports"]] == [life.number]
    assert [e["note"] for e in body["events"] if e["kind"] == "reopen"] == ["我家门口还有"]
    assert [r["comment"] for r in body["ratings"]] == ["谢谢张师傅"]
    assert [d["description"] for d in body["drafts"]] == ["草稿"]
    assert [m["text"] for m in body["inbox"] if m["text"].startswith("给")] == ["给李阿姨"]
    assert body["messages_sent"][0]["payload"] == {"Content": "你好"}
    assert len(body["attachments"]) == 2
    assert len(body["uploads"]) == len(body["follows"]) == 1


def test_the_export_is_about_nobody_else(cast: Cast, api: Api, life: Report) -> None:
    text = json.dumps(api(cast.neighbour).get("me/export")[1], ensure_ascii=False)
    for private in ("李阿姨", "13900000001", "我家门口还有", cast.resident.openid, str(cast.resident.pk)):
        assert private not in text
    assert api(None).get("me/export")[0] == 401


def test_erasure_removes_the_identity_and_keeps_the_report(cast: Cast, api: Api, life: Report) -> None:
    phone = api(cast.resident)
    openid = cast.resident.openid
    assert phone.delete("me") == (204, None)
    assert phone.get("me")[0] == 401
    person = User.objects.get(pk=cast.resident.pk)
    assert (person.openid, person.display_name, person.phone, person.is_active) == (None, "", "", False)
    report = Report.objects.get(pk=life.pk)
    assert (report.title, report.status) == ("垃圾未及时清理", "closed")
    assert (report.reporter, report.reporter_home) == (None, None)
    assert (report.latitude, report.longitude, report.location_name) == (None, None, "")
    notes = dict(ReportEvent.objects.filter(report=report).exclude(note="").values_list("note", "actor"))
    assert notes == {"扫干净了": cast.cleaner.pk, "又扫了一遍": cast.cleaner.pk}
    rating = Rating.objects.get(report=report)
    assert (rating.score, rating.comment, rating.user) == (4, "", None)
    assert person_for_openid(openid) != person


def test_erasure_leaves_nothing_private(
    cast: Cast, api: Api, life: Report, django_capture_on_commit_callbacks: Any
) -> None:
    openid = cast.resident.openid
    with django_capture_on_commit_callbacks(execute=True):
        assert api(cast.resident).delete("me")[0] == 204
    mine = {"user": cast.resident}
    for left in (Delivery, Contact, Follow, Upload, NoticeRead):
        assert not left.objects.filter(**mine).exists()
    assert not Draft.objects.filter(owner=cast.resident).exists()
    assert not Attachment.objects.filter(uploader=cast.resident).exists()
    assert not InboundMessage.objects.filter(openid=openid).exists()
    for name in ("p/1.jpg", "d/1.m4a", "u/1.jpg"):
        assert not (Path(settings.MEDIA_ROOT) / name).exists()
    membership = Membership.objects.get(user=cast.resident)
    assert (membership.status, membership.name, membership.phone, membership.home) == ("revoked", "", "", None)
    assert Delivery.objects.filter(text="给陈经理").exists()


def test_erased_staff_give_back_their_claims(cast: Cast, api: Api) -> None:
    report = cast.report()
    assert api(cast.cleaner).post(f"reports/{report.pk}/claim")[0] == 200
    assert api(cast.cleaner).post(f"reports/{report.pk}/progress", {"note": "在路上", "media": []})[0] == 200
    assert api(cast.cleaner).delete("me")[0] == 204
    report.refresh_from_db()
    assert (report.status, report.claimed_by) == ("submitted", None)
    assert not ReportEvent.objects.filter(report=report, note="在路上").exists()


def test_events_stay_append_only_after_an_erasure(cast: Cast, api: Api, life: Report) -> None:
    assert api(cast.resident).delete("me")[0] == 204
    with pytest.raises(IntegrityError), transaction.atomic():
        ReportEvent.objects.filter(report=life).update(note="")


def test_the_same_wechat_user_may_start_afresh(cast: Cast, api: Api, life: Report) -> None:
    openid = cast.resident.openid
    assert api(cast.resident).delete("me")[0] == 204
    again = person_for_openid(openid)
    form = {"community": "fuchen", "name": "李阿姨", "phone": "13900000001", "building": "6幢", "unit": "1单元"}
    assert api(again).post("bindings", {**form, "room": "401"})[0] == 201
    assert api(again).get("reports")[1]["results"] == []
    assert api(again).get(f"reports/{life.pk}")[0] == 404


def test_nobody_erases_without_csrf(cast: Cast, api: Api) -> None:
    assert api(cast.resident).delete("me", HTTP_X_CSRFTOKEN="")[0] == 403
    assert api(None).delete("me")[0] == 401
    assert User.objects.get(pk=cast.resident.pk).openid
