"""Where a request comes from."""

from django.conf import settings
from django.http import HttpRequest
from rest_framework.request import Request


def address_of(request: HttpRequest | Request) -> str:
    """The caller's network address. With an https PUBLIC_BASE_URL a proxy ends TLS and appends what it saw."""
    forwarded = str(request.META.get("HTTP_X_FORWARDED_FOR", "")).split(",")[-1].strip()
    return forwarded if settings.HTTPS and forwarded else str(request.META.get("REMOTE_ADDR", ""))
