"""Who the person behind a session is, in which language, and what is recorded of what they do."""

from collections.abc import Callable
from zoneinfo import ZoneInfo

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone, translation
from django.utils.functional import SimpleLazyObject

from .models import User
from .policies import clock_of, person_of, standing_of
from .services.recording import record_apart, visiting

Next = Callable[[HttpRequest], HttpResponse]


class PersonMiddleware:
    """Speaks the language that the person chose (before login, the cookie's or the browser's), and shows times on the
    clock of the person's community. Who has to do with communities in several zones sees the server's clock, unless a
    page is about one of them."""

    #: What people look at; programs are told the offset with every moment.
    SHOWN = ("/h5/", "/admin/")

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        vars(request)["standing"] = SimpleLazyObject(lambda: standing_of(person_of(request)))
        if settings.LANGUAGE_COOKIE_NAME not in request.COOKIES and request.user.is_authenticated:
            translation.activate(request.user.language)
            request.LANGUAGE_CODE = translation.get_language()
        with timezone.override(self._clock(request)):
            return self.get_response(request)

    def _clock(self, request: HttpRequest) -> ZoneInfo | None:
        shown = request.path.startswith(self.SHOWN)
        return clock_of(person_of(request)) if shown and request.user.is_authenticated else None


class RecordMiddleware:
    """Gives records their address, and sees to it that no change and no refusal goes without one."""

    #: Marks that a page sets by itself, and steps on the way to something that is recorded.
    UNRECORDED = ("/api/v1/inbox/read", "/api/v1/uploads", "/h5/inbox", "/wechat/", "/admin/jsi18n/")

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with visiting(request) as visit:
            response = self.get_response(request)
            if response.status_code == 403 or visit.refused:
                record_apart("refused", actor=_known(request), detail=" ".join(visit.refused))
            elif not visit.recorded and self._changes(request, response) and (actor := _known(request)):
                record_apart("request", actor=actor)
        return response

    def _changes(self, request: HttpRequest, response: HttpResponse) -> bool:
        safe = request.method in ("GET", "HEAD", "OPTIONS", "TRACE")
        return not safe and response.status_code < 400 and not request.path.startswith(self.UNRECORDED)


def _known(request: HttpRequest) -> User | None:
    user = getattr(request, "user", None)
    return user if isinstance(user, User) else None
