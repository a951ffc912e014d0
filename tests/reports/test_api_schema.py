"""The schema describes every call of the reports' API, and the answers are what it says."""

from collections.abc import Callable
from typing import Any

import pytest
from django.urls import include, path
from drf_spectacular.drainage import GENERATOR_STATS
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.settings import patched_settings
from drf_spectacular.validation import validate_schema
from jsonschema import Draft202012Validator

from accounts.models import User
from reports.models import Report
from reports.services import transitions
from reports.urls import api as routes
from tests.conftest import ApiClient
from tests.factories import Cast

Api = Callable[[User | None], ApiClient]


@pytest.fixture(scope="module")
def schema() -> dict[str, Any]:
    return made("3.1.0")  # whose schemas are JSON Schema as it is


def made(version: str) -> dict[str, Any]:
    with patched_settings({"OAS_VERSION": version}):
        generator = SchemaGenerator(patterns=[path("api/v1/", include(routes))])
        return generator.get_schema(request=None, public=True)


def test_schema_is_valid_and_made_without_a_warning(capsys: pytest.CaptureFixture[str]) -> None:
    GENERATOR_STATS.reset()
    validate_schema(made("3.0.3"))
    assert capsys.readouterr().err == ""
    assert not GENERATOR_STATS


def test_every_call_is_described(schema: dict[str, Any]) -> None:
    described = {(route, method) for route, calls in schema["paths"].items() for method in calls}
    verbs = (
        "claim ignore release progress resolve assign dismiss recategorize merge restore confirm reopen withdraw urge "
        "comment rate follow unfollow"
    )
    expected = {(f"/api/v1/reports/{{id}}/{verb}", "post") for verb in verbs.split()} | {
        ("/api/v1/reports", "get"), ("/api/v1/reports", "post"), ("/api/v1/reports/{id}", "get"),
        ("/api/v1/reports/similar", "get"), ("/api/v1/categories", "get"), ("/api/v1/stats", "get"),
    }  # fmt: skip
    assert expected <= described


def misfits(schema: dict[str, Any], component: str, answer: Any) -> list[str]:
    """Where an answer does not fit a component; a key that the component does not name is a misfit too."""
    closed = {
        name: {**part, "additionalProperties": False} if part.get("type") == "object" else part
        for name, part in schema["components"]["schemas"].items()
    }
    wanted = {"$ref": f"#/components/schemas/{component}", "components": {"schemas": closed}}
    return [error.message for error in Draft202012Validator(wanted).iter_errors(answer)]


class TestAnswersFit:
    @pytest.fixture
    def done(self, cast: Cast) -> Report:
        report = cast.report()
        transitions.follow_report(actor=cast.neighbour, report_id=report.pk)
        transitions.claim_report(actor=cast.cleaner, report_id=report.pk)
        transitions.resolve_report(actor=cast.cleaner, report_id=report.pk, note="好了")
        return transitions.confirm_report(actor=cast.resident, report_id=report.pk, score=5, comment="好")

    def test_report_and_glimpse(self, schema: dict[str, Any], done: Report, cast: Cast, api: Api) -> None:
        for person in (cast.resident, cast.cleaner, cast.manager):
            assert misfits(schema, "ReportOutput", api(person).get(f"reports/{done.pk}")[1]) == []
        assert misfits(schema, "GlimpseOutput", api(cast.neighbour).get(f"reports/{done.pk}")[1]) == []

    def test_lists(self, schema: dict[str, Any], done: Report, cast: Cast, api: Api) -> None:
        assert misfits(schema, "ReportPage", api(cast.resident).get("reports?limit=1")[1]) == []
        cast.report()
        assert misfits(schema, "SimilarPage", api(cast.neighbour).get("reports/similar?category=hygiene")[1]) == []
        for row in api(cast.resident).get("categories")[1]:
            assert misfits(schema, "CategoryOutput", row) == []

    def test_figures(self, schema: dict[str, Any], done: Report, cast: Cast, api: Api) -> None:
        assert misfits(schema, "FiguresOutput", api(cast.manager).get("stats")[1]) == []

    def test_errors(self, schema: dict[str, Any], done: Report, cast: Cast, api: Api) -> None:
        held = transitions.claim_report(actor=cast.cleaner, report_id=cast.report().pk)
        answers = [
            api(cast.cleaner2).post(f"reports/{held.pk}/claim"),
            api(cast.resident).post("reports", {}),
            api(None).get("reports"),
            api(cast.stranger).get("reports"),
        ]
        assert [status for status, _body in answers] == [409, 400, 401, 403]
        for _status, body in answers:
            assert misfits(schema, "ErrorOutput", body) == []
