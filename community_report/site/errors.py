"""Error answers outside the API: pages for people, JSON for programs, in the caller's language."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render

from community_report.core.errors import error_body


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
    return _answer(request, 500)
