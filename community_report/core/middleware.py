"""Middleware that knows no app: request ids in the log, and what no view can use."""

import uuid
from collections.abc import Callable

import structlog
from django.conf import settings
from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import get_resolver

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


class DeskPolicyMiddleware:
    """Another content security policy (`DESK_POLICY`) below /admin/, and nowhere else."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if request.path.startswith("/admin/"):
            vars(response)["_csp_replace"] = settings.DESK_POLICY
        return response


class RefuseNulMiddleware:
    """PostgreSQL cannot be asked for a NUL: a path with one is nobody's, a parameter or a cookie is a bad request."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if "\x00" in request.path:
            raise Http404
        said = [*request.COOKIES.values(), *(v for _k, values in request.GET.lists() for v in values)]
        if any("\x00" in text for text in said):
            # Not raised: Django would log a traceback for each, and anybody could fill the disk with them.
            refuse: Callable[..., HttpResponse] = get_resolver().resolve_error_handler(400)
            return refuse(request, BadRequest("NUL"))
        return self.get_response(request)
