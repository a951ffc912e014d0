"""Error answers outside the API: pages for people, JSON for programs, in the caller's language."""

import sys
from collections.abc import Callable

import structlog
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from community_report.core.errors import error_body

log = structlog.get_logger(__name__)


#: What stands on the page's tab; of anything else it is worth trying again.
TITLES = {400: gettext_lazy("请求有误"), 403: gettext_lazy("没有权限"), 404: gettext_lazy("没有找到")}
AGAIN = gettext_lazy("请稍后再试")


def _answer(request: HttpRequest, status: int, sentence: str = "") -> HttpResponse:
    """`sentence`: what to do before trying again, where that helps."""
    body = error_body(status)
    if sentence:
        body["detail"] = sentence
    if request.path.startswith("/api/"):
        return JsonResponse(body, status=status)
    context = {
        "error": body,
        "status": status,
        "title": AGAIN if sentence else TITLES.get(status, AGAIN),
        "desk": request.path.startswith("/admin/"),
    }
    return render(request, "errors/error.html", context, status=status)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Mostly a form that stood open while its person logged in anew elsewhere."""
    sentence = _("这一页打开太久了，请返回上一页，刷新后再提交")
    return _answer(request, 403, sentence)


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return _answer(request, 400)


def permission_denied(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return _answer(request, 403)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return _answer(request, 404)


def server_error(request: HttpRequest) -> HttpResponse:
    """PostgreSQL away, or cut off in the middle, is a 503; anything else is our fault."""
    error = sys.exc_info()[1]
    return unavailable(request, error) if _is_away(error) else _answer(request, 500)


def _is_away(error: BaseException | None) -> bool:
    return isinstance(error, OperationalError | InterfaceError)


def unavailable(request: HttpRequest, error: BaseException | None) -> HttpResponse:
    """503 with Retry-After: a page for people, JSON for programs; neither needs the database."""
    log.error("database_away", error=type(error).__name__, path=request.path)
    if request.path.startswith(("/h5/", "/admin/")):
        response = render(request, "errors/503.html", status=503)
    else:
        response = JsonResponse(error_body(503), status=503)
    response["Retry-After"] = "5"
    return response


class UnavailableMiddleware:
    """A view that loses PostgreSQL answers 503 without a fault's noise; middleware that does, by `server_error`."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        return unavailable(request, error) if _is_away(error) else None
