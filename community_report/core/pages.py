"""Lists on pages: one page of a queryset, and the address of the next."""

from typing import TypeVar

from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest
from rest_framework.request import Request

from .api import page
from .errors import Invalid

M = TypeVar("M", bound=Model)


def page_of(
    request: HttpRequest, queryset: QuerySet[M], *, by: str = "created_at", ascending: bool = False
) -> tuple[list[M], str]:
    """One page, newest first (`?cursor=`, `?limit=`), and the query string of the next, empty at the end.

    `ascending`: the earliest first, for what is due.

    A cursor that is none is a 404: it came from an address that we never made.
    """
    try:
        rows, cursor = page(Request(request), queryset, by=by, ascending=ascending)
    except Invalid:
        raise Http404 from None
    if not cursor:
        return rows, ""
    following = request.GET.copy()
    following["cursor"] = cursor
    return rows, following.urlencode()
