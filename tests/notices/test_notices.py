"""Notices: who may publish, who is addressed, who has read."""

import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.policies import standing_of
from notices.models import Notice, NoticeRead
from notices.services import audience_of, publish_due
from notices.signals import notice_published
from tests.factories import Cast, bind, make_home, make_person, role_of

Api = Callable[[Any], Any]


def body(**changes: Any) -> dict[str, Any]:
    return {
        "community": "fuchen",
        "title": "停水通知",
        "body": "明早9点停水",
        "audience": {"roles": [], "buildings": []},
        "pinned": True,
        "publish_at": None,
        **changes,
    }


def publish(api: Api, cast: Cast, **changes: Any) -> dict[str, Any]:
    status, answer = api(cast.manager).post("notices", body(**changes))
    assert status == 201, answer
    return answer


def test_everybody_of_the_community_is_addressed(cast: Cast, api: Api) -> None:
    notice = publish(api, cast)
    assert set(notice) == {"id", "title", "body", "audience", "pinned", "publish_at", "published_at", "read"}
    assert notice["published_at"] is not None
    people = set(audience_of(Notice.objects.get(pk=notice["id"])))
    assert people == {cast.resident, cast.neighbour, cast.cleaner, cast.cleaner2, cast.plumber, cast.manager}


def test_sent_again_after_a_lost_answer_it_is_the_same_notice(cast: Cast, api: Api) -> None:
    key, told = str(uuid.uuid4()), []
    notice_published.connect(lambda **_kwargs: told.append(1), weak=False, dispatch_uid="told")
    try:
        first, again = publish(api, cast, hashed_id=key), publish(api, cast, hashed_id=key)
    finally:
        notice_published.disconnect(dispatch_uid="told")
    assert (first["id"], len(told), Notice.objects.count()) == (again["id"], 1, 1)
    status, refusal = api(cast.manager).post("notices", body(hashed_id=key, body="改到后天"))
    assert (status, refusal["code"]) == (409, "duplicate_id")


def test_reading_one_marks_it_read_and_is_counted(cast: Cast, api: Api) -> None:
    notice = publish(api, cast)
    assert api(cast.resident).get("notices")[1]["results"][0]["read"] is False
    for _ in range(2):
        assert api(cast.resident).get(f"notices/{notice['id']}")[1]["read"] is True
    assert api(cast.resident).get("notices")[1]["results"][0]["read"] is True
    status, readers = api(cast.manager).get(f"notices/{notice['id']}/readers")
    assert (status, readers["read"], readers["unread"]) == (200, 1, 5)
    (reader,) = [row for row in readers["results"] if row["read_at"]]
    assert reader["user"] == {"id": str(cast.resident.pk), "display_name": "李阿姨"}


@pytest.mark.parametrize(
    ("audience", "who"),
    [
        ({"roles": ["cleaner"], "buildings": []}, {"cleaner", "cleaner2"}),
        ({"roles": [], "buildings": ["6幢"]}, {"resident", "neighbour"}),
        ({"roles": [], "buildings": ["7幢"]}, {"far"}),
        ({"roles": ["plumber"], "buildings": ["7幢"]}, {"plumber"}),
        ({"roles": ["plumber", "resident"], "buildings": ["7幢"]}, {"plumber", "far"}),
        ({"roles": ["resident"], "buildings": []}, {"resident", "neighbour", "far"}),
    ],
)
def test_audience_by_role_and_building(cast: Cast, api: Api, audience: dict[str, Any], who: set[str]) -> None:
    far = make_person("远邻", "13900000009")
    bind(far, role_of(cast.community, "resident"), make_home(cast.community, building="7幢"))
    notice = publish(api, cast, audience=audience)
    expected = {far if name == "far" else getattr(cast, name) for name in who}
    assert set(audience_of(Notice.objects.get(pk=notice["id"]))) == expected
    for person in (cast.resident, cast.cleaner, cast.plumber, far):
        seen = [row["id"] for row in api(person).get("notices")[1]["results"]]
        assert (notice["id"] in seen) == (person in expected)
        assert Notice.objects.unread_count(standing_of(person)) == (person in expected)
        assert api(person).get(f"notices/{notice['id']}")[0] == (200 if person in expected else 404)


@pytest.mark.parametrize("name", ["resident", "cleaner"])
def test_only_managers_publish_change_count_and_delete(cast: Cast, api: Api, name: str) -> None:
    person = api(getattr(cast, name))
    notice = publish(api, cast)
    assert person.post("notices", body())[0] == 403
    assert person.patch(f"notices/{notice['id']}", {"title": "x"})[0] == 403
    assert person.delete(f"notices/{notice['id']}")[0] == 403
    assert person.get(f"notices/{notice['id']}/readers")[0] == 403
    assert Notice.objects.count() == 1


def test_another_communitys_manager_knows_nothing_of_it(cast: Cast, api: Api) -> None:
    notice = publish(api, cast)
    other = api(cast.other_manager)
    assert other.get("notices")[1]["results"] == []
    for status in (
        other.get(f"notices/{notice['id']}")[0],
        other.patch(f"notices/{notice['id']}", {"title": "x"})[0],
        other.delete(f"notices/{notice['id']}")[0],
        other.get(f"notices/{notice['id']}/readers")[0],
    ):
        assert status == 404
    assert other.post("notices", body())[1]["code"] == "not_bound"
    assert api(cast.stranger).get("notices")[1]["code"] == "not_bound"
    assert api(None).get("notices")[0] == 401


def test_a_scheduled_one_goes_out_once_when_its_time_comes(cast: Cast, api: Api) -> None:
    told: list[Notice] = []
    notice_published.connect(lambda notice, **_: told.append(notice), weak=False, dispatch_uid="test")
    try:
        at = timezone.now() + timedelta(hours=1)
        notice = publish(api, cast, publish_at=at.isoformat())
        assert notice["published_at"] is None
        assert api(cast.resident).get("notices")[1]["results"] == []
        assert publish_due(timezone.now()) == 0
        assert [publish_due(at), publish_due(at)] == [1, 0]
        assert [str(n.pk) for n in told] == [notice["id"]]
        assert len(api(cast.resident).get("notices")[1]["results"]) == 1
    finally:
        notice_published.disconnect(dispatch_uid="test")


def test_changing_and_deleting(cast: Cast, api: Api) -> None:
    notice = publish(api, cast)
    status, changed = api(cast.manager).patch(f"notices/{notice['id']}", {"body": "改为10点"})
    assert (status, changed["body"], changed["title"]) == (200, "改为10点", "停水通知")
    late = {"audience": {"roles": ["cleaner"], "buildings": []}}
    assert api(cast.manager).patch(f"notices/{notice['id']}", late)[1]["code"] == "wrong_state"
    assert api(cast.manager).delete(f"notices/{notice['id']}") == (204, None)
    assert api(cast.resident).get(f"notices/{notice['id']}")[0] == 404
    assert api(cast.manager).get("notices")[1]["results"] == []


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"title": ""}, "title"),
        ({"title": "长" * 81}, "title"),
        ({"body": "  "}, "body"),
        ({"audience": {"roles": ["nobody"], "buildings": []}}, "audience"),
        ({"audience": {"roles": "cleaner"}}, "audience"),
        ({"publish_at": "tomorrow"}, "publish_at"),
        ({"pinned": "perhaps"}, "pinned"),
    ],
)
def test_bad_input_names_the_field(cast: Cast, api: Api, changes: dict[str, Any], field: str) -> None:
    status, answer = api(cast.manager).post("notices", body(**changes))
    assert (status, answer["code"]) == (400, "invalid")
    assert list(answer["fields"]) == [field]
    assert Notice.objects.count() == 0


def test_unknown_ids_are_not_found(cast: Cast, api: Api) -> None:
    assert api(cast.manager).get(f"notices/{uuid.uuid4()}")[0] == 404
    assert api(cast.manager).get("notices/not-an-id")[0] == 404
    assert not NoticeRead.objects.exists()


def test_list_costs_the_same_for_any_number(cast: Cast, api: Api, django_assert_max_num_queries: Any) -> None:
    for _ in range(12):
        publish(api, cast)
    person = api(cast.resident)
    with django_assert_max_num_queries(10):
        first = person.get("notices?limit=5")[1]
    second = person.get(f"notices?limit=5&cursor={first['next']}")[1]
    third = person.get(f"notices?limit=5&cursor={second['next']}")[1]
    assert third["next"] is None
    assert len({row["id"] for part in (first, second, third) for row in part["results"]}) == 12
    assert person.get("notices?cursor=rubbish")[1]["code"] == "invalid"
    assert person.get("notices?limit=0")[1]["code"] == "invalid"


def test_by_group_message_is_the_managers_choice_until_it_is_out(cast: Cast, api: Api) -> None:
    later = (timezone.now() + timedelta(days=1)).isoformat()
    chosen, plain = (publish(api, cast, publish_at=later, **extra) for extra in ({"by_group_message": True}, {}))
    assert "by_group_message" not in chosen  # the shape of a notice is fixed
    assert Notice.objects.get(pk=chosen["id"]).by_group_message is True
    assert Notice.objects.get(pk=plain["id"]).by_group_message is False
    assert api(cast.manager).patch(f"notices/{plain['id']}", {"by_group_message": True})[0] == 200
    assert Notice.objects.get(pk=plain["id"]).by_group_message is True
    out = publish(api, cast)
    assert api(cast.manager).patch(f"notices/{out['id']}", {"by_group_message": True})[0] == 409
