"""Who the person behind a session is: their standing, read when asked for, and their language."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import translation
from django.utils.functional import SimpleLazyObject

from .policies import person_of, standing_of

Next = Callable[[HttpRequest], HttpResponse]


class PersonMiddleware:
    """Speaks the language that the person chose; before login, the cookie's or the browser's."""

    def __init__(self, get_response: Next) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        vars(request)["standing"] = SimpleLazyObject(lambda: standing_of(person_of(request)))
        if settings.LANGUAGE_COOKIE_NAME not in request.COOKIES and request.user.is_authenticated:
            translation.activate(request.user.language)
            request.LANGUAGE_CODE = translation.get_language()
        return self.get_response(request)
