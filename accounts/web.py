"""What pages need of a person: a session by WeChat's OAuth, wherever the page is opened."""

from collections.abc import Callable
from functools import wraps
from posixpath import normpath
from urllib.parse import unquote, urlencode, urlsplit

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import ensure_csrf_cookie

from community_report.core.errors import DomainError

View = Callable[..., HttpResponseBase]

HOME = "/h5/"
START = "/wechat/oauth/start"
MAX_NEXT = 1000


def safe_next(wanted: str | None) -> str:
    """`wanted` where it is a path of ours that a login may lead to, else the home page."""
    if not wanted or len(wanted) > MAX_NEXT or not wanted.startswith("/"):
        return HOME
    if not wanted.isprintable() or not url_has_allowed_host_and_scheme(wanted, allowed_hosts=None):
        return HOME
    # Browsers resolve "..", also percent-encoded; the login must not lead to itself.
    path = normpath(unquote(urlsplit(wanted).path))
    return HOME if path.startswith(("//", "/wechat")) else wanted


def start_address(next_: str) -> str:
    """Where a phone goes to log in and come back to `next_`."""
    return f"{START}?{urlencode({'next': next_})}"


def person_required(view: View) -> View:
    """For every page below /h5/: without a session it goes to the login by itself, and comes back.

    The page sets the `csrftoken` cookie that the API wants, and is never kept by a cache. NotFound, Forbidden and
    NotBound of services and policies become the error pages.
    """

    @wraps(view)
    def page(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return to_login(request)
        try:
            return view(request, *args, **kwargs)
        except DomainError as refusal:
            if refusal.status == 404:
                raise Http404 from refusal
            if refusal.status == 403:
                raise PermissionDenied(refusal.detail) from refusal
            raise

    return never_cache(ensure_csrf_cookie(page))


def to_login(request: HttpRequest) -> HttpResponse:
    """To the login and back to this very page; what was being posted cannot come back, so that goes home."""
    wanted = request.get_full_path() if request.method in ("GET", "HEAD") else HOME
    return HttpResponseRedirect(start_address(safe_next(wanted)))
