"""Notices at the desk: written with pictures and an end, counted in a constant number of queries, withdrawn."""

import json
import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Building
from dispatch.models import Delivery
from notices.models import Notice
from notices.services import mark_read, publish_notice, withdraw_notice
from reports.services.uploads import store_upload
from tests.admin.test_admin import client_of
from tests.dispatch.ledger import later, route_all
from tests.factories import Cast, bind, make_home, role_of

pytestmark = pytest.mark.django_db
LIST, ADD = "/admin/notices/notice/", "/admin/notices/notice/add/"
DAY = 24 * 3600 + 1


def form(cast: Cast, **changes: Any) -> dict[str, Any]:
    empty = {f"{name}_{part}": "" for name in ("publish_at", "expires_at") for part in (0, 1)}
    return {
        "community": cast.community.pk,
        "title": "停水通知",
        "body": "明早9点停水",
        "pictures": "[]",
        **empty,
        **changes,
    }


def notice(cast: Cast, **fields: Any) -> Notice:
    values = {"title": "停水通知", "body": "明早停水", **fields}
    return publish_notice(actor=cast.manager, community=cast.community, **values)


def test_it_is_written_with_pictures_an_audience_and_an_end(cast: Cast) -> None:
    upload = store_upload(actor=cast.manager, kind="image", size=4, chunks=[b"data"])
    building = Building.objects.get(community=cast.community)
    more = {
        "pictures": json.dumps([{"upload_id": str(upload.pk), "preview": "blob:x"}]),
        "roles": [role_of(cast.community, "resident").pk],
        "buildings": [building.pk],
        "expires_at_0": "2099-01-02",
        "expires_at_1": "08:00",
    }
    assert client_of(cast.manager).post(ADD, form(cast, **more)).status_code == 302
    made = Notice.objects.get()
    assert (made.pictures.count(), made.expires_at is None) == (1, False)
    assert [row.slug for row in made.roles.all()] == ["resident"]
    assert list(made.buildings.all()) == [building]
    assert made.published_at is not None


def test_what_is_wrong_is_said_at_its_field_and_nothing_typed_is_lost(cast: Cast) -> None:
    foreign = make_home(cast.other_community, building="9幢").building
    wrong: dict[str, dict[str, Any]] = {
        "expires_at": {"expires_at_0": "2020-01-01", "expires_at_1": "08:00"},
        "publish_at": {"publish_at_0": "2020-01-01", "publish_at_1": "08:00"},
        "body": {"body": "长" * 10_001},
        "pictures": {"pictures": "rubbish"},
        "buildings": {"buildings": [foreign.pk]},
        "roles": {"roles": [role_of(cast.other_community, "resident").pk]},
    }
    for field, changes in wrong.items():
        answer = client_of(cast.manager).post(ADD, form(cast, **changes))
        assert answer.status_code == 200, field
        assert list(answer.context["adminform"].form.errors) == [field]
        assert 'value="停水通知"' in answer.content.decode()
    assert not Notice.objects.exists()


def test_what_was_to_go_out_now_goes_out_though_writing_took_some_minutes(cast: Cast) -> None:
    then = timezone.localtime() - timedelta(minutes=3)
    now = {"publish_at_0": f"{then:%Y-%m-%d}", "publish_at_1": f"{then:%H:%M}"}
    assert client_of(cast.manager).post(ADD, form(cast, **now)).status_code == 302
    assert Notice.objects.get().published_at is not None


def test_the_same_form_sent_twice_is_one_notice(cast: Cast) -> None:
    desk = client_of(cast.manager)
    page = desk.get(ADD).content.decode()
    found = re.search(r'name="form_id" value="([^"]+)"', page)
    assert found
    for words in ("明早9点停水", "明早9点停水", "改到后天"):
        assert desk.post(ADD, form(cast, form_id=found[1], body=words)).status_code == 302
    assert sorted(Notice.objects.values_list("body", flat=True)) == ["改到后天", "明早9点停水"]


def test_its_page_counts_and_names_who_has_not_read_it(cast: Cast) -> None:
    one = notice(cast)
    bind(cast.cleaner, role_of(cast.community, "plumber"))
    route_all()
    mark_read(actor=cast.resident, notice=one)
    Delivery.objects.filter(user=cast.neighbour).update(status="delivered")
    Delivery.objects.filter(user=cast.cleaner).update(status="skipped", code="unfollowed")
    client = client_of(cast.manager)
    with later(DAY):
        page = client.get(f"{LIST}{one.pk}/change/").content.decode()
        figures = re.findall(r"<dt>(\S+)</dt><dd>(?:<a[^>]*>)?(\d+)", page)
        expected = {"已发送": "1", "已送达": "1", "没有推送到": "1", "已读": "1", "未读": "5"}
        assert dict(figures) == expected
        assert "提醒没有看的 5 人" in page
        asked = client.get(f"{LIST}{one.pk}/do/remind/").content.decode()
        assert "还没有看的 5 人" in asked
        assert "已提醒 5 人" in client.post(f"{LIST}{one.pk}/do/remind/", follow=True).content.decode()
    people = client.get(f"{LIST}{one.pk}/unread/").content.decode()
    assert "13900000002" in people
    assert people.count("tel:13800000001") == 1  # of two roles
    assert "没有关注公众号" in people
    assert "李阿姨" not in people


def test_who_withdrew_it_stays_known_and_it_is_only_looked_at(cast: Cast) -> None:
    one, client = notice(cast), client_of(cast.manager)
    mark_read(actor=cast.resident, notice=one)
    assert "6 人中已有 1 人看过" in client.get(f"{LIST}{one.pk}/do/withdraw/").content.decode()
    assert Notice.objects.alive().exists()
    page = client.post(f"{LIST}{one.pk}/do/withdraw/", follow=True).content.decode()
    assert "陈经理 在" in page
    assert 'name="title"' not in page
    assert client.post(f"{LIST}{one.pk}/change/", form(cast, title="改了")).status_code == 403
    again = client.post(f"{LIST}{one.pk}/do/withdraw/", follow=True)
    assert "公告已经撤回" in again.content.decode()
    assert Notice.objects.get().title == "停水通知"


def test_other_managers_reach_none_of_it(cast: Cast) -> None:
    one, other = notice(cast), client_of(cast.other_manager)
    for path in ("do/withdraw/", "do/remind/", "unread/"):
        assert other.get(f"{LIST}{one.pk}/{path}").status_code == 404
        assert other.post(f"{LIST}{one.pk}/{path}").status_code == 404
    assert other.get(f"{LIST}reach/?community={cast.community.pk}").status_code == 404
    assert client_of(cast.resident).get(f"{LIST}reach/?community={cast.community.pk}").status_code == 302
    assert Notice.objects.alive().count() == 1


def test_how_far_it_would_reach(cast: Cast) -> None:
    cleaner, foreign = role_of(cast.community, "cleaner").pk, role_of(cast.other_community, "resident").pk
    client, here = client_of(cast.manager), f"{LIST}reach/?community={cast.community.pk}"
    for query, people in (("", 6), (f"&roles={cleaner}", 2), (f"&roles={foreign}", 6), ("&roles=x&buildings=", 6)):
        assert f'data-people="{people}"' in client.get(here + query).content.decode()


def test_the_list_asks_as_often_for_one_as_for_many(cast: Cast) -> None:
    client, now = client_of(cast.manager), timezone.now()
    first = notice(cast)
    route_all()
    few = queries(client)
    notices = [notice(cast, title=f"第{n}条", expires_at=now + timedelta(hours=n + 1)) for n in range(8)]
    notice(cast, title="以后", publish_at=now + timedelta(days=1))
    withdraw_notice(actor=cast.manager, notice_id=notices[0].pk)
    route_all()
    mark_read(actor=cast.resident, notice=first)
    many = queries(client)
    assert len(many) == len(few)
    assert [
        sql for sql in many if "COUNT(" in sql and ("noticeread" in sql or "delivery" in sql) and "GROUP" not in sql
    ] == []
    for state, titles in (("withdrawn", {"第0条"}), ("scheduled", {"以后"}), ("expired", {"第1条", "第2条"})):
        with later(3 * 3600 if state == "expired" else 0):
            listed = client.get(LIST, {"state": state}).context["cl"].result_list
        assert {row.title for row in listed} == titles


def queries(client: Any) -> list[str]:
    with CaptureQueriesContext(connection) as captured:
        assert client.get(LIST).status_code == 200
    return [query["sql"] for query in captured.captured_queries]
