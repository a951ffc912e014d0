"""/healthz: the process answers. /readyz: what it needs does. Both before the host check and the https redirect."""

from collections.abc import Callable

from django.db import Error, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse

from community_report.core import heartbeat, redis
from community_report.core.database import FIRST_SECONDS, patience

Next = Callable[[HttpRequest], HttpResponse]


def _database() -> bool:
    try:
        with patience(FIRST_SECONDS), connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except Error:
        return False
    return True


def _migrations() -> bool:
    try:
        executor = MigrationExecutor(connection)
        return not executor.migration_plan(executor.loader.graph.leaf_nodes())
    except Error:
        return False


def readiness() -> dict[str, bool]:
    """The parts and whether each is ready; a part that stands on an absent one is not."""
    database, store = _database(), redis.is_up()
    return {
        "database": database,
        "migrations": database and _migrations(),
        "redis": store,
        "worker": store and heartbeat.worker_is_alive(),
    }


class HealthMiddleware:
    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path == "/healthz":
            return JsonResponse({"status": "ok"})
        if request.path == "/readyz":
            parts = readiness()
            ready = all(parts.values())
            body = {"status": "ok" if ready else "unavailable", "parts": parts}
            return JsonResponse(body, status=200 if ready else 503)
        return self.get_response(request)
