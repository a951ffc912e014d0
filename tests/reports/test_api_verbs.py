"""`POST reports/<id>/<verb>` in its details: what it answers, writes, and says when refused."""

import json
import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import User
from reports.models import Attachment, Claim, Ignore, Report, ReportEvent
from reports.services import transitions
from reports.services.uploads import store_upload
from tests.conftest import ApiClient
from tests.factories import Cast

Api = Callable[[User | None], ApiClient]
NOBODY = "00000000-0000-4000-8000-000000000000"


@pytest.fixture
def report(cast: Cast) -> Report:
    return cast.report()


@pytest.fixture
def claimed(cast: Cast, report: Report) -> Report:
    return transitions.claim_report(actor=cast.cleaner, report_id=report.pk)


@pytest.fixture
def resolved(cast: Cast, claimed: Report) -> Report:
    return transitions.resolve_report(actor=cast.cleaner, report_id=claimed.pk, note="好了")


def kinds(report: Report) -> list[str]:
    return list(ReportEvent.objects.filter(report=report).values_list("kind", flat=True))


VERBS = [
    "claim",
    "ignore",
    "release",
    "progress",
    "resolve",
    "assign",
    "dismiss",
    "recategorize",
    "merge",
    "restore",
    "confirm",
    "reopen",
    "withdraw",
    "urge",
    "comment",
    "rate",
    "follow",
    "unfollow",
]


@pytest.mark.parametrize("verb", VERBS)
class TestEveryVerb:
    def test_anonymous_is_401(self, verb: str, report: Report, api: Api) -> None:
        status, body = api(None).post(f"reports/{report.pk}/{verb}")
        assert (status, body["code"]) == (401, "not_authenticated")

    def test_unknown_report_is_404(self, verb: str, cast: Cast, api: Api) -> None:
        status, body = api(cast.manager).post(
            f"reports/{uuid.uuid4()}/{verb}", {"score": 5, "reason": "x", "note": "x"}
        )
        assert (status, body["code"]) == (404, "not_found")

    def test_other_community_is_404(self, verb: str, cast: Cast, report: Report, api: Api) -> None:
        status, body = api(cast.other_manager).post(f"reports/{report.pk}/{verb}")
        assert (status, body["code"]) == (404, "not_found")

    def test_only_post_is_known(self, verb: str, cast: Cast, report: Report, api: Api) -> None:
        assert api(cast.manager).get(f"reports/{report.pk}/{verb}")[0] == 405

    def test_without_csrf_it_is_403(self, verb: str, cast: Cast, report: Report, api: Api) -> None:
        status, body = api(cast.manager).post(f"reports/{report.pk}/{verb}", HTTP_X_CSRFTOKEN="forged" * 6)
        assert (status, body["code"]) == (403, "permission_denied")
        assert kinds(report) == ["submitted"]


def test_no_such_id_is_404_in_json(cast: Cast, api: Api) -> None:
    for path in ("reports/1", "reports/1/claim", "reports/not-an-id/claim", f"reports/{uuid.uuid4()}/explode"):
        status, body = api(cast.cleaner).post(path)
        assert (status, body["code"]) == (404, "not_found")


class TestClaim:
    def test_answers_the_report_as_the_claimant_sees_it(self, cast: Cast, report: Report, api: Api) -> None:
        status, body = api(cast.cleaner).post(f"reports/{report.pk}/claim")
        assert status == 200
        assert body["status"] == "claimed"
        assert body["claimed_by"] == {"id": str(cast.cleaner.pk), "display_name": "张师傅"}
        assert body["reporter"]["phone"] == "13900000001"
        assert body["events"][-1]["actor"] == {"display_name": "张师傅", "role": "cleaner"}

    def test_loser_is_told_who_won_and_when(self, cast: Cast, claimed: Report, api: Api) -> None:
        status, body = api(cast.cleaner2).post(f"reports/{claimed.pk}/claim")
        assert (status, body["code"]) == (409, "already_claimed")
        assert body["claimed_by"] == {"display_name": "张师傅"}
        assert datetime.fromisoformat(body["claimed_at"]) == claimed.claimed_at
        assert "张师傅" in body["detail"]
        _status, seen = api(cast.cleaner2).get(f"reports/{claimed.pk}")
        assert seen["claimed_at"] == body["claimed_at"]

    def test_again_is_200_and_changes_nothing(self, cast: Cast, claimed: Report, api: Api) -> None:
        status, body = api(cast.cleaner).post(f"reports/{claimed.pk}/claim")
        assert (status, body["claimed_at"]) == (200, claimed.claimed_at and claimed.claimed_at.isoformat())
        assert kinds(claimed) == ["submitted", "claim"]
        assert Claim.objects.count() == 1

    def test_too_late_is_wrong_state(self, cast: Cast, resolved: Report, api: Api) -> None:
        for colleague in (cast.cleaner, cast.cleaner2):
            status, body = api(colleague).post(f"reports/{resolved.pk}/claim")
            assert (status, body["code"]) == (409, "wrong_state")

    def test_resident_may_not(self, cast: Cast, report: Report, api: Api) -> None:
        status, body = api(cast.resident).post(f"reports/{report.pk}/claim")
        assert (status, body["code"]) == (403, "permission_denied")
        assert not Claim.objects.exists()


class TestIgnore:
    def test_hides_it_from_the_open_list(self, cast: Cast, report: Report, api: Api) -> None:
        staff = api(cast.cleaner)
        status, body = staff.post(f"reports/{report.pk}/ignore", {"reason": "不在班"})
        assert (status, body["allowed_actions"]) == (200, ["claim"])
        assert staff.get("reports?scope=open")[1]["results"] == []
        assert staff.get(f"reports/{report.pk}")[0] == 200
        assert len(api(cast.cleaner2).get("reports?scope=open")[1]["results"]) == 1

    def test_twice_is_409(self, cast: Cast, report: Report, api: Api) -> None:
        api(cast.cleaner).post(f"reports/{report.pk}/ignore")
        assert api(cast.cleaner).post(f"reports/{report.pk}/ignore")[0] == 409
        assert Ignore.objects.count() == 1


class TestRelease:
    def test_gives_it_back_with_a_reason(self, cast: Cast, claimed: Report, api: Api) -> None:
        status, body = api(cast.cleaner).post(f"reports/{claimed.pk}/release", {"reason": "需要水电工"})
        assert (status, body["status"], body["claimed_by"], body["claimed_at"]) == (200, "submitted", None, None)
        assert body["events"][-1]["note"] == "需要水电工"

    @pytest.mark.parametrize("body", [{}, {"reason": ""}, {"reason": "  "}, {"reason": None}, {"reason": "x" * 2001}])
    def test_needs_a_reason(self, body: dict[str, Any], cast: Cast, claimed: Report, api: Api) -> None:
        status, answer = api(cast.cleaner).post(f"reports/{claimed.pk}/release", body)
        assert (status, answer["code"], list(answer["fields"])) == (400, "invalid", ["reason"])
        assert kinds(claimed) == ["submitted", "claim"]

    def test_who_may_is_asked_before_what_is_missing(self, cast: Cast, claimed: Report, api: Api) -> None:
        assert api(cast.cleaner2).post(f"reports/{claimed.pk}/release")[0] == 403
        assert api(cast.plumber).post(f"reports/{claimed.pk}/release")[0] == 404

    def test_who_lost_it_is_told_who_has_it(self, cast: Cast, claimed: Report, api: Api) -> None:
        transitions.assign_report(actor=cast.manager, report_id=claimed.pk, user_id=cast.cleaner2.pk)
        status, body = api(cast.cleaner).post(f"reports/{claimed.pk}/release", {"reason": "太忙"})
        assert (status, body["code"], body["claimed_by"]) == (409, "already_claimed", {"display_name": "赵师傅"})


@pytest.mark.parametrize(("verb", "after"), [("progress", "claimed"), ("resolve", "resolved")])
class TestProgressAndResolve:
    def test_take_words(self, verb: str, after: str, cast: Cast, claimed: Report, api: Api) -> None:
        status, body = api(cast.cleaner).post(f"reports/{claimed.pk}/{verb}", {"note": " 已清理 "})
        assert (status, body["status"], body["events"][-1]["note"]) == (200, after, "已清理")

    def test_take_media_alone(self, verb: str, after: str, cast: Cast, claimed: Report, api: Api) -> None:
        media = [{"kind": "image", "media_id": "m1"}, {"kind": "voice", "media_id": "m2", "duration": 4}]
        status, body = api(cast.cleaner).post(f"reports/{claimed.pk}/{verb}", {"media": media})
        assert (status, body["status"]) == (200, after)
        assert [item["kind"] for item in body["events"][-1]["media"]] == ["image", "voice"]
        assert Attachment.objects.filter(event__kind=verb, status="pending").count() == 2

    @pytest.mark.parametrize("body", [{}, {"note": " "}, {"note": "", "media": []}])
    def test_need_something(
        self, verb: str, after: str, body: dict[str, Any], cast: Cast, claimed: Report, api: Api
    ) -> None:
        status, answer = api(cast.cleaner).post(f"reports/{claimed.pk}/{verb}", body)
        assert (status, list(answer["fields"])) == (400, ["note"])

    @pytest.mark.parametrize(
        "media",
        ["m1", {"kind": "image"}, [{"kind": "film", "media_id": "m"}], [{"kind": "image"}], [{"kind": "image"}, 5],
         [{"kind": "image", "media_id": "m"}] * 10, [{"kind": "voice", "media_id": "m", "duration": 10**400}]],
    )  # fmt: skip
    def test_refuse_odd_media(self, verb: str, after: str, media: Any, cast: Cast, claimed: Report, api: Api) -> None:
        status, answer = api(cast.cleaner).post(f"reports/{claimed.pk}/{verb}", {"note": "x", "media": media})
        assert (status, list(answer["fields"])) == (400, ["media"])
        assert kinds(claimed) == ["submitted", "claim"]

    def test_sent_again_after_a_lost_answer(self, verb: str, after: str, cast: Cast, claimed: Report, api: Api) -> None:
        upload = store_upload(actor=cast.cleaner, kind="image", size=4, chunks=[b"data"])
        words = {"note": "已清理", "media": [{"kind": "image", "upload_id": str(upload.pk)}]}
        answers = [api(cast.cleaner).post(f"reports/{claimed.pk}/{verb}", words) for _ in range(2)]
        assert [status for status, _body in answers] == [200, 200 if verb == "progress" else 409]
        assert kinds(claimed) == ["submitted", "claim", verb]
        if verb == "progress":  # other pictures are another step
            media = [{"kind": "image", "media_id": "m1"}]
            api(cast.cleaner).post(f"reports/{claimed.pk}/progress", {"note": "已清理", "media": media})
            assert kinds(claimed) == ["submitted", "claim", verb, verb]

    def test_are_the_claimants(self, verb: str, after: str, cast: Cast, claimed: Report, api: Api) -> None:
        for person in (cast.cleaner2, cast.manager, cast.resident):
            assert api(person).post(f"reports/{claimed.pk}/{verb}", {"note": "x"})[0] == 403


class TestAssign:
    def test_gives_it_to_somebody(self, cast: Cast, report: Report, api: Api) -> None:
        status, body = api(cast.manager).post(f"reports/{report.pk}/assign", {"user": str(cast.plumber.pk)})
        assert (status, body["claimed_by"]["display_name"]) == (200, "孙师傅")
        assert body["events"][-1]["actor"] == {"display_name": "陈经理", "role": "manager"}
        assert api(cast.plumber).get(f"reports/{report.pk}")[1]["allowed_actions"] == [
            "claim", "release", "progress", "resolve"
        ]  # fmt: skip

    def test_takes_it_from_who_holds_it(self, cast: Cast, claimed: Report, api: Api) -> None:
        status, body = api(cast.manager).post(f"reports/{claimed.pk}/assign", {"user": str(cast.cleaner2.pk)})
        assert (status, body["events"][-1]["from"], body["events"][-1]["to"]) == (200, "claimed", "claimed")
        assert list(Claim.objects.filter(ended_at=None).values_list("staff", flat=True)) == [cast.cleaner2.pk]

    def test_to_who_holds_it_is_409(self, cast: Cast, claimed: Report, api: Api) -> None:
        assert api(cast.manager).post(f"reports/{claimed.pk}/assign", {"user": str(cast.cleaner.pk)})[0] == 409

    @pytest.mark.parametrize("user", [None, "", "nobody", 7, NOBODY, "resident", "missing"])
    def test_needs_staff_of_the_community(self, user: Any, cast: Cast, report: Report, api: Api) -> None:
        body = {"user": str(cast.resident.pk) if user == "resident" else user}
        status, answer = api(cast.manager).post(f"reports/{report.pk}/assign", {} if user == "missing" else body)
        assert (status, list(answer["fields"])) == (400, ["user"])


class TestDismissAndRestore:
    def test_go_and_come_back(self, cast: Cast, claimed: Report, api: Api) -> None:
        manager = api(cast.manager)
        assert manager.post(f"reports/{claimed.pk}/dismiss", {"reason": "不属实"})[1]["status"] == "dismissed"
        status, body = manager.post(f"reports/{claimed.pk}/restore", {"reason": "弄错了"})
        assert (status, body["status"], body["claimed_by"]) == (200, "submitted", None)
        assert Claim.objects.get().outcome == "dismissed"

    def test_need_reasons(self, cast: Cast, report: Report, api: Api) -> None:
        manager = api(cast.manager)
        assert manager.post(f"reports/{report.pk}/dismiss")[1]["fields"].keys() == {"reason"}
        transitions.dismiss_report(actor=cast.manager, report_id=report.pk, reason="不属实")
        assert manager.post(f"reports/{report.pk}/restore")[1]["fields"].keys() == {"reason"}


class TestRecategorize:
    def test_brings_the_new_tags(self, cast: Cast, report: Report, api: Api) -> None:
        body = {"category": "repair", "reason": "是漏水"}
        status, answer = api(cast.manager).post(f"reports/{report.pk}/recategorize", body)
        assert (status, answer["category"]["slug"]) == (200, "repair")
        assert answer["tags"] == [{"slug": "leak", "name": "漏水"}]
        assert api(cast.plumber).get(f"reports/{report.pk}")[0] == 200
        assert api(cast.cleaner).get(f"reports/{report.pk}")[0] == 404

    @pytest.mark.parametrize("category", ["hygiene", "nothing", "", None, 3, ["repair"]])
    def test_needs_another_category(self, category: Any, cast: Cast, report: Report, api: Api) -> None:
        body = {"category": category, "reason": "是漏水"}
        status, answer = api(cast.manager).post(f"reports/{report.pk}/recategorize", body)
        assert (status, list(answer["fields"])) == (400, ["category"])


class TestMerge:
    def test_brings_the_reporter_along(self, cast: Cast, report: Report, api: Api) -> None:
        other = cast.report(by=cast.neighbour)
        status, body = api(cast.manager).post(f"reports/{other.pk}/merge", {"into": str(report.pk)})
        assert (status, body["status"]) == (200, "merged")
        status, glimpse = api(cast.neighbour).get(f"reports/{report.pk}")
        assert (status, glimpse["following"], glimpse["followers"]) == (200, True, 1)
        assert {"description", "reporter", "media"}.isdisjoint(glimpse)
        assert api(cast.neighbour).get(f"reports/{other.pk}")[1]["description"] != ""

    def test_into_itself_or_nothing_is_400(self, cast: Cast, report: Report, api: Api) -> None:
        for into in (str(report.pk), str(uuid.uuid4()), "x", None):
            status, answer = api(cast.manager).post(f"reports/{report.pk}/merge", {"into": into})
            assert (status, list(answer["fields"])) == (400, ["into"])
        assert api(cast.manager).post(f"reports/{report.pk}/merge")[0] == 400

    def test_into_what_is_done_is_409(self, cast: Cast, report: Report, api: Api) -> None:
        done = transitions.withdraw_report(actor=cast.resident, report_id=cast.report().pk)
        assert api(cast.manager).post(f"reports/{report.pk}/merge", {"into": str(done.pk)})[0] == 409


class TestConfirm:
    def test_closes_and_rates(self, cast: Cast, resolved: Report, api: Api) -> None:
        status, body = api(cast.resident).post(f"reports/{resolved.pk}/confirm", {"score": 5, "comment": "很快"})
        assert (status, body["status"], body["rating"]) == (200, "closed", {"score": 5, "comment": "很快"})

    @pytest.mark.parametrize("score", [0, 6, -1, 2.5, "5", True, None, [5], 10**400])
    def test_needs_one_to_five(self, score: Any, cast: Cast, resolved: Report, api: Api) -> None:
        status, answer = api(cast.resident).post(f"reports/{resolved.pk}/confirm", {"score": score})
        assert (status, list(answer["fields"])) == (400, ["score"])
        assert Report.objects.get(pk=resolved.pk).status == "resolved"

    def test_twice_is_409(self, cast: Cast, resolved: Report, api: Api) -> None:
        api(cast.resident).post(f"reports/{resolved.pk}/confirm", {"score": 5})
        status, body = api(cast.resident).post(f"reports/{resolved.pk}/confirm", {"score": 1})
        assert (status, body["code"]) == (409, "wrong_state")
        assert Report.objects.get(pk=resolved.pk).rating.score == 5


class TestReopen:
    def test_goes_to_the_same_person(self, cast: Cast, resolved: Report, api: Api) -> None:
        body = {"reason": "还是脏", "media": [{"kind": "image", "media_id": "m1"}]}
        status, answer = api(cast.resident).post(f"reports/{resolved.pk}/reopen", body)
        assert (status, answer["status"], answer["claimed_by"]["display_name"]) == (200, "claimed", "张师傅")
        assert len(answer["events"][-1]["media"]) == 1

    def test_needs_a_reason_or_a_voice(self, cast: Cast, resolved: Report, api: Api) -> None:
        assert api(cast.resident).post(f"reports/{resolved.pk}/reopen")[1]["fields"].keys() == {"reason"}
        said = {"media": [{"kind": "voice", "media_id": "v1", "duration": 4}]}
        assert api(cast.resident).post(f"reports/{resolved.pk}/reopen", said)[0] == 200


class TestUrge:
    def test_waits_half_an_hour(self, cast: Cast, report: Report, api: Api) -> None:
        resident = api(cast.resident)
        status, body = resident.post(f"reports/{report.pk}/urge")
        assert status == 200
        assert "urge" not in body["allowed_actions"]
        status, body = resident.post(f"reports/{report.pk}/urge")
        assert (status, body["code"]) == (429, "throttled")
        Report.objects.filter(pk=report.pk).update(urged_at=timezone.now() - timedelta(minutes=31))
        assert resident.post(f"reports/{report.pk}/urge")[0] == 200

    def test_waits_for_nothing_without_limits(self, cast: Cast, report: Report, api: Api, settings: Any) -> None:
        settings.THROTTLE_SCALE = 0
        resident = api(cast.resident)
        assert "urge" in resident.post(f"reports/{report.pk}/urge")[1]["allowed_actions"]
        assert resident.post(f"reports/{report.pk}/urge")[0] == 200

    def test_says_when_to_come_back(self, cast: Cast, report: Report, api: Api) -> None:
        client = api(cast.resident)
        client.post(f"reports/{report.pk}/urge")
        response = client.client.post(
            f"/api/v1/reports/{report.pk}/urge", HTTP_X_CSRFTOKEN="c" * 32, content_type="application/json"
        )
        assert 1700 < int(response["Retry-After"]) <= 1801
        assert set(json.loads(response.content)) == {"code", "detail"}


class TestFollow:
    def test_neighbour_gets_a_glimpse(self, cast: Cast, report: Report, api: Api) -> None:
        neighbour = api(cast.neighbour)
        assert neighbour.get(f"reports/{report.pk}")[0] == 404
        status, body = neighbour.post(f"reports/{report.pk}/follow")
        assert (status, body["following"], body["followers"]) == (200, True, 1)
        assert "description" not in body
        assert neighbour.get(f"reports/{report.pk}")[0] == 200

    def test_after_unfollowing_it_is_unknown_again(self, cast: Cast, report: Report, api: Api) -> None:
        neighbour = api(cast.neighbour)
        neighbour.post(f"reports/{report.pk}/follow")
        status, body = neighbour.post(f"reports/{report.pk}/unfollow")
        assert (status, body["following"], body["followers"]) == (200, False, 0)
        assert "description" not in body
        assert neighbour.get(f"reports/{report.pk}")[0] == 404

    def test_of_a_public_report_shows_it_whole(self, cast: Cast, api: Api) -> None:
        post = cast.report("lost")
        status, body = api(cast.neighbour).post(f"reports/{post.pk}/follow")
        assert (status, body["following"], body["reporter"]) == (200, True, None)
        assert body["description"] != ""

    def test_writes_no_event(self, cast: Cast, report: Report, api: Api) -> None:
        api(cast.neighbour).post(f"reports/{report.pk}/follow")
        assert kinds(report) == ["submitted"]


class TestCommentWithdrawRate:
    def test_reporter_adds_something(self, cast: Cast, claimed: Report, api: Api) -> None:
        status, body = api(cast.resident).post(f"reports/{claimed.pk}/comment", {"note": "门禁 1234"})
        assert (status, body["events"][-1]["kind"], body["events"][-1]["note"]) == (200, "comment", "门禁 1234")
        api(cast.resident).post(f"reports/{claimed.pk}/comment", {"note": "门禁 1234"})  # the answer was lost
        assert kinds(claimed) == ["submitted", "claim", "comment"]

    def test_withdrawing_needs_no_reason(self, cast: Cast, report: Report, api: Api) -> None:
        status, body = api(cast.resident).post(f"reports/{report.pk}/withdraw")
        assert (status, body["status"], body["allowed_actions"]) == (200, "withdrawn", [])

    def test_withdrawing_what_is_claimed_is_409(self, cast: Cast, claimed: Report, api: Api) -> None:
        status, body = api(cast.resident).post(f"reports/{claimed.pk}/withdraw")
        assert (status, body["code"], body["claimed_by"]) == (409, "already_claimed", {"display_name": "张师傅"})

    def test_rating_before_the_end_is_409(self, cast: Cast, resolved: Report, api: Api) -> None:
        status, body = api(cast.resident).post(f"reports/{resolved.pk}/rate", {"score": 5})
        assert (status, body["code"]) == (409, "wrong_state")
