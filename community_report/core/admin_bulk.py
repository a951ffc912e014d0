"""The back office: a deed done to many rows of a list, one by one, after a page that says what it means."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from django.contrib import messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db.models import Model
from django.http import HttpRequest
from django.utils.translation import gettext

from . import admin_refused
from .errors import DomainError

#: By a model's label: what an app above has to say before a deed is done to rows of it, (deed, rows) → words or "".
CONSEQUENCES: defaultdict[str, list[Callable[[str, Sequence[Any]], str]]] = defaultdict(list)


def refuses_many(page: Any, request: HttpRequest, rows: Sequence[Any], most: int) -> bool:
    """True, and said, where more are chosen than one looks through; `rows` are at most one more than `most`."""
    if len(rows) <= most:
        return False
    page.message_user(request, gettext("一次最多 %(n)d 条") % {"n": most}, messages.ERROR)
    return True


def asking(page: Any, request: HttpRequest, title: Any, **more: Any) -> dict[str, Any]:
    """What `templates/admin/desk/ask.html` needs; `more` adds to it, or says otherwise."""
    return {
        **page.admin_site.each_context(request),
        "title": title,
        "opts": page.opts,
        "checkbox": ACTION_CHECKBOX_NAME,
        "back": request.get_full_path(),
        **more,
    }


def consequences(model: type[Model], deed: str, rows: Sequence[Any]) -> list[str]:
    return [words for say in CONSEQUENCES[model._meta.label] if (words := say(deed, rows))]


def do_each(
    page: Any, request: HttpRequest, rows: Iterable[Any], act: Callable[[Any], object], called: Callable[[Any], Any]
) -> None:
    """Does it to each, and says how many went through and why the others did not; `called` names a row."""
    done = 0
    for row in rows:
        try:
            act(row)
            done += 1
        except DomainError as refused:
            admin_refused.say(request, refused, called(row), messages.WARNING)
    if done:
        page.message_user(request, gettext("已处理 %(n)d 条") % {"n": done}, messages.SUCCESS)
