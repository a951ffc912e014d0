"""Error answers outside the API: pages for people, JSON for programs, in the caller's language."""

import sys

import structlog
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render

from community_report.core.errors import error_body

log = structlog.get_logger(__name__)


def _answer(request: HttpRequest, status: int) -> HttpResponse:
    body = error_body(status)
    if request.path.startswith("/api/"):
        return JsonResponse(body, status=status)
    return render(request, "errors/error.html", {"error": body, "status": status}, status=status)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    return _answer(request, 403)


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return _answer(request, 400)


def permission_denied(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return _answer(request, 403)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return _answer(request, 404)


def server_error(request: HttpRequest) -> HttpResponse:
    """PostgreSQL away, or cut off in the middle, is a 503 with Retry-After; anything else is our fault."""
    error = sys.exc_info()[1]
    if not isinstance(error, OperationalError | InterfaceError):
        return _answer(request, 500)
    log.error("database_away", error=type(error).__name__, path=request.path)
    if request.path.startswith(("/h5/", "/admin/")):
        response = render(request, "errors/503.html", status=503)
    else:
        response = JsonResponse(error_body(503), status=503)
    response["Retry-After"] = "5"
    return response
