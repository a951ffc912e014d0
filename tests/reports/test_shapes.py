"""A report as each kind of person sees it: contract section 6, key by key."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import Membership, User
from reports.api.shapes import caller_shape, report_shape
from reports.models import Attachment, Category, Report
from reports.policies import Viewer
from reports.services import transitions
from reports.services.attachments import MediaItem
from reports.services.submit import Caller, Location
from tests.factories import Cast

FULL = {
    "id", "number", "community", "category", "tags", "title", "description", "address", "location", "status",
    "reporter", "claimed_by", "claimed_at", "media", "events", "rating", "due_at", "overdue", "following", "followers",
    "allowed_actions", "created_at", "updated_at",
}  # fmt: skip
GLIMPSE = {
    "id", "number", "community", "category", "title", "building", "status", "following", "followers",
    "allowed_actions", "events",
}  # fmt: skip
EVENT = {"kind", "at", "actor", "from", "to", "note", "media"}


def seen(report: Report, user: User, *, events: bool = True) -> dict[str, Any]:
    found = Report.objects.for_view(user).with_events().get(pk=report.pk)
    return report_shape(found, Viewer.of(user), events=events)


def test_reporter_sees_everything_but_the_own_number(cast: Cast) -> None:
    report = cast.report(
        location=Location(30.5, 114.25, "6幢门口"), media=[MediaItem("voice", "m1", duration=3.5, transcript="垃圾")]
    )
    shape = seen(report, cast.resident)
    assert set(shape) == FULL
    assert shape["id"] == str(report.pk)
    assert shape["community"] == {"slug": "fuchen", "name": "府琛花园"}
    assert shape["category"] == {"slug": "hygiene", "name": "卫生保洁"}
    assert shape["tags"] == [{"slug": "cleaning", "name": "卫生清理"}]
    assert shape["location"] == {"latitude": 30.5, "longitude": 114.25, "name": "6幢门口"}
    home = {"building": "6幢", "unit": "1单元", "room": "401"}
    assert shape["reporter"] == {"display_name": "李阿姨", "home": home, "phone": None}
    (voice,) = shape["media"]
    assert voice | {"id": ""} == {
        "id": "", "kind": "voice", "status": "pending", "url": None, "thumbnail_url": None, "duration": 3.5,
        "transcript": "垃圾",
    }  # fmt: skip
    assert (shape["status"], shape["overdue"], shape["rating"], shape["claimed_by"]) == ("submitted", False, None, None)
    assert shape["allowed_actions"] == ["withdraw", "urge", "comment"]


def test_list_items_have_everything_but_events(cast: Cast) -> None:
    assert set(seen(cast.report(), cast.resident, events=False)) == FULL - {"events"}


def test_times_carry_their_zone(cast: Cast) -> None:
    report = transitions.claim_report(actor=cast.cleaner, report_id=cast.report().pk)
    shape = seen(report, cast.cleaner)
    for key in ("claimed_at", "due_at", "created_at", "updated_at"):
        assert datetime.fromisoformat(shape[key]).tzinfo is not None
    assert datetime.fromisoformat(shape["claimed_at"]) == report.claimed_at


def test_events_are_oldest_first_and_name_who_did_it(cast: Cast) -> None:
    report = cast.report()
    transitions.claim_report(actor=cast.cleaner, report_id=report.pk)
    transitions.add_progress(actor=cast.cleaner, report_id=report.pk, note="在路上", media=[MediaItem("image", "m2")])
    events = seen(report, cast.resident)["events"]
    assert all(set(event) == EVENT for event in events)
    assert [(e["kind"], e["from"], e["to"]) for e in events] == [
        ("submitted", None, "submitted"),
        ("claim", "submitted", "claimed"),
        ("progress", None, None),
    ]
    assert events[0]["actor"] == {"display_name": "李阿姨", "role": "resident"}
    assert events[2]["actor"] == {"display_name": "张师傅", "role": "cleaner"}
    assert events[2]["note"] == "在路上"
    assert [item["kind"] for item in events[2]["media"]] == ["image"]
    assert seen(report, cast.resident)["media"] == []


def test_media_have_addresses_once_stored(cast: Cast) -> None:
    report = cast.report(media=[MediaItem("image", "m1")])
    Attachment.objects.update(status="stored", path="a.jpg", thumbnail_path="t.jpg", media_id="")
    (picture,) = seen(report, cast.resident)["media"]
    assert picture["url"] == f"/media/{picture['id']}/image.jpg"
    assert picture["thumbnail_url"] == f"/media/{picture['id']}/thumb.jpg"


class TestPhone:
    def phone(self, report: Report, user: User) -> str | None:
        return seen(report, user)["reporter"]["phone"]

    def test_is_there_for_managers_always(self, cast: Cast) -> None:
        report = cast.report()
        assert self.phone(report, cast.manager) == "13900000001"
        transitions.withdraw_report(actor=cast.resident, report_id=report.pk)
        assert self.phone(report, cast.manager) == "13900000001"

    def test_is_there_for_the_claimant_while_it_is_claimed_or_resolved(self, cast: Cast) -> None:
        report = cast.report()
        assert self.phone(report, cast.cleaner) is None
        transitions.claim_report(actor=cast.cleaner, report_id=report.pk)
        assert self.phone(report, cast.cleaner) == "13900000001"
        assert self.phone(report, cast.cleaner2) is None
        transitions.resolve_report(actor=cast.cleaner, report_id=report.pk, note="好了")
        assert self.phone(report, cast.cleaner) == "13900000001"
        transitions.confirm_report(actor=cast.resident, report_id=report.pk, score=5)
        assert self.phone(report, cast.cleaner) is None

    def test_is_gone_with_a_release(self, cast: Cast) -> None:
        report = cast.report()
        transitions.claim_report(actor=cast.cleaner, report_id=report.pk)
        transitions.release_report(actor=cast.cleaner, report_id=report.pk, reason="太忙")
        assert self.phone(report, cast.cleaner) is None


def test_follower_of_a_private_report_sees_a_glimpse(cast: Cast) -> None:
    report = cast.report(media=[MediaItem("image", "m1")], location=Location(30.5, 114.25))
    transitions.follow_report(actor=cast.neighbour, report_id=report.pk)
    transitions.claim_report(actor=cast.cleaner, report_id=report.pk)
    transitions.add_progress(actor=cast.cleaner, report_id=report.pk, note="业主家里没人")
    transitions.release_report(actor=cast.cleaner, report_id=report.pk, reason="业主态度不好")
    shape = seen(report, cast.neighbour)
    assert set(shape) == GLIMPSE
    assert (shape["building"], shape["following"], shape["followers"]) == ("6幢", True, 1)
    assert shape["allowed_actions"] == ["unfollow"]
    assert [(e["kind"], e["from"], e["to"]) for e in shape["events"]] == [
        ("submitted", None, "submitted"),
        ("claim", "submitted", "claimed"),
        ("release", "claimed", "submitted"),
    ]
    assert all((e["actor"], e["note"], e["media"]) == (None, "", []) for e in shape["events"])
    assert "events" not in seen(report, cast.neighbour, events=False)


def test_reporter_of_a_duplicate_sees_a_glimpse_of_the_other(cast: Cast) -> None:
    first, second = cast.report(), cast.report(by=cast.neighbour)
    transitions.merge_report(actor=cast.manager, report_id=second.pk, into_id=first.pk)
    assert set(seen(first, cast.neighbour)) == GLIMPSE
    own = seen(second, cast.neighbour)
    assert (set(own), own["status"], own["allowed_actions"]) == (FULL, "merged", [])


class TestPublic:
    @pytest.fixture
    def post(self, cast: Cast) -> Report:
        return cast.report("lost", title="捡到钥匙", address="", location=Location(30.5, 114.25))

    def test_other_residents_do_not_learn_who_and_where(self, cast: Cast, post: Report) -> None:
        transitions.comment_report(actor=cast.resident, report_id=post.pk, note="在门卫处")
        shape = seen(post, cast.neighbour)
        assert set(shape) == FULL
        assert (shape["reporter"], shape["location"]) == (None, None)
        assert [event["actor"] for event in shape["events"]] == [None, None]
        assert shape["events"][1]["note"] == "在门卫处"

    def test_address_filled_from_the_home_is_hidden_too(self, cast: Cast) -> None:
        post = cast.report("lost", title="捡到钥匙", address="")
        assert seen(post, cast.resident)["address"] == "6幢1单元401"
        assert seen(post, cast.neighbour)["address"] == ""

    def test_address_that_was_typed_is_shown(self, cast: Cast) -> None:
        post = cast.report("lost", title="捡到钥匙", address="小区南门")
        assert seen(post, cast.neighbour)["address"] == "小区南门"

    def test_managers_and_the_reporter_see_both(self, cast: Cast, post: Report) -> None:
        for person in (cast.resident, cast.manager):
            shape = seen(post, person)
            assert shape["reporter"]["display_name"] == "李阿姨"
            assert shape["location"] == {"latitude": 30.5, "longitude": 114.25, "name": ""}
            assert shape["events"][0]["actor"] == {"display_name": "李阿姨", "role": "resident"}

    def test_staff_whose_tags_do_not_lead_there_do_not_read_it(self, cast: Cast, post: Report) -> None:
        found = Report.objects.for_view(cast.plumber).get(pk=post.pk)
        assert not Viewer.of(cast.plumber).may_read(found)


class TestOnBehalf:
    def test_nobody_is_the_reporter_where_the_roster_knows_nobody(self, cast: Cast) -> None:
        report = cast.report(by=cast.manager, on_behalf_of=Caller("钱女士", "13700000009", {"building": "9幢"}))
        assert seen(report, cast.manager)["reporter"] is None
        assert seen(report, cast.cleaner)["reporter"] is None

    def test_resident_of_the_roster_who_is_not_bound_is_the_reporter(self, cast: Cast) -> None:
        Membership.objects.filter(user=cast.resident).delete()
        home = {"building": "6幢", "unit": "1单元", "room": "401"}
        report = cast.report(by=cast.manager, on_behalf_of=Caller("李阿姨", "13900000001", home))
        assert seen(report, cast.manager)["reporter"] == {
            "display_name": "李阿姨", "home": home, "phone": "13900000001",
        }  # fmt: skip
        assert seen(report, cast.cleaner)["reporter"]["phone"] is None
        transitions.claim_report(actor=cast.cleaner, report_id=report.pk)
        assert seen(report, cast.cleaner)["reporter"]["phone"] == "13900000001"

    def test_page_names_the_caller_to_ring_back(self, cast: Cast) -> None:
        home = {"building": "9幢"}
        report = cast.report(by=cast.manager, on_behalf_of=Caller("钱女士", "13700000009", home))

        def named(person: User) -> object:
            found = Report.objects.for_view(person).get(pk=report.pk)
            return caller_shape(found, Viewer.of(person))

        stated = {"building": "9幢", "unit": "", "room": ""}
        assert named(cast.manager) == {"display_name": "钱女士", "home": stated, "phone": "13700000009"}
        assert named(cast.cleaner) == {"display_name": "钱女士", "home": stated, "phone": None}
        assert named(cast.neighbour) is None

    def test_neighbours_do_not_learn_the_home_that_a_caller_named(self, cast: Cast) -> None:
        home = {"building": "6", "unit": "1", "room": "999"}
        caller = Caller("钱女士", "13700000009", home)
        report = cast.report("lost", by=cast.manager, address="", on_behalf_of=caller)
        assert (seen(report, cast.manager)["address"], seen(report, cast.neighbour)["address"]) == ("6幢1单元999", "")

    def test_resident_of_the_roster_is_the_reporter(self, cast: Cast) -> None:
        home = {"building": "6幢", "unit": "1单元", "room": "401"}
        report = cast.report(by=cast.manager, on_behalf_of=Caller("李阿姨", "13900000001", home))
        assert seen(report, cast.resident)["reporter"] == {"display_name": "李阿姨", "home": home, "phone": None}
        assert seen(report, cast.resident)["allowed_actions"] == ["withdraw", "urge", "comment"]


def test_erased_person_has_no_name_left(cast: Cast) -> None:
    report = cast.report()
    transitions.claim_report(actor=cast.cleaner, report_id=report.pk)
    User.objects.filter(pk__in=(cast.resident.pk, cast.cleaner.pk)).update(erased_at=timezone.now(), display_name="")
    shape = seen(report, cast.manager)
    assert shape["reporter"] == {"display_name": "已注销用户", "home": None, "phone": None}
    assert shape["claimed_by"] == {"id": str(cast.cleaner.pk), "display_name": "已注销用户"}
    assert {event["actor"]["display_name"] for event in shape["events"]} == {"已注销用户"}


def test_person_without_a_name_is_called_something(cast: Cast) -> None:
    report = cast.report()
    User.objects.filter(pk=cast.resident.pk).update(display_name="", username="li.admin")
    assert seen(report, cast.manager)["reporter"]["display_name"] == "微信用户"


def test_overdue_says_that_the_deadline_has_passed(cast: Cast) -> None:
    report = cast.report()
    Report.objects.filter(pk=report.pk).update(due_at=timezone.now() - timedelta(minutes=1))
    assert seen(report, cast.manager)["overdue"] is True
    transitions.dismiss_report(actor=cast.manager, report_id=report.pk, reason="不属实")
    assert seen(report, cast.manager)["overdue"] is False


def test_rating_is_shown(cast: Cast) -> None:
    report = cast.report()
    transitions.claim_report(actor=cast.cleaner, report_id=report.pk)
    transitions.resolve_report(actor=cast.cleaner, report_id=report.pk, note="好了")
    transitions.confirm_report(actor=cast.resident, report_id=report.pk, score=4, comment="还行")
    assert seen(report, cast.cleaner)["rating"] == {"score": 4, "comment": "还行"}


class TestStaffWhoLeft:
    """Handling a report once is no reason to read it after leaving."""

    def test_reads_nothing_that_they_handled(self, cast: Cast) -> None:
        report = cast.report()
        transitions.claim_report(actor=cast.cleaner, report_id=report.pk)
        transitions.resolve_report(actor=cast.cleaner, report_id=report.pk, note="好了")
        Membership.objects.filter(user=cast.cleaner).update(status="revoked")
        viewer = Viewer.of(cast.cleaner)
        assert not viewer.may_read(Report.objects.for_view(cast.cleaner).get(pk=report.pk))
        assert not Report.objects.visible_to(viewer.standing).exists()

    def test_still_reads_it_in_another_role(self, cast: Cast) -> None:
        report = cast.report()
        transitions.claim_report(actor=cast.cleaner, report_id=report.pk)
        Category.objects.get(slug="hygiene", community=cast.community).tags.clear()
        report.tags.clear()
        assert set(seen(report, cast.cleaner)) == FULL
        assert Report.objects.visible_to(Viewer.of(cast.cleaner).standing).exists()

    def test_reads_nothing_that_they_filed(self, cast: Cast) -> None:
        cast.report(by=cast.manager, on_behalf_of=Caller("钱女士", "13700000009"))
        Membership.objects.filter(user=cast.manager).update(status="revoked")
        assert not Report.objects.visible_to(Viewer.of(cast.manager).standing).exists()
