"""Where a request comes from."""

from django.http import HttpRequest
from rest_framework.request import Request


def address_of(request: HttpRequest | Request) -> str:
    """The caller's network address; behind a proxy that FORWARDED_ALLOW_IPS trusts, the web server puts it there."""
    return str(request.META.get("REMOTE_ADDR", ""))
