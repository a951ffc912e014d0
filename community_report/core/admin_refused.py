"""What the back office refuses is said to who asked, and told to who records it: the answer itself is a page as any."""

from typing import Any

from django.contrib import messages
from django.dispatch import Signal
from django.forms import BaseForm, Select
from django.http import HttpRequest

from .errors import DomainError

#: refused(request, code) – somebody was kept from something; `code` as in `DomainError`.
refused = Signal()

#: What is typed wrongly or too large is no refusal, and neither is what is away.
_NO_REFUSALS = (400, 413, 415, 503)
#: What a form says where somebody names a row that is not theirs to choose.
FOREIGN = "foreign"


def tell(request: HttpRequest, code: str) -> None:
    refused.send(sender=None, request=request, code=code)


def tell_error(request: HttpRequest, error: DomainError) -> None:
    if error.status not in _NO_REFUSALS:
        tell(request, error.code)


def say(request: HttpRequest, error: DomainError, about: Any = None, level: int = messages.ERROR) -> None:
    """The service's words as a message, after what they are about."""
    tell_error(request, error)
    messages.add_message(request, level, error.detail if about is None else f"{about}: {error.detail}")


def tell_foreign(request: HttpRequest, form: BaseForm) -> None:
    """Was something chosen in this form that is not offered to who sent it?"""
    for name, found in form.errors.as_data().items():
        chosen = name in form.fields and isinstance(_plain(form.fields[name].widget), Select)
        if any(error.code == FOREIGN or (chosen and error.code == "invalid_choice") for error in found):
            tell(request, "not_found")
            return


def _plain(widget: Any) -> Any:
    """Without the admin's wrapper with its buttons."""
    return getattr(widget, "widget", widget)
