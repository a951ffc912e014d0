"""What every test may use: the cast, API clients, and a Redis of its own for each parallel worker."""

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import translation

from accounts.models import User
from community_report.core import redis
from community_report.wechat import client

from .factories import Cast
from .stage import cast_on_stage


@pytest.fixture(autouse=True)
def fresh_redis(settings: Any, worker_id: str) -> Iterator[None]:
    """Parallel workers share one Redis server, so each takes a logical database of its own, empty for every test."""
    number = 0 if worker_id == "master" else int(worker_id.removeprefix("gw")) + 1
    settings.REDIS_STORE_DB = 2 + number % 13
    redis.breaker.reset()
    redis.store().flushdb()
    client._client.cache_clear()  # it remembers the token for a moment, whatever Redis holds
    yield
    redis.breaker.reset()


@pytest.fixture(autouse=True)
def own_language(settings: Any) -> Iterator[None]:
    """A request of somebody's leaves their language behind in the thread."""
    with translation.override(settings.LANGUAGE_CODE):
        yield


@pytest.fixture(autouse=True)
def own_media(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = tmp_path / "media"


@pytest.fixture(autouse=True)
def no_list_of_static_files(settings: Any) -> None:
    """Every test client makes the middleware anew, which would read the whole folder of static files each time."""
    settings.WHITENOISE_AUTOREFRESH = True


@pytest.fixture(autouse=True)
def quick_passwords(settings: Any) -> None:
    """The real way of keeping passwords takes half a second of processor on purpose."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def cast(db: None) -> Cast:
    return cast_on_stage()


class ApiClient:
    """The JSON API as one person's phone speaks it: (status, body) for a path below /api/v1/."""

    def __init__(self, user: User | None) -> None:
        self.client = Client(enforce_csrf_checks=True)
        if user is not None:
            self.client.force_login(user, backend="accounts.auth.ManagerBackend")
        self.client.cookies["csrftoken"] = "c" * 32

    def request(self, method: str, path: str, data: Any = None, **extra: Any) -> tuple[int, Any]:
        kwargs: dict[str, Any] = {"HTTP_X_CSRFTOKEN": "c" * 32, **extra}
        if data is not None:
            kwargs |= {"data": json.dumps(data), "content_type": "application/json"}
        response = self.client.generic(method, "/api/v1/" + path, **kwargs)
        return response.status_code, json.loads(response.content) if response.content else None

    def get(self, path: str, **extra: Any) -> tuple[int, Any]:
        return self.request("GET", path, **extra)

    def post(self, path: str, data: Any = None, **extra: Any) -> tuple[int, Any]:
        return self.request("POST", path, {} if data is None else data, **extra)

    def patch(self, path: str, data: Any, **extra: Any) -> tuple[int, Any]:
        return self.request("PATCH", path, data, **extra)

    def delete(self, path: str, **extra: Any) -> tuple[int, Any]:
        return self.request("DELETE", path, **extra)


@pytest.fixture
def api() -> Callable[[User | None], ApiClient]:
    return ApiClient


def pytest_configure() -> None:
    os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")  # Playwright keeps a loop running in the browser tests
