"""`GET reports`, `GET reports/<id>`, `similar`, `categories`: who is shown what."""

import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import Membership, User
from reports.models import Category, Report, Tag
from reports.services import transitions
from reports.services.submit import Location
from tests.conftest import ApiClient
from tests.factories import Cast, bind, make_home, make_person, role_of

Api = Callable[[User | None], ApiClient]


def ids(answer: tuple[int, Any]) -> list[str]:
    status, body = answer
    assert status == 200, body
    return [row["id"] for row in body["results"]]


def pks(*reports: Report) -> list[str]:
    return [str(report.pk) for report in reports]


class TestScopes:
    def test_mine_is_the_default_and_newest_first(self, cast: Cast, api: Api) -> None:
        one, two = cast.report(), cast.report("repair")
        cast.report(by=cast.neighbour)
        assert ids(api(cast.resident).get("reports")) == pks(two, one)
        assert ids(api(cast.resident).get("reports?scope=mine")) == pks(two, one)

    def test_items_have_no_events(self, cast: Cast, api: Api) -> None:
        cast.report()
        _status, body = api(cast.resident).get("reports")
        assert "events" not in body["results"][0]
        assert body["results"][0]["allowed_actions"] == ["withdraw", "urge", "comment"]
        assert body["next"] is None

    def test_staff_have_open_claimed_and_done(self, cast: Cast, api: Api) -> None:
        waiting, held, done = cast.report(), cast.report(), cast.report()
        cast.report("repair")
        for report in (held, done):
            transitions.claim_report(actor=cast.cleaner, report_id=report.pk)
        transitions.resolve_report(actor=cast.cleaner, report_id=done.pk, note="好了")
        staff = api(cast.cleaner)
        assert ids(staff.get("reports?scope=open")) == pks(waiting)
        assert ids(staff.get("reports?scope=claimed")) == pks(held)
        assert ids(staff.get("reports?scope=done")) == pks(done)
        assert ids(api(cast.cleaner2).get("reports?scope=claimed")) == []

    def test_all_is_the_managers(self, cast: Cast, api: Api) -> None:
        one, two = cast.report(), cast.report("repair", by=cast.neighbour)
        assert ids(api(cast.manager).get("reports?scope=all")) == pks(two, one)
        assert ids(api(cast.other_manager).get("reports?scope=all")) == []

    def test_board_is_what_is_public(self, cast: Cast, api: Api) -> None:
        post = cast.report("lost", location=Location(1, 2))
        gone = cast.report("lost")
        cast.report()
        transitions.withdraw_report(actor=cast.resident, report_id=gone.pk)
        status, body = api(cast.neighbour).get("reports?scope=board")
        assert (status, [row["id"] for row in body["results"]]) == (200, pks(post))
        assert (body["results"][0]["reporter"], body["results"][0]["location"]) == (None, None)

    @pytest.mark.parametrize(
        ("who", "scope"),
        [("resident", "open"), ("resident", "claimed"), ("resident", "done"), ("resident", "all"), ("cleaner", "all"),
         ("manager", "open")],
    )  # fmt: skip
    def test_of_others_is_403(self, who: str, scope: str, cast: Cast, api: Api) -> None:
        status, body = api(getattr(cast, who)).get(f"reports?scope={scope}")
        assert (status, body["code"]) == (403, "permission_denied")

    @pytest.mark.parametrize("scope", ["mine", "open", "board", "all"])
    def test_stranger_is_not_bound(self, scope: str, cast: Cast, api: Api) -> None:
        status, body = api(cast.stranger).get(f"reports?scope={scope}")
        assert (status, body["code"]) == (403, "not_bound")

    def test_anonymous_is_401(self, cast: Cast, api: Api) -> None:
        assert api(None).get("reports")[0] == 401

    def test_a_removed_person_loses_the_lists_at_once(self, cast: Cast, api: Api) -> None:
        cast.report()
        staff = api(cast.cleaner)
        assert len(ids(staff.get("reports?scope=open"))) == 1
        Membership.objects.filter(user=cast.cleaner).update(status="revoked")
        assert staff.get("reports?scope=open")[0] == 403


class TestFilters:
    @pytest.fixture
    def two(self, cast: Cast) -> tuple[Report, Report]:
        """One in hygiene of 6幢, one in repair of 9幢, claimed."""
        make_home(cast.community, "9幢")
        first = cast.report(title="垃圾未清理", description="有异味", address="6幢4层")
        second = cast.report("repair", title="Pipe 100% leaking", description="水_管", address="9幢大厅")
        transitions.claim_report(actor=cast.plumber, report_id=second.pk)
        return first, second

    @pytest.mark.parametrize(
        ("query", "found"),
        [
            ("status=submitted", [0]),
            ("status=claimed,submitted", [1, 0]),
            ("status=claimed&status=submitted", [1, 0]),
            ("category=repair", [1]),
            ("category=repair,hygiene", [1, 0]),
            ("tag=cleaning", [0]),
            ("building=9幢", [1]),
            ("overdue=true", []),
            ("overdue=false", [1, 0]),
            ("q=垃圾", [0]),
            ("q=异味", [0]),
            ("q=pIPE", [1]),
            ("q=9幢", [1]),
            ("q=清理 异味", [0]),
            ("q=清理 水", []),
            ("q=100%25", [1]),
            ("q=%25", [1]),
            ("q=水_管", [1]),
            ("q=水%管", []),
            ("q='; DROP TABLE reports_report;--", []),
            ("category=repair&status=submitted", []),
            ("community=fuchen&status=&category=&q=", [1, 0]),
            ("_=1700000000", [1, 0]),
        ],
    )
    def test_narrow(self, query: str, found: list[int], two: tuple[Report, Report], cast: Cast, api: Api) -> None:
        assert ids(api(cast.manager).get(f"reports?scope=all&{query}")) == pks(*(two[i] for i in found))

    def test_number_is_searched(self, two: tuple[Report, Report], cast: Cast, api: Api) -> None:
        assert ids(api(cast.resident).get(f"reports?q={two[0].number}")) == pks(two[0])

    def test_overdue(self, two: tuple[Report, Report], cast: Cast, api: Api) -> None:
        Report.objects.filter(pk=two[0].pk).update(due_at=timezone.now() - timedelta(minutes=1))
        manager = api(cast.manager)
        assert ids(manager.get("reports?scope=all&overdue=1")) == pks(two[0])
        assert ids(manager.get("reports?scope=all&overdue=0")) == pks(two[1])

    def test_since_and_until(self, two: tuple[Report, Report], cast: Cast, api: Api) -> None:
        Report.objects.filter(pk=two[0].pk).update(created_at="2026-03-05T23:30:00+08:00")
        resident = api(cast.resident)
        assert ids(resident.get("reports?since=2026-03-05&until=2026-03-05")) == pks(two[0])
        assert ids(resident.get("reports?since=2026-03-06&until=2026-03-07")) == []
        assert ids(resident.get("reports?until=2026-03-04")) == []
        assert ids(resident.get("reports?until=2026-03-05T23:30:00%2B08:00")) == []
        assert ids(resident.get("reports?until=2026-03-05T23:30:01+08:00")) == pks(two[0])
        assert ids(resident.get("reports?since=2026-03-05T15:30:00Z&until=2026-03-05T15:30:01Z")) == pks(two[0])

    @pytest.mark.parametrize(
        ("query", "field"),
        [
            ("scope=everything", "scope"), ("status=lost", "status"), ("status=submitted,lost", "status"),
            ("category=nothing", "category"), ("category=a.b", "category"), ("tag=nothing", "tag"),
            ("building=99幢", "building"), ("overdue=maybe", "overdue"), ("since=yesterday", "since"),
            ("since=2026-02-30", "since"), ("until=9999-12-31", "until"), ("until=0001-01-01", "until"),
            ("since=2026-03-05T25:00:00Z", "since"), ("q=" + "x" * 101, "q"),
            ("limit=0", "limit"), ("limit=101", "limit"), ("limit=x", "limit"), ("limit=00000000101", "limit"),
            ("limit=" + "1" * 5000, "limit"), ("cursor=abc", "cursor"), ("cursor=%F0%9F%8F%A0", "cursor"),
            ("reporter__phone=139", "reporter__phone"), ("status__in=submitted", "status__in"),
            ("ordering=reporter__openid", "ordering"),
        ],
    )  # fmt: skip
    def test_rubbish_is_400_and_named(self, query: str, field: str, cast: Cast, api: Api) -> None:
        path = f"reports?{query}" if query.startswith("scope") else f"reports?scope=all&{query}"
        status, body = api(cast.manager).get(path)
        assert (status, body["code"], list(body["fields"])) == (400, "invalid", [field])

    @pytest.mark.parametrize("community", ["other", "nowhere"])
    def test_foreign_community_is_not_bound(self, community: str, cast: Cast, api: Api) -> None:
        status, body = api(cast.manager).get(f"reports?scope=all&community={community}")
        assert (status, body["code"]) == (403, "not_bound")

    def test_foreign_category_is_unknown(self, cast: Cast, api: Api) -> None:
        Category.objects.create(community=cast.other_community, slug="pool", name="泳池")
        assert api(cast.manager).get("reports?scope=all&category=pool")[0] == 400

    def test_community_narrows_for_who_has_two(self, cast: Cast, api: Api) -> None:
        bind(cast.manager, role_of(cast.other_community, "manager"))
        report = cast.report()
        manager = api(cast.manager)
        assert ids(manager.get("reports?scope=all&community=fuchen")) == pks(report)
        assert ids(manager.get("reports?scope=all&community=other")) == []

    def test_board_is_not_searched_by_hidden_addresses(self, cast: Cast, api: Api) -> None:
        post = cast.report("lost", title="钥匙", address="")
        assert ids(api(cast.neighbour).get("reports?scope=board&q=401")) == []
        assert ids(api(cast.neighbour).get("reports?scope=board&q=钥匙")) == pks(post)


class TestPaging:
    def test_walks_through_everything_once(self, cast: Cast, api: Api) -> None:
        filed = pks(*(cast.report() for _ in range(7)))
        Report.objects.update(created_at=timezone.now())  # all at the same moment: the id decides
        client, found, cursor = api(cast.resident), [], ""
        for expected in (3, 3, 1):
            status, body = client.get(f"reports?limit=3&cursor={cursor}")
            assert (status, len(body["results"])) == (200, expected)
            found += [row["id"] for row in body["results"]]
            cursor = body["next"] or ""
        assert cursor == ""
        assert sorted(found) == sorted(filed)

    def test_what_is_filed_meanwhile_moves_nothing(self, cast: Cast, api: Api) -> None:
        first, second, third = (cast.report() for _ in range(3))
        client = api(cast.resident)
        _status, page = client.get("reports?limit=2")
        cast.report()
        assert [row["id"] for row in page["results"]] == pks(third, second)
        assert ids(client.get(f"reports?limit=2&cursor={page['next']}")) == pks(first)

    @pytest.mark.parametrize("number", [3, 30])
    def test_queries_do_not_grow(
        self, number: int, cast: Cast, api: Api, django_assert_num_queries: Callable[[int], Any]
    ) -> None:
        for _ in range(number):
            report = cast.report()
            transitions.claim_report(actor=cast.cleaner, report_id=report.pk)
        client = api(cast.manager)
        # session, person, standing (3), reports, tags, their roles, media
        with django_assert_num_queries(9):
            assert len(ids(client.get("reports?scope=all&limit=100"))) == number

    def test_queries_of_one_report_do_not_grow(
        self, cast: Cast, api: Api, django_assert_max_num_queries: Callable[[int], Any]
    ) -> None:
        report = cast.report()
        transitions.claim_report(actor=cast.cleaner, report_id=report.pk)
        for step in range(10):
            transitions.add_progress(actor=cast.cleaner, report_id=report.pk, note=f"第 {step} 步")
        client = api(cast.resident)
        with django_assert_max_num_queries(13):
            assert len(client.get(f"reports/{report.pk}")[1]["events"]) == 12


class TestOne:
    def test_readers_read_it(self, cast: Cast, api: Api) -> None:
        report = cast.report()
        for person in (cast.resident, cast.cleaner, cast.cleaner2, cast.manager):
            status, body = api(person).get(f"reports/{report.pk}")
            assert (status, body["number"]) == (200, report.number)

    def test_nobody_else_knows_of_it(self, cast: Cast, api: Api) -> None:
        report = cast.report()
        for person in (cast.neighbour, cast.plumber, cast.other_manager, cast.stranger):
            status, body = api(person).get(f"reports/{report.pk}")
            assert (status, body["code"]) == (404, "not_found")
        assert api(cast.neighbour).get(f"reports/{uuid.uuid4()}")[1]["detail"] == body["detail"]

    def test_staff_still_read_it_after_another_claimed_and_closed_it(self, cast: Cast, api: Api) -> None:
        report = cast.report()
        transitions.ignore_report(actor=cast.cleaner2, report_id=report.pk)
        transitions.claim_report(actor=cast.cleaner, report_id=report.pk)
        transitions.resolve_report(actor=cast.cleaner, report_id=report.pk, note="好了")
        transitions.confirm_report(actor=cast.resident, report_id=report.pk, score=5)
        assert api(cast.cleaner2).get(f"reports/{report.pk}")[0] == 200

    def test_anonymous_is_401(self, cast: Cast, api: Api) -> None:
        assert api(None).get(f"reports/{cast.report().pk}")[0] == 401

    def test_writing_to_it_is_405(self, cast: Cast, api: Api) -> None:
        report = cast.report()
        assert api(cast.resident).patch(f"reports/{report.pk}", {"status": "closed"})[0] == 405
        assert api(cast.resident).delete(f"reports/{report.pk}")[0] == 405


class TestSimilar:
    def test_shows_no_more_than_it_must(self, cast: Cast, api: Api) -> None:
        report = cast.report(title="电梯坏了")
        status, body = api(cast.neighbour).get("reports/similar?category=hygiene")
        assert (status, body) == (
            200,
            {
                "results": [
                    {
                        "id": str(report.pk),
                        "number": report.number,
                        "category": {"slug": "hygiene", "name": "卫生保洁"},
                        "title": "电梯坏了",
                        "building": "6幢",
                        "status": "submitted",
                    }
                ],
                "next": None,
            },
        )

    @pytest.mark.parametrize(
        ("query", "found"),
        [
            ("category=hygiene", [0]), ("category=repair", [1]), ("building=9幢", [1]), ("q=电梯", [0]),
            ("q=6幢电梯又坏了怎么办", [0]), ("q=水管在漏", [1]), ("q=广场舞太吵", []), ("category=repair&q=电梯", []),
            ("category=repair&building=6幢", []), ("", []), ("category=nothing", []),
        ],
    )  # fmt: skip
    def test_narrows(self, query: str, found: list[int], cast: Cast, api: Api) -> None:
        make_home(cast.community, "9幢")
        reports = [
            cast.report(title="电梯坏了", description="", address="6幢"),
            cast.report("repair", title="漏水", description="厨房水管在漏水", address="9幢"),
        ]
        assert ids(api(cast.neighbour).get(f"reports/similar?{query}")) == pks(*(reports[i] for i in found))

    def test_done_is_not_similar(self, cast: Cast, api: Api) -> None:
        report = cast.report()
        transitions.dismiss_report(actor=cast.manager, report_id=report.pk, reason="不属实")
        assert ids(api(cast.neighbour).get("reports/similar?category=hygiene")) == []

    def test_ten_at_most_newest_first(self, cast: Cast, api: Api) -> None:
        reports = [cast.report(title="垃圾") for _ in range(12)]
        expected = pks(*reversed(reports[2:]))
        assert ids(api(cast.neighbour).get("reports/similar?category=hygiene")) == expected
        assert len(ids(api(cast.neighbour).get("reports/similar?q=垃圾"))) == 10

    def test_stays_in_the_community(self, cast: Cast, api: Api) -> None:
        cast.report()
        elsewhere = make_person("外人", "13900000012")
        bind(elsewhere, role_of(cast.other_community, "resident"))
        assert ids(api(elsewhere).get("reports/similar?category=hygiene")) == []
        assert api(elsewhere).get("reports/similar?category=hygiene&community=fuchen")[0] == 403
        assert api(cast.stranger).get("reports/similar?category=hygiene")[1]["code"] == "not_bound"


class TestCategories:
    def test_is_a_plain_array_in_the_communitys_order(self, cast: Cast, api: Api) -> None:
        Category.objects.filter(community=cast.community, slug="hygiene").update(position=1)
        Category.objects.create(community=cast.community, slug="old", name="旧", active=False)
        status, body = api(cast.resident).get("categories?community=fuchen")
        assert status == 200
        assert [row["slug"] for row in body] == ["repair", "hygiene", "lost"]
        assert body[1] == {
            "slug": "hygiene",
            "name": "卫生保洁",
            "tags": [{"slug": "cleaning", "name": "卫生清理"}],
            "public": False,
            "claimable": True,
        }

    def test_the_only_community_need_not_be_named(self, cast: Cast, api: Api) -> None:
        assert api(cast.resident).get("categories")[0] == 200
        bind(cast.resident, role_of(cast.other_community, "resident"))
        status, body = api(cast.resident).get("categories")
        assert (status, list(body["fields"])) == (400, ["community"])

    @pytest.mark.parametrize("community", ["other", "nowhere"])
    def test_is_for_members(self, community: str, cast: Cast, api: Api) -> None:
        for person in (cast.resident, cast.stranger):
            status, body = api(person).get(f"categories?community={community}")
            assert (status, body["code"]) == (403, "not_bound")

    def test_anonymous_is_401(self, cast: Cast, api: Api) -> None:
        assert api(None).get("categories?community=fuchen")[0] == 401


def test_two_tags_that_lead_to_one_person_list_it_once(cast: Cast, api: Api) -> None:
    report = cast.report()
    extra = Tag.objects.create(community=cast.community, slug="stairs", name="楼道")
    extra.roles.add(role_of(cast.community, "cleaner"))
    report.tags.add(extra)
    assert ids(api(cast.cleaner).get("reports?scope=open")) == pks(report)
