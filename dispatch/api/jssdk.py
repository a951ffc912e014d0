"""`GET jssdk-config`: what `wx.config` needs on one of our own pages."""

from urllib.parse import urlsplit

import structlog
from django.conf import settings
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from community_report.core.errors import Invalid, Unavailable
from community_report.wechat import jssdk
from community_report.wechat.errors import WeChatError

log = structlog.get_logger(__name__)

MAX_LENGTH = 2000


#: The names are the JS-SDK's.
JssdkConfig = inline_serializer(
    "JssdkConfig",
    {
        "appId": serializers.CharField(),
        "timestamp": serializers.IntegerField(),
        "nonceStr": serializers.CharField(),
        "signature": serializers.CharField(),
    },
)


class JssdkConfigView(APIView):
    @extend_schema(parameters=[OpenApiParameter("url", str, required=True)], responses=JssdkConfig)
    def get(self, request: Request) -> Response:
        url = request.query_params.get("url", "").split("#", 1)[0]
        if not is_our_page(url):
            raise Invalid.field("url", _("只能为本站页面生成签名"))
        try:
            config = jssdk.config_for(url)
        except WeChatError as error:
            log.warning("jssdk_not_signed", error=str(error))
            raise Unavailable(_("微信暂时没有响应，请稍后再试")) from None
        return Response(config, headers={"Cache-Control": "no-store"})


def is_our_page(url: str) -> bool:
    """An address below PUBLIC_BASE_URL, as a browser would read it too."""
    if len(url) > MAX_LENGTH or not url.isprintable() or "\\" in url or " " in url:
        return False
    try:
        said, ours = urlsplit(url), urlsplit(settings.PUBLIC_BASE_URL)
    except ValueError:
        return False
    return (said.scheme, said.netloc) == (ours.scheme, ours.netloc) and said.path[:1] in ("", "/")
