"""`GET inbox`, `POST inbox/read`: every message to this person, whatever WeChat did with it."""

from typing import Any

from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.policies import person_of
from community_report.core.api import page
from community_report.core.errors import Invalid
from dispatch.kinds import Kind
from dispatch.models import Delivery
from dispatch.services.reading import mark_read, with_words
from dispatch.wording import retold

MOST_AT_ONCE = 500
_YES, _NO = ("1", "true", "True"), ("0", "false", "False", "")


class MessageOutput(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    kind = serializers.ChoiceField(choices=Kind.choices)
    text = serializers.CharField()
    url = serializers.CharField(help_text="the page it leads to, a path")
    created_at = serializers.DateTimeField()
    read_at = serializers.DateTimeField(allow_null=True)


class InboxOutput(serializers.Serializer[Any]):
    results = MessageOutput(many=True)
    next = serializers.CharField(allow_null=True)


class ReadInput(serializers.Serializer[Any]):
    ids = serializers.ListField(child=serializers.UUIDField(), max_length=MOST_AT_ONCE)


class ReadOutput(serializers.Serializer[Any]):
    read = serializers.IntegerField(help_text="how many of them had been unread")


class InboxView(APIView):
    @extend_schema(parameters=[OpenApiParameter("unread", bool)], responses=InboxOutput)
    def get(self, request: Request) -> Response:
        messages = with_words(Delivery.objects.filter(user=person_of(request)))
        unread = request.query_params.get("unread", "")
        if unread not in (*_YES, *_NO):
            raise Invalid.field("unread", _("应为 true 或 false"))
        if unread in _YES:
            messages = messages.filter(read_at=None)
        rows, cursor = page(request, messages)
        return Response({"results": [message_shape(row) for row in rows], "next": cursor})


class InboxReadView(APIView):
    @extend_schema(request=ReadInput, responses=ReadOutput)
    def post(self, request: Request) -> Response:
        data = ReadInput(data=request.data)
        data.is_valid(raise_exception=True)
        return Response({"read": mark_read(actor=person_of(request), ids=data.validated_data["ids"])})


def message_shape(row: Delivery) -> dict[str, Any]:
    return {
        "id": str(row.pk),
        "kind": row.kind,
        "text": retold(row.text, row.outbox),
        "url": row.path,
        "created_at": row.created_at,
        "read_at": row.read_at,
    }
