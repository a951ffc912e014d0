"""`POST reports`: the 报单, its checks, and its idempotence."""

import uuid
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from accounts.models import Membership, User
from community_report.core import throttle
from reports.models import Attachment, Draft, Report, ReportEvent
from reports.services.attachments import MediaItem
from reports.services.drafts import Addition, add_to_draft
from tests.conftest import ApiClient
from tests.factories import Cast, bind, make_home, make_person, role_of

Api = Callable[[User | None], ApiClient]


def form(**fields: Any) -> dict[str, Any]:
    return {
        "hashed_id": str(uuid.uuid4()),
        "community": "fuchen",
        "category": "hygiene",
        "title": "垃圾未清理",
        "description": "昨晚开始",
        "address": "6幢4层",
        "location": {"latitude": 30.5, "longitude": 114.25, "name": "6幢"},
        "media": [{"kind": "image", "media_id": "m1"}, {"kind": "voice", "media_id": "m2", "duration": 3}],
        "keywords": ["cleaning"],
        **fields,
    }


class TestFiling:
    def test_answers_201_with_the_whole_report(self, cast: Cast, api: Api) -> None:
        status, body = api(cast.resident).post("reports", form())
        assert status == 201
        assert (body["status"], body["title"], body["description"]) == ("submitted", "垃圾未清理", "昨晚开始")
        assert body["location"] == {"latitude": 30.5, "longitude": 114.25, "name": "6幢"}
        assert [(item["kind"], item["status"]) for item in body["media"]] == [
            ("image", "pending"),
            ("voice", "pending"),
        ]
        assert body["tags"] == [{"slug": "cleaning", "name": "卫生清理"}]
        assert [(e["kind"], e["from"], e["to"]) for e in body["events"]] == [("submitted", None, "submitted")]
        assert body["reporter"]["display_name"] == "李阿姨"

    def test_reporter_is_who_is_logged_in(self, cast: Cast, api: Api) -> None:
        forged = form(reporter=str(cast.neighbour.pk), openid="o1", status="closed", number="1", claimed_by="x")
        status, body = api(cast.resident).post("reports", forged)
        report = Report.objects.get(pk=body["id"])
        assert (status, report.reporter, report.status) == (201, cast.resident, "submitted")
        assert report.number != "1"

    def test_least_that_is_enough(self, cast: Cast, api: Api) -> None:
        least = {"hashed_id": str(uuid.uuid4()), "community": "fuchen", "category": "hygiene", "title": "脏"}
        status, body = api(cast.resident).post("reports", least)
        assert (status, body["location"], body["media"], body["description"]) == (201, None, [], "")
        assert [tag["slug"] for tag in body["tags"]] == ["cleaning"]

    def test_null_is_left_out(self, cast: Cast, api: Api) -> None:
        empty = dict.fromkeys(
            ("description", "address", "location", "media", "keywords", "draft", "on_behalf_of"), None
        )
        assert api(cast.resident).post("reports", form(**empty))[0] == 201

    @pytest.mark.parametrize(
        ("fields", "title"),
        [
            ({"title": "", "description": "楼道有垃圾。快来"}, "楼道有垃圾"),
            ({"title": None, "description": "", "media": [{"kind": "image", "media_id": "m"}]}, "卫生保洁"),
        ],
    )
    def test_title_is_made_where_none_is_given(self, fields: dict[str, Any], title: str, cast: Cast, api: Api) -> None:
        status, body = api(cast.resident).post("reports", form(**fields))
        assert (status, body["title"]) == (201, title)

    def test_text_is_kept_as_it_was_written(self, cast: Cast, api: Api) -> None:
        text = '<script>alert(1)</script> & "引号" 🏠\n第二行'
        _status, body = api(cast.resident).post("reports", form(description=text))
        assert body["description"] == text


class TestSameHashedId:
    def test_again_is_200_with_the_same_report(self, cast: Cast, api: Api) -> None:
        first = form()
        _status, filed = api(cast.resident).post("reports", first)
        status, again = api(cast.resident).post("reports", first | {"title": "另一个"})
        assert (status, again["id"], again["title"]) == (200, filed["id"], "垃圾未清理")
        assert (Report.objects.count(), ReportEvent.objects.count(), Attachment.objects.count()) == (1, 1, 2)

    def test_of_somebody_else_is_409(self, cast: Cast, api: Api) -> None:
        first = form()
        api(cast.resident).post("reports", first)
        status, body = api(cast.neighbour).post("reports", first)
        assert (status, body["code"]) == (409, "duplicate_id")
        assert "id" not in body
        assert Report.objects.count() == 1

    def test_is_the_same_in_any_spelling(self, cast: Cast, api: Api) -> None:
        one = str(uuid.uuid4())
        api(cast.resident).post("reports", form(hashed_id=one))
        assert api(cast.resident).post("reports", form(hashed_id=one.upper()))[0] == 200


BAD = {
    "hashed_id": [None, "", "abc", 5, "8a1e3f0e-6d0d-4b57-9a55-26f6b9e9d1a", ["x"]],
    "community": [None, "", 5, "x" * 41],
    "category": [None, "", 5, "nothing", "x" * 41, {"slug": "hygiene"}],
    "title": ["x" * 81, 5, ["x"], {"a": 1}, True],
    "description": ["x" * 5001, 5, ["x"]],
    "address": ["x" * 201, 5],
    "location": ["6幢", 5, [], {}],
    "media": ["m1", {}, [5], [{"kind": "image"}], [{"kind": "gif", "media_id": "x"}]],
    "keywords": ["cleaning", ["leak"], ["nothing"], [5], {"a": 1}, ["x"] * 51],
    "draft": ["abc", 5, []],
    "on_behalf_of": ["x", 5, []],
}


@pytest.mark.parametrize(("field", "value"), [(field, value) for field, values in BAD.items() for value in values])
def test_bad_field_is_400_and_named(field: str, value: Any, cast: Cast, api: Api) -> None:
    status, body = api(cast.resident).post("reports", form(**{field: value}))
    assert (status, body["code"]) == (400, "invalid")
    assert {name.split(".")[0] for name in body["fields"]} == {field}
    assert not Report.objects.exists()


@pytest.mark.parametrize("name", ["latitude", "longitude"])
@pytest.mark.parametrize("value", [None, "30.5", True, 181, -181, 1e308, 10**400, [1]])
def test_bad_place_is_400(name: str, value: Any, cast: Cast, api: Api) -> None:
    place = {"latitude": 30.5, "longitude": 114.25, name: value}
    status, body = api(cast.resident).post("reports", form(location=place))
    assert (status, list(body["fields"])) == (400, ["location"])


@pytest.mark.parametrize("place", [(90, 180), (-90, -180), (0, 0)])
def test_places_at_the_edge_are_places(place: tuple[int, int], cast: Cast, api: Api) -> None:
    location = {"latitude": place[0], "longitude": place[1]}
    status, body = api(cast.resident).post("reports", form(location=location))
    assert (status, body["location"]) == (201, {**location, "name": ""})


def test_nothing_said_is_400(cast: Cast, api: Api) -> None:
    status, body = api(cast.resident).post("reports", form(title=" ", description="", media=[]))
    assert (status, list(body["fields"])) == (400, ["title"])


def test_missing_fields_are_all_named(cast: Cast, api: Api) -> None:
    status, body = api(cast.resident).post("reports", {})
    assert (status, set(body["fields"])) == (400, {"hashed_id", "community", "category"})


class TestWhoMayFile:
    def test_anonymous_is_401(self, cast: Cast, api: Api) -> None:
        assert api(None).post("reports", form())[0] == 401

    @pytest.mark.parametrize("community", ["fuchen", "nowhere"])
    def test_stranger_is_not_bound_and_learns_nothing(self, community: str, cast: Cast, api: Api) -> None:
        status, body = api(cast.stranger).post("reports", form(community=community))
        assert (status, body["code"]) == (403, "not_bound")

    @pytest.mark.parametrize("community", ["other", "nowhere"])
    def test_elsewhere_one_is_not_bound(self, community: str, cast: Cast, api: Api) -> None:
        status, body = api(cast.resident).post("reports", form(community=community))
        assert (status, body["code"]) == (403, "not_bound")

    def test_pending_is_not_bound(self, cast: Cast, api: Api) -> None:
        Membership.objects.filter(user=cast.resident).update(status="pending")
        status, body = api(cast.resident).post("reports", form())
        assert (status, body["code"]) == (403, "not_bound")

    def test_staff_files_for_callers_only(self, cast: Cast, api: Api) -> None:
        status, body = api(cast.cleaner).post("reports", form())
        assert (status, body["code"]) == (403, "permission_denied")

    def test_resident_files_for_nobody_else(self, cast: Cast, api: Api) -> None:
        body = form(on_behalf_of={"name": "王先生", "phone": "13900000002"})
        assert api(cast.resident).post("reports", body)[0] == 403


class TestOnBehalf:
    CALLER = {
        "name": "李阿姨", "phone": "13900000001", "home": {"building": "6幢", "unit": "1单元", "room": "401"},
    }  # fmt: skip

    @pytest.mark.parametrize("who", ["cleaner", "manager"])
    def test_resident_of_the_roster_becomes_the_reporter(self, who: str, cast: Cast, api: Api) -> None:
        filer = getattr(cast, who)
        status, body = api(filer).post("reports", form(on_behalf_of=self.CALLER))
        assert status == 201
        report = Report.objects.get(pk=body["id"])
        assert (report.reporter, report.filed_by) == (cast.resident, filer)
        assert api(cast.resident).get("reports")[1]["results"][0]["id"] == body["id"]

    def test_nobody_of_the_roster_leaves_it_without(self, cast: Cast, api: Api) -> None:
        caller = {"name": "李阿姨", "phone": "13900000002", "home": None}
        status, body = api(cast.manager).post("reports", form(on_behalf_of=caller))
        assert status == 201
        assert Report.objects.get(pk=body["id"]).reporter is None
        assert body["reporter"] is None

    def test_filer_outside_its_tags_still_sees_what_was_filed(self, cast: Cast, api: Api) -> None:
        status, body = api(cast.plumber).post("reports", form(on_behalf_of=self.CALLER))
        assert (status, body["reporter"]["phone"], body["allowed_actions"]) == (201, None, [])
        assert api(cast.plumber).get(f"reports/{body['id']}")[0] == 200

    @pytest.mark.parametrize("missing", ["name", "phone"])
    def test_caller_has_name_and_number(self, missing: str, cast: Cast, api: Api) -> None:
        caller = {**self.CALLER, missing: ""}
        status, body = api(cast.manager).post("reports", form(on_behalf_of=caller))
        assert (status, list(body["fields"])) == (400, ["on_behalf_of"])


class TestDraft:
    def test_its_media_come_along_and_it_ends(self, cast: Cast, api: Api) -> None:
        draft, _pending = add_to_draft(
            owner=cast.resident, community=cast.community, addition=Addition(media=MediaItem("image", "chat"))
        )
        status, body = api(cast.resident).post("reports", form(title="", description="", media=[], draft=str(draft.pk)))
        assert (status, len(body["media"])) == (201, 1)
        assert Draft.objects.get(pk=draft.pk).ended_at is not None

    def test_of_somebody_else_is_404(self, cast: Cast, api: Api) -> None:
        draft, _pending = add_to_draft(owner=cast.neighbour, community=cast.community, addition=Addition(text="漏水"))
        assert api(cast.resident).post("reports", form(draft=str(draft.pk)))[0] == 404
        assert not Report.objects.exists()


class TestFlood:
    @pytest.fixture(autouse=True)
    def still(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """No window ends in the middle of a test."""
        monkeypatch.setattr(throttle, "time", SimpleNamespace(time=lambda: 1_800_000_000.0))

    def test_is_429_for_that_person_alone(self, cast: Cast, api: Api) -> None:
        first = form(media=[])
        client = api(cast.resident)
        statuses = [client.post("reports", first)[0]] + [client.post("reports", form(media=[]))[0] for _ in range(20)]
        assert statuses == [201] * 20 + [429]
        assert client.post("reports", first)[0] == 200
        assert Report.objects.count() == 20
        assert api(cast.neighbour).post("reports", form(media=[]))[0] == 201


def test_resident_of_two_homes_is_asked_by_the_address(cast: Cast, api: Api) -> None:
    person = make_person("刘女士", "13900000011")
    bind(person, role_of(cast.community, "resident"), make_home(cast.community, "6幢", room="101"))
    bind(person, role_of(cast.community, "resident"), make_home(cast.community, "16幢", room="202"))
    _status, body = api(person).post("reports", form(address="16幢大厅"))
    assert body["reporter"]["home"]["building"] == "16幢"


def test_a_place_is_never_called_home(cast: Cast, api: Api) -> None:
    client = api(cast.resident)
    place = {"latitude": 30.5, "longitude": 114.25, "name": ""}
    named = [client.post("reports", form(address="", location=where))[1] for where in (place, None)]
    assert [body["address"] for body in named] == ["", "6幢1单元401"]
    buildings = Report.objects.order_by("created_at").values_list("building__name", flat=True)
    assert list(buildings) == [None, "6幢"]
