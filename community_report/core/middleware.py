"""Middleware that knows no app: request ids in the log, and a clear 503 while PostgreSQL is away."""

import uuid
from collections.abc import Callable

import structlog
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render

from .errors import error_body

log = structlog.get_logger(__name__)
Next = Callable[[HttpRequest], HttpResponse]


class RequestIdMiddleware:
    """Binds a request id to every log line of the request and answers with it."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request_id = uuid.uuid4().hex[:16]
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request_id)
        response = self.get_response(request)
        response["X-Request-Id"] = request_id
        return response


def unavailable(request: HttpRequest) -> HttpResponse:
    """503 with Retry-After, as JSON for the API and as a page for people; needs no database."""
    if request.path.startswith("/h5/") or request.path.startswith("/admin/"):
        response = render(request, "errors/503.html", status=503)
    else:
        response = JsonResponse(error_body(503), status=503)
    response["Retry-After"] = "5"
    return response


class UnavailableMiddleware:
    """PostgreSQL away or cut off in the middle is a 503, never a 500."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        try:
            return self.get_response(request)
        except (OperationalError, InterfaceError) as error:
            return self.answer(request, error)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if isinstance(error, (OperationalError, InterfaceError)):
            return self.answer(request, error)
        return None

    def answer(self, request: HttpRequest, error: Exception) -> HttpResponse:
        log.error("database_away", error=type(error).__name__, path=request.path)
        return unavailable(request)
