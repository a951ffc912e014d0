"""`inbox` and `deliveries`: what was said to a person, and what became of it."""

import uuid
from collections.abc import Callable
from typing import Any

import pytest
from guardian.shortcuts import assign_perm

from accounts.models import Membership
from dispatch.models import Delivery, Outbox
from tests.dispatch.ledger import SEND_TEXT, WeChat, only, route_all, send_all
from tests.factories import Cast
from tests.wechat.platform import error

pytestmark = pytest.mark.django_db
Api = Callable[[Any], Any]
TIME = r"^\d{4}-\d\d-\d\dT"


def test_the_inbox_has_every_message_whatever_became_of_it(wechat: WeChat, cast: Cast, api: Api) -> None:
    wechat.on(SEND_TEXT, error(45015))
    report = cast.report()
    send_all()
    status, body = api(cast.cleaner).get("inbox")
    assert status == 200
    assert body["next"] is None
    message = body["results"][0]
    assert {**message, "id": "", "created_at": ""} == {
        "id": "",
        "kind": "new_report",
        "text": "您收到【卫生清理】消息，请及时查看",
        "url": f"/h5/reports/{report.pk}",
        "created_at": "",
        "read_at": None,
    }
    assert message["id"] == str(only(cast.cleaner).pk)


def test_a_message_is_read_once_and_by_its_owner_alone(cast: Cast, api: Api) -> None:
    cast.report()
    route_all()
    mine, other = only(cast.cleaner), only(cast.cleaner2)
    client = api(cast.cleaner)
    assert client.post("inbox/read", {"ids": [str(mine.pk), str(other.pk), str(uuid.uuid4())]}) == (200, {"read": 1})
    assert client.post("inbox/read", {"ids": [str(mine.pk)]}) == (200, {"read": 0})
    other.refresh_from_db()
    assert other.read_at is None
    assert client.get("inbox?unread=true")[1]["results"] == []
    assert client.get("inbox?unread=1")[1]["results"] == []
    assert client.get("inbox?unread=false")[1]["results"][0]["read_at"] is not None


def test_the_inbox_goes_on_page_by_page(cast: Cast, api: Api) -> None:
    for _ in range(5):
        cast.report()
    route_all()
    seen: list[str] = []
    query = "inbox?limit=2"
    while True:
        _, body = api(cast.cleaner).get(query)
        seen += [message["id"] for message in body["results"]]
        if not body["next"]:
            break
        query = f"inbox?limit=2&cursor={body['next']}"
    newest_first = Delivery.objects.filter(user=cast.cleaner).order_by("-created_at", "-pk")
    assert seen == [str(pk) for pk in newest_first.values_list("pk", flat=True)]


@pytest.mark.parametrize("query", ["unread=perhaps", "limit=0", "limit=101", "cursor=x"])
def test_rubbish_in_the_query(cast: Cast, api: Api, query: str) -> None:
    assert api(cast.cleaner).get(f"inbox?{query}")[0] == 400


@pytest.mark.parametrize("body", [{}, {"ids": "x"}, {"ids": ["x"]}, {"ids": None}])
def test_rubbish_in_the_body(cast: Cast, api: Api, body: Any) -> None:
    status, answer = api(cast.cleaner).post("inbox/read", body)
    assert (status, answer["code"]) == (400, "invalid")
    assert any(name.startswith("ids") for name in answer["fields"])


@pytest.mark.parametrize("path", ["inbox", "deliveries", "reports/00000000-0000-4000-8000-000000000000/deliveries"])
def test_nobody_without_a_login(path: str, api: Api) -> None:
    assert api(None).get(path)[0] == 401


def test_the_ledger_of_a_report(wechat: WeChat, cast: Cast, api: Api) -> None:
    wechat.on(SEND_TEXT, error(45015))
    report = cast.report()
    cast.report(title="另一条")
    send_all()
    status, body = api(cast.manager).get(f"reports/{report.pk}/deliveries")
    assert status == 200
    assert len(body["results"]) == 2
    row = next(one for one in body["results"] if one["user"]["display_name"] == "张师傅")
    assert {**row, "id": "", "created_at": ""} == {
        "id": "",
        "report": str(report.pk),
        "notice": None,
        "user": {"id": str(cast.cleaner.pk), "display_name": "张师傅"},
        "kind": "new_report",
        "channel": "text",
        "status": "dead",
        "code": "45015",
        "attempts": 1,
        "created_at": "",
        "sent_at": None,
        "delivered_at": None,
    }


def test_only_managers_see_a_report_s_ledger(cast: Cast, api: Api) -> None:
    report = cast.report()
    path = f"reports/{report.pk}/deliveries"
    assert api(cast.resident).get(path)[0] == 403
    assert api(cast.cleaner).get(path)[0] == 403
    assert api(cast.plumber).get(path)[0] == 404
    assert api(cast.neighbour).get(path)[0] == 404
    assert api(cast.other_manager).get(path)[0] == 404
    assert api(cast.manager).get(f"reports/{uuid.uuid4()}/deliveries")[0] == 404
    assert api(cast.manager).get("reports/42/deliveries")[0] == 404


def test_the_ledger_by_status(wechat: WeChat, cast: Cast, api: Api) -> None:
    Membership.objects.filter(user=cast.cleaner2).update(on_duty=False)
    cast.report()
    send_all()
    client = api(cast.manager)
    assert [row["code"] for row in client.get("deliveries?status=skipped")[1]["results"]] == ["off_duty"]
    assert [row["user"]["display_name"] for row in client.get("deliveries?status=sent")[1]["results"]] == ["张师傅"]
    assert len(client.get("deliveries")[1]["results"]) == 2
    assert client.get("deliveries?status=lost")[0] == 400


def test_the_ledger_is_the_own_community_s(cast: Cast, api: Api) -> None:
    cast.report()
    route_all()
    assert api(cast.other_manager).get("deliveries") == (200, {"results": [], "next": None})
    assert api(cast.cleaner).get("deliveries")[0] == 403
    status, body = api(cast.stranger).get("deliveries")
    assert (status, body["code"]) == (403, "not_bound")


def test_staff_with_the_permission_see_it(cast: Cast, api: Api) -> None:
    cast.report()
    route_all()
    assign_perm("accounts.manage_reports", cast.plumber, cast.community)
    assert len(api(cast.plumber).get("deliveries")[1]["results"]) == 2


def test_a_page_costs_a_constant_number_of_queries(cast: Cast, api: Api, django_assert_max_num_queries: Any) -> None:
    for _ in range(10):
        cast.report()
    route_all()
    client = api(cast.manager)
    with django_assert_max_num_queries(10):
        assert len(client.get("deliveries?limit=20")[1]["results"]) == 20
    assert Outbox.objects.count() == 10
