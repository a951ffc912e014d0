"""`drafts/<id>` and `drafts/<id>/media/<id>`: what came through the chat, for its owner alone."""

from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.policies import person_of
from community_report.core.errors import NotFound
from reports.models import Draft
from reports.services.drafts import discard_draft, remove_from_draft

from .media import MediaOutput, show_media


class DraftCategory(serializers.Serializer):
    slug = serializers.CharField()
    name = serializers.CharField()


class DraftLocation(serializers.Serializer):
    latitude = serializers.FloatField()
    longitude = serializers.FloatField()
    name = serializers.CharField()


class DraftOutput(serializers.Serializer):
    id = serializers.UUIDField()
    category = DraftCategory(allow_null=True)
    title = serializers.CharField()
    description = serializers.CharField()
    location = DraftLocation(allow_null=True)
    media = MediaOutput(many=True)
    created_at = serializers.DateTimeField()


class DraftView(APIView):
    @extend_schema(responses=DraftOutput)
    def get(self, request: Request, pk: UUID) -> Response:
        own = Draft.objects.filter(pk=pk, owner=person_of(request), ended_at__isnull=True).select_related("category")
        draft = own.prefetch_related("attachments").first()
        if draft is None:
            raise NotFound(_("草稿不存在，可能已经提交"))
        return Response(show_draft(draft))

    @extend_schema(responses={204: None})
    def delete(self, request: Request, pk: UUID) -> Response:
        discard_draft(actor=person_of(request), draft_id=pk)
        return Response(status=204)


class DraftMediaView(APIView):
    @extend_schema(responses={204: None})
    def delete(self, request: Request, pk: UUID, attachment: UUID) -> Response:
        remove_from_draft(actor=person_of(request), draft_id=pk, attachment_id=attachment)
        return Response(status=204)


def show_draft(draft: Draft) -> dict[str, Any]:
    """A draft in the contract's shape."""
    location = {"latitude": draft.latitude, "longitude": draft.longitude, "name": draft.location_name}
    return {
        "id": str(draft.pk),
        "category": draft.category and {"slug": draft.category.slug, "name": draft.category.name},
        "title": draft.title,
        "description": draft.description,
        "location": location if draft.latitude is not None else None,
        "media": [show_media(attachment) for attachment in draft.attachments.all()],
        "created_at": serializers.DateTimeField().to_representation(draft.created_at),
    }
