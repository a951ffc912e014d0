"""/healthz, /readyz, /metrics, the schema, and what is said while something is away."""

from types import SimpleNamespace
from typing import Any

import pytest
from django.db import OperationalError
from django.test import Client

from community_report.core import heartbeat, redis
from tests.factories import Cast


def test_alive_without_host_or_session() -> None:
    answer = Client().get("/healthz", HTTP_HOST="not.allowed.example")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


def test_ready_when_every_part_is(db: None) -> None:
    assert Client().get("/readyz").json()["parts"]["worker"] is False
    heartbeat.write_heartbeat()
    answer = Client().get("/readyz", HTTP_HOST="not.allowed.example")
    parts = {"database": True, "migrations": True, "redis": True, "worker": True}
    assert (answer.status_code, answer.json()) == (200, {"status": "ok", "parts": parts})


def test_one_slow_answer_of_redis_does_not_make_it_unready(db: None) -> None:
    heartbeat.write_heartbeat()
    redis.breaker.trip()
    assert Client().get("/readyz").status_code == 200


def test_a_worker_beats_past_the_breaker(db: None) -> None:
    redis.breaker.trip()
    heartbeat.write_heartbeat()
    redis.breaker.reset()
    assert heartbeat.worker_is_alive()


def test_the_fleet_is_as_large_as_its_workers_say(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, size in (("one", 4), ("other", 2)):
        monkeypatch.setitem(heartbeat._own, "worker", SimpleNamespace(concurrency=size))
        heartbeat.write_heartbeat(SimpleNamespace(eventer=SimpleNamespace(hostname=name)))
    assert heartbeat.processes() == 6


def test_not_ready_without_redis(db: None, settings: Any) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1"
    answer = Client().get("/readyz")
    assert answer.status_code == 503
    assert (answer.json()["parts"]["redis"], answer.json()["parts"]["database"]) == (False, True)


def test_https_is_redirected_but_not_the_health(settings: Any) -> None:
    settings.SECURE_SSL_REDIRECT = True
    assert Client().get("/h5/").status_code == 301
    assert Client().get("/healthz").status_code == 200


def test_a_strangers_host_is_refused(settings: Any, db: None) -> None:
    settings.ALLOWED_HOSTS = ["report.example.com"]
    assert Client().get("/h5/", HTTP_HOST="evil.example").status_code == 400


@pytest.mark.parametrize("path", ["/api/v1/me", "/h5/", "/admin/"])
def test_while_postgresql_is_away_the_answer_is_503_with_a_time(
    cast: Cast, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    client = Client(raise_request_exception=False)
    client.force_login(cast.resident, backend="accounts.auth.ManagerBackend")

    def away(*_: Any, **__: Any) -> None:
        raise OperationalError("server closed the connection")

    monkeypatch.setattr("django.contrib.sessions.backends.db.SessionStore.load", away)
    answer = client.get(path)
    assert answer.status_code == 503
    assert int(answer["Retry-After"]) > 0


def test_figures_are_for_this_machine_only(cast: Cast) -> None:
    cast.report()
    text = Client().get("/metrics").content.decode()
    assert 'community_report_reports{status="submitted"} 1.0' in text
    assert "community_report_worker_alive 0.0" in text
    assert Client().get("/metrics", HTTP_X_FORWARDED_FOR="203.0.113.9").status_code == 404
    assert Client().get("/metrics", REMOTE_ADDR="203.0.113.9").status_code == 404


def test_the_schema_and_its_page_open(db: None) -> None:
    assert b"/api/v1/reports" in Client().get("/api/schema").content
    page = Client().get("/api/docs").content.decode()
    assert "cdn" not in page.lower()


def test_the_front_door_leads_to_the_pages() -> None:
    answer = Client().get("/")
    assert (answer.status_code, answer["Location"]) == (302, "/h5/")


def test_an_unknown_address_is_the_contracts_error_below_api(db: None) -> None:
    answer = Client().get("/api/v1/nothing")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert Client().get("/h5/nothing").status_code == 404
