"""The OpenAPI schema of the whole API: valid, complete, and made without a guess."""

from typing import Any

import pytest
from django.test import Client
from drf_spectacular.drainage import GENERATOR_STATS
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.validation import validate_schema


@pytest.fixture
def schema() -> dict[str, Any]:
    GENERATOR_STATS.reset()
    return SchemaGenerator().get_schema(request=None, public=True)


def test_schema_is_valid_and_made_without_a_warning(schema: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> None:
    validate_schema(schema)
    assert capsys.readouterr().err == ""
    assert not GENERATOR_STATS


def test_schema_and_its_reader_are_served(client: Client, db: None) -> None:
    served = client.get("/api/schema")
    assert served.status_code == 200
    assert served["Content-Type"].startswith("application/vnd.oai.openapi")
    assert b"/api/v1/reports/{id}/claim" in served.content
    assert client.get("/api/docs").status_code == 200
