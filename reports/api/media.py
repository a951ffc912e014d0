"""Media in the API: how a caller names them, and how they are shown."""

from collections.abc import Sequence
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from community_report.core.errors import Invalid
from reports.media import media_url, thumbnail_url
from reports.models import Attachment
from reports.services.attachments import MediaItem, clean_media


class MediaItemInput(serializers.Serializer):
    """One picture or voice message: exactly one of `media_id` (WeChat's) and `upload_id` (from `POST uploads`)."""

    kind = serializers.ChoiceField(choices=Attachment.Kind.choices)
    media_id = serializers.CharField(required=False, max_length=200)
    upload_id = serializers.UUIDField(required=False)
    duration = serializers.FloatField(required=False, allow_null=True, help_text="seconds")
    transcript = serializers.CharField(required=False, allow_blank=True, max_length=2000)


class MediaOutput(serializers.Serializer):
    """A picture or voice message; `url` is null until it is stored."""

    id = serializers.UUIDField()
    kind = serializers.ChoiceField(choices=Attachment.Kind.choices)
    status = serializers.ChoiceField(choices=Attachment.Status.choices)
    url = serializers.CharField(allow_null=True)
    thumbnail_url = serializers.CharField(allow_null=True)
    duration = serializers.FloatField(allow_null=True, help_text="seconds")
    transcript = serializers.CharField()


@extend_schema_field(MediaItemInput(many=True))
class MediaField(serializers.Field):
    """`media` of a request: a list of `MediaItem` after validation, empty when left out or null."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"required": False, "default": list, "allow_null": True, **options})

    def validate_empty_values(self, data: Any) -> tuple[bool, Any]:
        return (True, []) if data is None else super().validate_empty_values(data)

    def to_internal_value(self, data: Any) -> list[MediaItem]:
        try:
            return clean_media(data)
        except Invalid as error:
            raise serializers.ValidationError(error.detail) from None

    def to_representation(self, value: Sequence[Attachment]) -> list[dict[str, Any]]:
        return [show_media(attachment) for attachment in value]


def show_media(attachment: Attachment) -> dict[str, Any]:
    """One item of `media` in the contract's shape."""
    return {
        "id": str(attachment.pk),
        "kind": attachment.kind,
        "status": attachment.status,
        "url": media_url(attachment),
        "thumbnail_url": thumbnail_url(attachment),
        "duration": attachment.duration,
        "transcript": attachment.transcript,
    }
