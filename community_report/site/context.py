"""What every page's template is given."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest


def page(request: HttpRequest) -> dict[str, Any]:
    """`jssdk_url`: WeChat's script, loaded by pages that use it."""
    return {"jssdk_url": settings.WECHAT_JSSDK_URL}
